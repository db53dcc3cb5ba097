"""A home with the worked example's pack, and events for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import seawall
from seawall.engine.pack import load_pack
from seawall.sealing import KeyRing
from seawall.server.home import Home
from seawall.server.packs import bundle_of
from seawall.server.service import Service, Settings

PACKS = Path(seawall.__file__).parent / "packs"
NOW = 1_795_000_000_000
RING = KeyRing("0" * 32, (b"r" * 32,), protected=False)


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def bundle(folder: Path = PACKS / "example_card") -> bytes:
    return bundle_of(folder, load_pack(folder))


def event(number: int, **changed: Any) -> bytes:
    body = {
        "event_id": f"e-{number}",
        "type": "payment.card",
        "event_time": "2026-11-18T10:00:00.000Z",
        "customer": f"c{number % 5}",
        "card": f"62220200000{number % 7:05d}",
        "merchant": f"m{number % 3}",
        "device": f"d{number % 4}",
        "amount": 1_000 * (number % 90) + 100,
        "currency": "CNY",
    }
    return json.dumps(body | changed).encode()


@asynccontextmanager
async def running(
    folder: Path, clock: Callable[[], int] | None = None, settings: Settings | None = None, pack: bytes | None = None
) -> AsyncIterator[Service]:
    service = Service(Home(folder).prepare(), RING, settings=settings, clock=clock or Clock())
    service.open(pack or bundle())
    await service.start()
    try:
        yield service
    finally:
        await service.stop()
