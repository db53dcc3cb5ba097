"""Django over a temporary home, once a process. The environment is put back: other tests keep their own home."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone, translation

from seawall.server.control import set_up
from seawall.server.home import HOME

_kept = tempfile.TemporaryDirectory(prefix="seawall-tests-")
_before = os.environ.get(HOME)
set_up(Path(_kept.name))
if _before is None:
    os.environ.pop(HOME)
else:
    os.environ[HOME] = _before

if TYPE_CHECKING:
    from django.test import Client

    from seawall.apps.accounts.models import User

EXAMINED = {"cases": ["c-1"]}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts outside requests."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def ledger_file(settings: Any, tmp_path: Path) -> Path:
    """A ledger of its own for each test."""
    settings.LEDGER_FILE = tmp_path / "ledger.db"
    return tmp_path / "ledger.db"


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """`make_user("ada", "admin", "analyst")`: a person with roles, without a password."""
    from seawall.apps.accounts.models import Assignment, User
    from seawall.apps.accounts.roles import catalog

    def make(name: str, *roles: str, **fields: Any) -> User:
        user = User(username=name, language="en", **fields)
        user.set_unusable_password()
        user.save()
        for key in roles:
            role = catalog().roles[key]
            until = timezone.now() + timedelta(days=1) if role.scoped else None
            scope = EXAMINED if role.scoped else {}
            Assignment.objects.create(user=user, role=key, valid_until=until, scope=scope)
        return user

    return make


@pytest.fixture
def signed_in(client: Client, make_user: Callable[..., User], settings: Any) -> Callable[..., Client]:
    """`signed_in("analyst")`: a browser of somebody with these roles, second factor not asked for."""
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})

    def sign(*roles: str, name: str = "") -> Client:
        client.force_login(make_user(name or "_".join(roles) or "nobody", *roles))
        return client

    return sign
