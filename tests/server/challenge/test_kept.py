"""What is kept of a challenge: nothing in the clear, nothing readable after erasure, every result exactly once."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.engine.journal import Journal, Kind, decode_event
from seawall.server.challenge.clock import SteadyClock
from seawall.server.challenge.desk import Desk
from seawall.server.challenge.wishes import Ask, Reply

from ..world import PACKS, Clock, bundle, running
from .conftest import BOUND, NOW, SANDBOX, Platform, phone

_ROOT = Path(__file__).parents[3]


def test_the_files_hold_neither_code_nor_number(platform: Platform) -> None:
    decision_id = platform.challenged("clear")
    challenge_id = platform.ask(decision_id).json["challenge_id"]
    held = b"".join(path.read_bytes() for path in platform.folder.glob("challenges.db*"))
    assert challenge_id.encode() in held
    for secret in (phone(decision_id), phone(decision_id)[3:], platform.code(challenge_id)):
        assert secret.encode() not in held


def test_an_erased_customer_s_challenge_can_no_longer_be_read_or_passed(platform: Platform) -> None:
    platform.call("POST", "/v1/challenges/totp/enrol", {"subject": "gone"})
    decision_id = platform.challenged("gone")
    challenge_id = platform.ask(decision_id).json["challenge_id"]
    code = platform.code(challenge_id)
    assert platform.call("POST", "/v1/erasures", {"subject": "gone"}).json["key_destroyed"]
    assert platform.call("GET", f"/v1/challenges/{challenge_id}").json["to"] is None
    assert platform.ask(decision_id).status == 409
    done = platform.verify(challenge_id, code=code).json
    assert (done["result"], done["reason"]) == ("abandoned", "erased")
    assert platform.call("POST", "/v1/challenges/totp/confirm", {"subject": "gone", "code": "1"}).status == 409


def test_erasure_needs_no_second_step(platform: Platform) -> None:
    """The key alone makes it unreadable, where a crash came between the erasure and the store."""
    challenge_id = platform.ask(platform.challenged("half")).json["challenge_id"]
    code = platform.code(challenge_id)
    asyncio.run_coroutine_threadsafe(platform.service.erase("half"), platform.loop).result(10)
    assert platform.verify(challenge_id, code=code).json["reason"] == "erased"


_CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tests.server.challenge.test_kept import story
from seawall.server.challenge import desk, providers, rulings
from seawall.server.service import Service

def die(*args, **more):
    os.kill(os.getpid(), signal.SIGKILL)

async def run():
    await story(Path(sys.argv[1]), {
        "sending": lambda: setattr(providers.Sandbox, "send", die),
        "ruling": lambda: setattr(rulings.Rulings, "_ruled", die),
        "deciding": lambda: setattr(Service, "decide", die),
        "settling": lambda: setattr(rulings.Rulings, "settle", die),
    }[sys.argv[2]], sys.argv[2])
asyncio.run(run())
"""


async def story(home: Path, arm: object, at: str) -> None:
    """A passed challenge, with a death along its way."""
    assert callable(arm)
    async with running(home, clock=Clock(NOW), pack=bundle(PACKS / "payments")) as service:
        desk = Desk(service, SANDBOX, Clock(NOW))
        await desk.start()
        for place in range(1, 5):
            body = (
                b'{"event_id":"p%d","type":"payment.card","event_time":"2026-11-22T23:59:00.000Z","customer":"c1",'
                b'"card":"6222020000000001","merchant":"m%d","amount":20000,"currency":"CNY"}' % (place, place)
            )
            await service.decide(body)
        if at == "sending":
            arm()
        made = await desk.ask(Ask("p4", "otp", "+8613800138000"))
        text = (home / "sandbox" / "messages.jsonl").read_text("utf-8")
        arm()
        await desk.verify(made.row.id, Reply(code=text.partition("验证码 ")[2][:6], bound=BOUND))


def results(home: Path) -> list[str]:
    with Journal(home / "journal.db", read_only=True) as journal:
        events = [decode_event(one).event for one in journal.read(0) if one.kind == Kind.EVENT]
    return [str(one.fields["result"]) for one in events if one.type == "challenge.result"]


@pytest.mark.parametrize(
    ("at", "before", "after"),
    [("sending", [], []), ("ruling", [], []), ("deciding", [], ["passed"]), ("settling", ["passed"], ["passed"])],
)
def test_a_result_is_decided_exactly_once_whenever_the_process_dies(
    tmp_path: Path, at: str, before: list[str], after: list[str]
) -> None:
    home = tmp_path / "home"
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(home), at, str(_ROOT)], capture_output=True, text=True, timeout=120
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert results(home) == before

    async def again() -> dict[str, object] | None:
        async with running(home, clock=Clock(NOW + 1_000), pack=bundle(PACKS / "payments")) as service:
            desk = Desk(service, SANDBOX, Clock(NOW + 1_000))
            await desk.start()
            await desk.sweep(stuck=True)
            decided = service.find("p4")
            assert decided is not None
            found = await desk.resolved_by(decided.decision.sequence)
            await desk.stop()
            return found

    resolved = asyncio.run(again())
    assert results(home) == after
    assert asyncio.run(again()) == resolved
    assert results(home) == after
    assert (resolved or {}).get("result") == (after[0] if after else None)


def test_the_steady_clock_goes_on_whatever_the_wall_clock_does() -> None:
    wall, seconds = Clock(1_000_000), [0.0]
    clock = SteadyClock(wall, 0, lambda: seconds[0])
    assert clock() == 1_000_000
    seconds[0], wall.now = 10.0, 400_000
    assert clock() == 1_010_000
    wall.now = 5_000_000
    assert clock() == 5_000_000
    seconds[0] = 10.5
    wall.now = 0
    assert clock() == 5_000_500
    assert SteadyClock(wall, 5_000_500, lambda: 0.0)() == 5_000_500
