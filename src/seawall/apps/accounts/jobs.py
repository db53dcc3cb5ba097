"""What the accounts room gives to others' mechanisms: its kind of four-eyes request; clearing of old rows."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts import services
from seawall.apps.accounts.roles import role_title
from seawall.apps.approvals.kinds import Kind, register

_LABELS = {"role": _("Role"), "roles": _("Roles held"), "scope": _("Scope"), "from": _("From"), "until": _("Until")}


def describe(key: str, value: Any) -> tuple[str, str]:
    """One field of a request for a role, for people."""
    if key == "role":
        text = role_title(str(value))
    elif key == "roles":
        text = ", ".join(role_title(role) for role in value or [])
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value else ""
    return str(_LABELS.get(key, key)), text


register(
    Kind(
        services.ASSIGN, _("Role assignment"), services.MANAGE, "users.approve", services.execute_assignment,
        describe=describe,
    )
)  # fmt: skip


def clear_sessions() -> None:
    """Remove sessions that have run out. Daily."""
    SessionStore.clear_expired()
