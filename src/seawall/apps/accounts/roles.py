"""The roles of roles.yaml: sets of permissions with titles. Read once; a role nobody defined allows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.utils.translation import get_language

from seawall.engine.yaml import load

FILE = Path(__file__).with_name("roles.yaml")
ADMIN = "admin"


class RolesError(Exception):
    """roles.yaml contradicts itself."""


@dataclass(frozen=True)
class Titled:
    """Something with a name in both languages."""

    key: str
    title: Mapping[str, str]

    def __str__(self) -> str:
        return self.title["en" if (get_language() or "").startswith("en") else "zh"]


@dataclass(frozen=True)
class Permission(Titled):
    """One thing a person may be allowed to do, like `cases.assign`."""


@dataclass(frozen=True)
class Role(Titled):
    """A set of permissions. `scoped`: every assignment must name a scope and an end; `four_eyes`: a second person
    must agree to an assignment; `second_factor`: whoever holds it signs in with two factors."""

    permissions: frozenset[str]
    scoped: bool = False
    four_eyes: bool = False
    second_factor: bool = True


@dataclass(frozen=True)
class Catalog:
    """All permissions and roles by key. `session_only`: permissions that no API token carries."""

    permissions: Mapping[str, Permission]
    roles: Mapping[str, Role]
    session_only: frozenset[str] = frozenset()


@cache
def catalog() -> Catalog:
    """What roles.yaml says."""
    return read_catalog(load(FILE.read_bytes(), FILE.name).data)


def read_catalog(data: Mapping[str, Any]) -> Catalog:
    """Check and freeze the file's content. RolesError names what is wrong."""
    permissions = {}
    for area, names in data["permissions"].items():
        for name, title in names.items():
            key = f"{area}.{name}"
            permissions[key] = Permission(key, _title(key, title))
    roles = {}
    for key, fields in data["roles"].items():
        granted = frozenset(fields["permissions"])
        unknown = sorted(granted - permissions.keys())
        if unknown:
            raise RolesError(f"role {key}: no such permission: {', '.join(unknown)}; list it under permissions")
        flags = {name: fields[name] for name in ("scoped", "four_eyes", "second_factor") if name in fields}
        roles[key] = Role(key, _title(key, fields["title"]), granted, **flags)
    nobody = sorted(permissions.keys() - frozenset().union(*(role.permissions for role in roles.values())))
    if nobody:
        raise RolesError(f"permissions that no role holds: {', '.join(nobody)}; grant them or remove them")
    named = frozenset(data.get("session_only", ()))
    if named - permissions.keys():
        raise RolesError(f"session_only: no such permission: {', '.join(sorted(named - permissions.keys()))}")
    second = {key for key in permissions if key.endswith(".approve")}  # the second pair of eyes is a person's
    return Catalog(MappingProxyType(permissions), MappingProxyType(roles), named | second)


def role_title(key: str) -> str:
    """The title of a role in the language of the moment; an unknown key shows as itself."""
    role = catalog().roles.get(key)
    return str(role) if role else key


def _title(key: str, title: Any) -> Mapping[str, str]:
    if not (isinstance(title, dict) and title.keys() == {"zh", "en"} and all(title.values())):
        raise RolesError(f"{key}: the title must be {{zh: …, en: …}}")
    return MappingProxyType(title)
