"""A live home with the payments pack, and an engine that takes what the outbox and imports send it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from seawall.apps.outbox.engine import DeliveryError, RefusedError
from seawall.server.home import Home
from seawall.server.service import Service
from tests.apps.decisions.home import Live, card, transfer
from tests.apps.limits.conftest import Engine as LimitsEngine


class Engine(LimitsEngine):
    """The decision API over a home, for entries of lists."""

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((path, dict(body)))
        if self.refusal is not None:
            raise self.refusal
        name = path.removeprefix("/v1/lists/").split("/")[0]

        async def story(service: Service) -> int:
            return await service.list_entry(name, json.dumps(body).encode())

        return {"sequence": self._with(story)}

    def post_many(self, path: str, bodies: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Every answer of a batch, as the decision API writes them."""
        self.asked += [(path, dict(body)) for body in bodies]
        name = path.removeprefix("/v1/lists/").split("/")[0]

        async def story(service: Service) -> list[Any]:
            return await service.list_entries(name, [json.dumps(body).encode() for body in bodies])

        return [
            {"sequence": one} if isinstance(one, int) else {"status": 422, "detail": str(one)}
            for one in self._with(story)
        ]


class Quick:
    """An engine that only numbers what it is sent; `refuse` are keys that it will not take."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[dict[str, Any]], Exception | None] = lambda body: None

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if (error := self.answer(dict(body))) is not None:
            raise error
        self.asked.append((path, dict(body)))
        return {"sequence": 1_000 + len(self.asked)}

    def post_many(self, path: str, bodies: Sequence[Mapping[str, Any]]) -> list[Any]:
        """A refusal says its status in its member; whatever else goes wrong does so for one alone."""
        found: list[Any] = []
        for body in bodies:
            try:
                found.append(self.post(path, body))
            except RefusedError as error:
                found.append({"status": error.status} | error.problem)
            except DeliveryError:
                found.append({"status": 503})
        return found


@pytest.fixture
def live(settings: Any, tmp_path: Path, db: None) -> Live:
    """A home of the test's own, its journal followed."""
    from seawall.apps.decisions.jobs import follow_all

    made = Live(tmp_path / "home")
    made.feed(card(1, 900), transfer(2, 800))
    settings.HOME = Home(tmp_path / "home")
    follow_all()
    return made


@pytest.fixture
def engine(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The real engine behind the outbox."""
    yield from _behind(Engine(live), monkeypatch)


@pytest.fixture
def quick(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[Quick]:
    """One that answers at once."""
    yield from _behind(Quick(), monkeypatch)


def _behind(made: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from seawall.apps.outbox import engine as api
    from seawall.apps.outbox import sending

    monkeypatch.setattr(api, "client", lambda timeout=0: made)
    sending.ways.forget()
    yield made
    sending.ways.forget()


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """What runs after a commit, run."""
    return lambda: django_capture_on_commit_callbacks(execute=True)
