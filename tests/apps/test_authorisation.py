"""Who may reach which address: the matrix in authorisation.yaml, written by hand, against every address and role."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import marked
from seawall.apps.accounts.roles import catalog

MATRIX: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("authorisation.yaml").read_text("utf-8"))
NOBODY = "nobody"  # signed in, without a role
ANONYMOUS = "anonymous"
_VALUES = {UUIDConverter: str(uuid.UUID(int=7 << 76)), IntConverter: "1"}


def patterns(resolver: URLResolver | None = None, names: str = "", path: str = "") -> Iterator[tuple[str, str, Any]]:
    """(name, path, view) of every address; parameters are filled with ids of nothing."""
    for one in (resolver or get_resolver()).url_patterns:
        route = path + _filled(one)
        if isinstance(one, URLResolver):
            yield from patterns(one, f"{names}{one.namespace}:" if one.namespace else names, route)
        elif isinstance(one, URLPattern):
            yield f"{names}{one.name}", route, one.callback


def _filled(one: URLPattern | URLResolver) -> str:
    route = str(one.pattern)
    for name, converter in one.pattern.converters.items():
        for written in (f"<{type(converter).__name__.removesuffix('Converter').lower()}:{name}>", f"<{name}>"):
            route = route.replace(written, _VALUES.get(type(converter), "x"))
    return route


PAGES = {
    name: (f"/{path}", view) for name, path, view in patterns() if not name.startswith("api:") or name == "api:openapi"
}


def operations() -> dict[str, Any]:
    from seawall.server.control.api import operations

    return {f"{method} {path}": function for method, path, function in operations()}


def test_every_address_stands_in_the_matrix() -> None:
    assert sorted(MATRIX["pages"]) == sorted(PAGES)
    assert sorted(MATRIX["api"]) == sorted(operations())


def test_every_address_is_marked_as_the_matrix_says() -> None:
    for name, (_, view) in PAGES.items():
        access = marked(view)
        assert access is not None, f"{name} bears no mark"
        assert (access.public, access.permission == "") == (
            MATRIX["pages"][name] == "public", MATRIX["pages"][name] in ("public", "signed in"),
        ), name  # fmt: skip
    for name, function in operations().items():
        access = marked(function)
        assert access is not None, f"{name} bears no mark"
        assert access.permission, f"{name} asks for no permission"


def test_the_matrix_names_roles_that_exist() -> None:
    for who in [*MATRIX["pages"].values(), *MATRIX["api"].values()]:
        assert who in ("public", "signed in") or set(who) <= set(catalog().roles)


def allowed(who: Any, role: str) -> bool:
    if who == "public":
        return True
    return role != ANONYMOUS if who == "signed in" else role in who


def refused(client: Client, method: str, path: str) -> bool:
    """Whether a person is kept out. What is let in may still be 404, 405 or 422: nothing has those ids."""
    answer = client.generic(method, path, "{}" if path.startswith("/api/") else "", content_type="application/json")
    if answer.status_code == 302:
        return bool(answer["Location"].startswith("/sign-in/?"))
    return answer.status_code in (401, 403)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [ANONYMOUS, NOBODY, *catalog().roles])
def test_who_may_reach_what(role: str, make_user: Callable[..., User], settings: Any) -> None:
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    make_user("somebody")  # so that this is not the first run
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = None if role == ANONYMOUS else make_user("asker", *([] if role == NOBODY else [role]))
    if user:
        user.set_password("an unusual long one")
        user.save()
    wrong = []
    for name, (path, _) in PAGES.items():
        for method in ("GET", "POST"):
            client = Client()
            if user:
                client.force_login(user)
            if allowed(MATRIX["pages"][name], role) == refused(client, method, path) and name not in MATRIX["ways"]:
                wrong.append(f"{method} {name}")
    for name in operations():
        method, path = name.split()
        client = Client()
        if user:
            client.force_login(user)
        for converter, value in (("{user_id}", _VALUES[UUIDConverter]), ("{request_id}", _VALUES[UUIDConverter]),
                                 ("{assignment_id}", _VALUES[UUIDConverter]), ("{index}", "1")):  # fmt: skip
            path = path.replace(converter, value)
        if allowed(MATRIX["api"][name], role) == refused(client, method, f"/api/v1{path}"):
            wrong.append(name)
    assert wrong == []


@pytest.mark.django_db
def test_an_unmarked_view_is_refused_to_everybody(signed_in: Callable[..., Client], settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.apps.unmarked"
    client = signed_in(*[key for key in catalog().roles if key != "examiner"], name="mighty")
    assert client.get("/forgotten/").status_code == 403
    assert client.get("/remembered/").status_code == 200
