"""Challenges of the payments pack over real sockets, with the sandbox's messages and a clock to move."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from seawall.server.access import Access, KeyStore
from seawall.server.challenge.desk import Desk
from seawall.server.challenge.options import ChallengeOptions, Challenges
from seawall.server.http.run import serve

from ..http.conftest import PATIENT, Answer, Served
from ..loops import on_a_loop
from ..world import PACKS, Clock, bundle, running
from .vendor import Vendor, vendor_at

NOW = 1_795_392_000_000  # 2026-11-23T00:00:00Z
BOUND: dict[str, Any] = {"amount": 20_000, "currency": "CNY", "merchant": "m4"}
SANDBOX = ChallengeOptions(environment="demo", challenges=Challenges(codes_a_day=6))


def phone(decision_id: str) -> str:
    """A number of its own for each decision."""
    return f"+86138{crc32(decision_id.encode()) % 10**8:08d}"


class Timer:
    """Monotonic seconds that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Platform(Served):
    """A served payments pack whose customers can be challenged."""

    folder: Path
    desk: Desk
    clock: Clock
    timer: Timer
    loop: asyncio.AbstractEventLoop
    _number = 0

    def challenged(self, customer: str = "c1", **more: Any) -> str:
        """The decision_id of a payment that is challenged: the fourth merchant of a card within the hour."""
        Platform._number += 1
        card = f"62220201{Platform._number:08d}"
        for place in range(1, 5):
            body = {
                "event_id": f"p-{Platform._number}-{place}", "type": "payment.card",
                "event_time": "2026-11-22T23:59:00.000Z", "customer": customer, "card": card, "merchant": f"m{place}",
                "device": f"d-{customer}", "amount": 20_000, "currency": "CNY", **more,
            }  # fmt: skip
            answer = self.call("POST", "/v1/decisions", body)
            assert answer.status == 200, answer.body
        assert answer.json["outcome"] == "challenge", answer.json["rules"]
        return str(answer.json["decision_id"])

    def ask(self, decision_id: str, **more: Any) -> Answer:
        wish = {"decision_id": decision_id, "method": "otp", "to": phone(decision_id)} | more
        return self.call("POST", "/v1/challenges", wish)

    def verify(self, challenge_id: str, **reply: Any) -> Answer:
        return self.call("POST", f"/v1/challenges/{challenge_id}/verify", {"bound": BOUND, **reply})

    def messages(self) -> list[dict[str, Any]]:
        path = self.folder / "sandbox" / "messages.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def code(self, challenge_id: str) -> str:
        """The newest code of a challenge."""
        (*_, last) = (one["text"] for one in self.messages() if one["challenge_id"] == challenge_id)
        return "".join(c for c in last.partition("验证码 ")[2][:6])

    def sweep(self) -> None:
        asyncio.run_coroutine_threadsafe(self.desk.sweep(), self.loop).result(10)


@contextmanager
def platform_at(
    folder: Path,
    options: ChallengeOptions = SANDBOX,
    clock: Clock | None = None,
    timer: Timer | None = None,
    pack: bytes | None = None,
    **more: Any,
) -> Iterator[Platform]:
    """A platform until the block ends."""
    clock, timer = clock or Clock(NOW), timer or Timer()

    async def story(ready: Callable[[Platform], None], stop: asyncio.Event) -> None:
        async with running(folder, clock=clock, pack=pack or bundle(PACKS / "payments")) as service:
            access = Access(service.home.access)
            desk = Desk(service, options, clock, timer=timer, **more)
            await desk.start()

            def started(url: str) -> None:
                one = Platform(service, int(url.rpartition(":")[2]), KeyStore(service.home.access))
                one.folder, one.desk, one.clock, one.timer = folder, desk, clock, timer
                one.loop = asyncio.get_running_loop()
                ready(one)

            await serve(service, access, port=0, limits=PATIENT, started=started, stop=stop, challenges=desk)
            await desk.stop()
            access.close()

    with on_a_loop(story) as platform:
        yield platform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform_at(tmp_path_factory.mktemp("challenges")) as one:
        yield one


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_at() as one:
        yield one
