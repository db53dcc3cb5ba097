"""A code by e-mail from end to end: an independent server, what is at rest meanwhile, and the policy's word on it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from seawall.engine.journal import Journal, Kind, decode_event
from seawall.messaging import Mail
from seawall.server.challenge.options import ChallengeOptions
from tests.messaging.mailbox import Box, mail_server

from ..world import PACKS, bundle
from .conftest import Platform, platform_at

ADDRESS, PAYEE = "xiao.long@mail.example.com", "Bruce Wandering"
_SMS, _MAIL = "    channel: sms\n", "    channel: email\n    to: contact\n"
_BIND, _MORE = "bind: [amount, currency, counterparty, merchant]", "bind: [amount, currency, counterparty, payee_name]"
_FIELD = "      payee_name: {type: string, grade: sensitive"
_CONTACT = "      contact: {type: string, grade: sensitive, purpose: risk, title: {zh: 邮箱, en: E-mail address}}\n"


def _pack(folder: Path) -> bytes:
    """The payments pack whose transfers carry a sealed address, to which codes may go."""
    shutil.copytree(PACKS / "payments", folder)
    changes = {"challenges.yaml": ((_SMS, _MAIL), (_BIND, _MORE)), "events.yaml": ((_FIELD, _CONTACT + _FIELD),)}
    for name, pairs in changes.items():
        text = (folder / name).read_text("utf-8")
        for old, new in pairs:
            assert old in text, (name, old)
            text = text.replace(old, new)
        (folder / name).write_text(text, "utf-8")
    return bundle(folder)


Mailed = tuple[Platform, Box]


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailed]:
    folder = tmp_path_factory.mktemp("mailed")
    with mail_server(folder) as (box, rules), _platform(folder, rules) as platform:
        yield platform, box


def _platform(folder: Path, rules: Mail) -> Any:
    options = ChallengeOptions(environment="demo", mail=rules)
    return platform_at(folder / "home", options, pack=_pack(folder / "pack"))


def transfer(platform: Platform, event_id: str, customer: str = "", amount: int = 1_500_000) -> str:
    """The decision_id of a first transfer to a payee of its own, which is challenged."""
    body = {
        "event_id": f"{event_id}-before", "type": "payment.transfer", "event_time": "2026-11-22T23:58:00.000Z",
        "customer": customer or event_id, "counterparty": f"known-{event_id}", "amount": 10_000, "currency": "CNY",
        "direction": "out",
    }  # fmt: skip
    platform.call("POST", "/v1/decisions", body)
    body |= {"event_id": event_id, "event_time": "2026-11-22T23:59:00.000Z", "contact": ADDRESS}
    body |= bound(event_id) | {"amount": amount}
    answer = platform.call("POST", "/v1/decisions", body)
    assert (answer.status, answer.json["outcome"]) == (200, "challenge"), answer.body
    return str(answer.json["decision_id"])


def bound(event_id: str) -> dict[str, Any]:
    """What the event of `transfer` is bound to."""
    return {"amount": 1_500_000, "currency": "CNY", "counterparty": f"new-{event_id}", "payee_name": PAYEE}


def newest(box: Box) -> tuple[list[str], str, str]:
    """To whom the newest mail went, its text, and the code in it."""
    _sender, to, content, is_tls = box.got[-1]
    assert is_tls
    payload = message_from_bytes(content).get_payload(decode=True)
    assert isinstance(payload, bytes)
    (code,) = re.findall(r"验证码 (\d{6})", payload.decode())
    return to, payload.decode(), code


def held(platform: Platform) -> bytes:
    """Every byte that the home holds."""
    return b"\n".join(path.read_bytes() for path in platform.folder.rglob("*") if path.is_file())


def test_from_the_letter_to_the_policy_s_word(mailed: Mailed) -> None:
    platform, box = mailed
    decision_id = transfer(platform, "far")
    made = platform.call("POST", "/v1/challenges", {"decision_id": decision_id})
    assert (made.status, made.json["method"], made.json["provider"]) == (201, "otp", "smtp"), made.body
    assert made.json["to"] == "x***@mail.example.com"
    to, text, code = newest(box)
    assert to == [ADDRESS]  # out of the event's sealed field; the caller sent none
    assert "CNY 15,000.00" in text
    assert PAYEE in text
    assert code not in made.body.decode()

    done = platform.verify(made.json["challenge_id"], code=code, bound=bound("far")).json
    assert (done["result"], done["decision"]["outcome"]) == ("passed", "approve")
    with Journal(platform.folder / "journal.db", read_only=True) as journal:
        events = [decode_event(one) for one in journal.read(0) if one.kind == Kind.EVENT]
    (result,) = [one for one in events if one.event.event_id == f"challenge-{made.json['challenge_id']}"]
    assert (result.event.type, result.event.fields["result"]) == ("challenge.result", "passed")
    assert result.decision is not None
    assert result.decision.sequence == done["decision"]["sequence"]
    first = platform.call("GET", f"/v1/decisions/{decision_id}").json
    assert first["resolved_by"]["decision_id"] == done["decision"]["decision_id"]


def test_address_payee_and_code_are_nowhere_in_the_clear(mailed: Mailed) -> None:
    platform, box = mailed
    challenge = platform.call("POST", "/v1/challenges", {"decision_id": transfer(platform, "quiet")}).json
    code = newest(box)[2]
    for at in ("open", "over"):
        kept = held(platform)
        assert challenge["challenge_id"].encode() in kept  # it looks into the right files
        for clear in (ADDRESS, ADDRESS.partition("@")[0], PAYEE, PAYEE.encode().hex()):
            assert clear.encode() not in kept, (at, clear)
        for path in platform.folder.glob("challenges.db*"):
            assert code.encode() not in path.read_bytes(), (at, path.name)
        if at == "open":
            assert (
                platform.verify(challenge["challenge_id"], code=code, bound=bound("quiet")).json["result"] == "passed"
            )


@pytest.mark.parametrize("field", ["payee_name", "counterparty", "amount"])
def test_another_payee_or_amount_fails_with_the_right_code(mailed: Mailed, field: str) -> None:
    """Sealed, plain and money alike."""
    platform, box = mailed
    name = f"changed-{field}"
    made = platform.call("POST", "/v1/challenges", {"decision_id": transfer(platform, name)}).json
    changed = {"payee_name": "Bruce  Wandering", "counterparty": "acc-8", "amount": 1_500_001}
    code, given = newest(box)[2], bound(name) | {field: changed[field]}
    done = platform.verify(made["challenge_id"], code=code, bound=given).json
    assert (done["result"], done["reason"]) == ("failed", "bound_changed")


def test_the_policy_counts_failures(mailed: Mailed) -> None:
    platform, box = mailed
    rules = []
    asked = [transfer(platform, f"often-{amount}", "often", amount) for amount in (1_100_000, 4_600_000)]
    for decision_id in (*asked, platform.challenged("often")):
        made = platform.call("POST", "/v1/challenges", {"decision_id": decision_id, "to": ADDRESS}).json
        event = platform.service.event(platform.service.find(decision_id).decision.sequence)  # type: ignore[union-attr]
        given = {name: event.fields[name] for name in made["bound"]} | {"amount": 1}
        if "payee_name" in given:
            given["payee_name"] = PAYEE
        done = platform.verify(made["challenge_id"], code=newest(box)[2], bound=given).json
        rules.append((done["reason"], done["decision"]["rules"]))
    assert rules == [("bound_changed", []), ("bound_changed", []), ("bound_changed", ["challenge_failing"])]


def test_an_address_that_the_server_refuses_and_then_takes(mailed: Mailed) -> None:
    platform, box = mailed
    decision_id = transfer(platform, "refused")
    box.refused = ADDRESS
    try:
        refused = platform.call("POST", "/v1/challenges", {"decision_id": decision_id})
        assert (refused.status, refused.json["field"]) == (422, "to")
        assert ADDRESS not in refused.body.decode()
    finally:
        box.refused = ""
    made = platform.call("POST", "/v1/challenges", {"decision_id": decision_id})
    assert (made.status, made.json["resends_left"]) == (200, 2)
    assert (
        platform.verify(made.json["challenge_id"], code=newest(box)[2], bound=bound("refused")).json["result"]
        == "passed"
    )
