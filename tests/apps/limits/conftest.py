"""A live home with the payments pack, and an engine that takes what the outbox sends it."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from seawall.server.home import Home
from seawall.server.service import Service
from tests.apps.decisions.home import NOW, Live, card, transfer


class Engine:
    """The decision API over a home, without HTTP: one request, one start of the service."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusal: Exception | None = None

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((path, dict(body)))
        if self.refusal is not None:
            raise self.refusal
        kind, name = path.removeprefix("/v1/").split("/")[:2]

        async def story(service: Service) -> int:
            return await service.setting(f"{kind}.{name}", json.dumps(body).encode())

        return {"sequence": self._with(story)}

    def decide(self, body: bytes) -> Any:
        """The decision on one event."""

        async def story(service: Service) -> Any:
            return (await service.decide(body)).decision

        return self._with(story)

    def _with(self, story: Callable[[Service], Any]) -> Any:
        async def run() -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ring, _new = self.live.home.key_ring()
            service = Service(self.live.home, ring, clock=lambda: NOW)
            service.open()
            await service.start()
            try:
                return await story(service)
            finally:
                await service.stop()

        return asyncio.run(run())


@pytest.fixture
def engine(settings: Any, tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine of the test's own, and its journal followed."""
    from seawall.apps.decisions.jobs import follow_all
    from seawall.apps.outbox import engine as api
    from seawall.apps.outbox import sending

    live = Live(tmp_path / "home")
    live.feed(card(1, 900), transfer(2, 800))
    settings.HOME = Home(tmp_path / "home")
    made = Engine(live)
    monkeypatch.setattr(api, "client", lambda timeout=0: made)
    sending.ways.forget()
    follow_all()
    yield made
    sending.ways.forget()
