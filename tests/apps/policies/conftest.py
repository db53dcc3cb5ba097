"""The story's home with its policy taken in, a draft of it, people, and an engine that answers what a test says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from seawall.engine.pack import load_pack
from seawall.server.home import Home
from tests.apps.decisions.home import PACK, story

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.policies.models import Draft, Version

SHIPPED = load_pack(PACK).policy.version  # of the pack that the story's home runs
FIRST, SECOND = f"payments@{SHIPPED}", f"payments@{SHIPPED + 1}"


def numbered(text: str, number: int) -> str:
    """policy.yaml of the shipped pack under another number."""
    assert text.count(f"version: {SHIPPED}\n") == 1
    return text.replace(f"version: {SHIPPED}\n", f"version: {number}\n")


@pytest.fixture
def home(settings: Any, db: None) -> Home:
    """The story, followed to its end, its policy taken in as version 1."""
    from seawall.apps.decisions.jobs import follow_all
    from seawall.apps.policies.follow import take_in_activations

    settings.HOME = story()
    follow_all()
    take_in_activations()
    return story()


@pytest.fixture
def people(make_user: Callable[..., User]) -> dict[str, User]:
    """mo owns models and makes policies; kim checks; ada looks at decisions only."""
    return {
        "mo": make_user("mo", "model_owner"), "kim": make_user("kim", "compliance_officer"),
        "ada": make_user("ada", "analyst"),
    }  # fmt: skip


@pytest.fixture
def first(home: Home) -> Version:
    """The version that the home runs."""
    from seawall.apps.policies.models import Version

    found: Version = Version.objects.get()
    return found


@pytest.fixture
def draft(first: Version, people: dict[str, User]) -> Draft:
    """mo's draft of it."""
    from seawall.apps.policies.services import drafts

    return drafts.open_draft(people["mo"], first.pk)


@dataclass
class FakeEngine:
    """The decision API as deployments use it. `refuse`: path -> what it refuses with; `down`: nothing gets through;
    `warming`: it fills windows first."""

    sequence: int = 1_000
    bundles: dict[str, bytes] = field(default_factory=dict)
    switches: list[Mapping[str, Any]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    down: bool = False
    warming: bool = False

    def post_bytes(self, path: str, data: bytes) -> dict[str, Any]:
        """A bundle."""
        self._check(path)
        digest = hashlib.sha256(data).hexdigest()
        self.bundles[digest] = data
        return {"digest": digest, "problems": [], "features": "same"}

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A switch."""
        self._check(path)
        self.switches.append(body)
        if self.warming:
            return {"policy": "payments@0", "warming": {"done": 1, "total": 10}}
        self.sequence += 1
        return {"sequence": self.sequence, "policy": "payments@0"}

    def get(self, path: str) -> dict[str, Any]:
        """Nothing asks."""
        raise AssertionError(path)

    def _check(self, path: str) -> None:
        from seawall.apps.outbox.engine import DeliveryError, RefusedError

        if self.down:
            raise DeliveryError("ConnectionRefusedError")
        if path in self.refuse:
            raise RefusedError(422, {"detail": self.refuse[path]})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """In the place of the decision API."""
    from seawall.apps.outbox import engine

    made = FakeEngine()
    monkeypatch.setattr(engine, "client", lambda *_: made)
    return made
