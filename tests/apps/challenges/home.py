"""A live home with the payments pack and five challenges that ended differently, made once a process."""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from seawall.engine.times import format_instant
from seawall.server.challenge.desk import Desk
from seawall.server.challenge.options import ChallengeOptions
from seawall.server.challenge.wishes import Ask, Reply
from seawall.server.home import Home
from seawall.server.service import Service
from tests.server.world import PACKS, bundle

NOW = int(time.time() * 1_000)
PHONE = "+8613800138000"
BOUND: dict[str, Any] = {"amount": 20_000, "currency": "CNY", "merchant": "m4"}
_kept: list[TemporaryDirectory[str]] = []


class Story:
    """The home, and the ids of its challenges by customer."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.ids: dict[str, str] = {}
        self.codes: list[str] = []


async def challenged(service: Service, customer: str) -> str:
    """The event id of a payment that is challenged: the fourth merchant of a card within the hour."""
    for place in range(1, 5):
        body = {
            "event_id": f"{customer}-{place}", "type": "payment.card", "event_time": format_instant(NOW - 60_000),
            "customer": customer, "card": f"622202000000{customer[-1]:0>4}", "merchant": f"m{place}", "amount": 20_000,
            "currency": "CNY",
        }  # fmt: skip
        decided = await service.decide(json.dumps(body).encode())
    assert decided.decision.outcome == "challenge"
    return f"{customer}-4"


@cache
def story() -> Story:
    """c1 passed at the second try; c2 changed the amount; c3 gave up; c4 let it expire and was erased; c5 is open."""
    folder = TemporaryDirectory(prefix="seawall-challenges-")
    _kept.append(folder)
    told = Story(Home(Path(folder.name)).prepare())
    asyncio.run(_live(told))
    return told


@asynccontextmanager
async def _running(home: Home) -> AsyncIterator[Service]:
    """With the key file of a real home: what follows the journal may open sealed values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ring, _new = home.key_ring()
    service = Service(home, ring, clock=lambda: NOW)
    service.open(bundle(PACKS / "payments"))
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def _live(told: Story) -> None:
    seconds = [0.0]
    folder = told.home.folder
    async with _running(told.home) as service:
        desk = Desk(service, ChallengeOptions(environment="demo"), lambda: NOW, timer=lambda: seconds[0])
        await desk.start()
        for customer in ("c4", "c1", "c2", "c3", "c5"):
            if customer == "c1":  # the time of c4's challenge is over
                seconds[0] += 301
                await desk.sweep()
            made = await desk.ask(Ask(await challenged(service, customer), "otp", PHONE))
            told.ids[customer] = made.row.id
            lines = (folder / "sandbox" / "messages.jsonl").read_text("utf-8").splitlines()
            told.codes.append(json.loads(lines[-1])["text"].partition("验证码 ")[2][:6])
        code = told.codes[1]
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        await desk.verify(told.ids["c1"], Reply(code=wrong, bound=BOUND))
        await desk.verify(told.ids["c1"], Reply(code=code, bound=BOUND))
        await desk.verify(told.ids["c2"], Reply(code=told.codes[2], bound=BOUND | {"amount": 90_000}))
        await desk.verify(told.ids["c3"], Reply(abandon=True))
        await service.erase("c4")
        await desk.forget("c4")
        await desk.stop()
