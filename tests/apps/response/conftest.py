"""A live home behind the control plane, made once and copied, whose decision API is called directly."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.apps.decisions.home import Live, card, transfer


class DirectApi:
    """The decision API without the wire; troubles come as told. `through`: list entries really go to the home's service
    (which takes seconds), else they are kept in `asked` alone."""

    def __init__(self, live: Live) -> None:
        self.live, self.through = live, False
        self.troubles: list[Exception] = []
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.troubles:
            raise self.troubles.pop(0)
        self.asked.append((path, dict(body)))
        if self.through and path.startswith("/v1/lists/"):
            self.live.feed(entry=(path.split("/")[3], dict(body)))
        return {"sequence": 100 + len(self.asked)}


_kept: list[TemporaryDirectory[str]] = []


@cache
def _quiet() -> Path:
    """The home's folder, made once a process."""
    folder = TemporaryDirectory(prefix="seawall-response-")
    _kept.append(folder)
    Live(Path(folder.name)).feed(card(1, 3_000), card(2, 2_000), transfer(3, 1_000))
    return Path(folder.name)


@pytest.fixture
def live(settings: Any, tmp_path: Path, db: None) -> Live:
    """A home with the payments pack and a few quiet events of customer c1, followed."""
    from seawall.apps.decisions.jobs import follow_all

    shutil.copytree(_quiet(), tmp_path, dirs_exist_ok=True)
    one = Live(tmp_path)
    settings.HOME = one.home
    follow_all()
    return one


@pytest.fixture
def api(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[DirectApi]:
    """The decision API of that home."""
    from seawall.apps.outbox import engine, sending

    sending.ways.forget()
    one = DirectApi(live)
    monkeypatch.setattr(engine, "client", lambda timeout=0.0: one)
    yield one
    sending.ways.forget()


@pytest.fixture
def people(make_user: Any) -> dict[str, Any]:
    """ada: analyst; sam: senior analyst; aud: auditor; ann: administrator."""
    roles = {"ada": "analyst", "sam": "senior_analyst", "aud": "auditor", "ann": "admin"}
    return {name: make_user(name, role) for name, role in roles.items()}
