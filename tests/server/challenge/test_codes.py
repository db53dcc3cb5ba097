"""One-time codes: sent, resent, answered, bound, limited, expired; every end decided by the policy."""

from __future__ import annotations

import stat
import threading
from collections import Counter

import pytest

from .conftest import BOUND, Platform, phone


def test_a_code_is_sent_and_its_result_decided(platform: Platform) -> None:
    decision_id = platform.challenged("one")
    made = platform.ask(decision_id)
    assert made.status == 201, made.body
    challenge = made.json
    assert (challenge["result"], challenge["to"], challenge["provider"]) == (
        "open",
        f"+86138****{phone(decision_id)[-4:]}",
        "sandbox",
    )
    assert (challenge["attempts_left"], challenge["resends_left"]) == (3, 2)
    assert challenge["bound"] == ["amount", "currency", "merchant"]
    assert challenge["expires_at"] == "2026-11-23T00:05:00.000Z"
    assert "沙箱" in challenge["notice"]
    for language, words in (
        ("zh", ("CNY 200.00", "m4", "请勿将验证码告知任何人")),
        ("en", ("CNY 200.00", "m4", "do not give")),
    ):
        assert [word for word in words if word not in challenge["text"][language]] == []
    code = platform.code(challenge["challenge_id"])
    assert code not in made.body.decode()
    done = platform.verify(challenge["challenge_id"], code=code)
    assert (done.status, done.json["result"], done.json["attempts_left"]) == (200, "passed", 2)
    assert done.json["decision"]["event_id"] == f"challenge-{challenge['challenge_id']}"
    assert done.json["decision"]["outcome"] == "approve"
    first = platform.call("GET", f"/v1/decisions/{decision_id}").json
    assert first["outcome"] == "challenge"
    assert first["resolved_by"] == {
        "challenge_id": challenge["challenge_id"], "method": "otp", "result": "passed",
        "decision_id": done.json["decision"]["decision_id"],
    }  # fmt: skip
    shown = platform.call("GET", f"/v1/challenges/{challenge['challenge_id']}").json
    assert (shown["result"], shown["to"], shown["decision"]) == ("passed", None, done.json["decision"])
    event = platform.service.event(done.json["decision"]["sequence"])
    assert event.fields == {
        "challenge_id": challenge["challenge_id"], "event": challenge["event_id"], "customer": "one", "method": "otp",
        "result": "passed", "device": "d-one", "merchant": "m4", "amount": 20_000, "currency": "CNY",
        "base_amount": 20_000, "fx_rate": "1",
    }  # fmt: skip


def test_the_message_names_what_it_is_for(platform: Platform) -> None:
    decision_id = platform.challenged("named")
    challenge = platform.ask(decision_id, language="en").json
    (message,) = [one for one in platform.messages() if one["challenge_id"] == challenge["challenge_id"]]
    assert (message["provider"], message["to"]) == ("sandbox", phone(decision_id))
    assert "CNY 200.00" in message["text"]
    assert "do not give the code to anybody" in message["text"]
    path = platform.folder / "sandbox" / "messages.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_answer_again_changes_nothing_and_another_is_refused(platform: Platform) -> None:
    challenge_id = platform.ask(platform.challenged("again")).json["challenge_id"]
    code = platform.code(challenge_id)
    first = platform.verify(challenge_id, code=code)
    last = platform.service.sequence
    assert platform.verify(challenge_id, code=code).json == first.json
    assert platform.service.sequence == last
    other = platform.verify(challenge_id, code=code, bound=BOUND | {"amount": 90_000_00})
    assert (other.status, other.json["type"]) == (409, "/problems/challenge-refused")


def test_three_wrong_codes_fail(platform: Platform) -> None:
    decision_id = platform.challenged("wrong")
    challenge_id = platform.ask(decision_id).json["challenge_id"]
    wrong = f"{(int(platform.code(challenge_id)) + 1) % 10**6:06d}"
    answers = [platform.verify(challenge_id, code=wrong).json for _ in range(3)]
    assert [(one["result"], one["reason"], one["attempts_left"]) for one in answers] == [
        ("open", "wrong", 2), ("open", "wrong", 1), ("failed", "attempts_used", 0),
    ]  # fmt: skip
    assert [one["decision"] is None for one in answers] == [True, True, False]
    assert platform.ask(decision_id).status == 409


def test_a_changed_amount_or_payee_fails_even_with_the_right_code(platform: Platform) -> None:
    for changed in ({"amount": 20_001}, {"merchant": "m5"}, {"currency": "USD"}):
        challenge_id = platform.ask(platform.challenged(f"bound-{next(iter(changed))}")).json["challenge_id"]
        code = platform.code(challenge_id)
        missing = platform.verify(challenge_id, code=code, bound={"amount": 20_000})
        assert (missing.status, missing.json["field"]) == (422, "bound.currency")
        extra = platform.verify(challenge_id, code=code, bound=BOUND | {"device": "d"})
        assert (extra.status, extra.json["field"]) == (422, "bound.device")
        done = platform.verify(challenge_id, code=code, bound=BOUND | changed).json
        assert (done["result"], done["reason"], done["attempts_left"]) == ("failed", "bound_changed", 3)


def test_64_answers_at_once_are_three_attempts(platform: Platform) -> None:
    challenge_id = platform.ask(platform.challenged("force")).json["challenge_id"]
    right = int(platform.code(challenge_id))
    answers: list[str] = []

    def guess(number: int) -> None:
        answer = platform.verify(challenge_id, code=f"{(right + 1 + number) % 10**6:06d}")
        answers.append(answer.json.get("reason") or answer.json["type"])

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == {"wrong": 2, "attempts_used": 1, "/problems/challenge-refused": 61}
    late = platform.verify(challenge_id, code=f"{right:06d}")
    assert late.status == 409


def test_a_code_is_sent_again_after_a_minute_twice(platform: Platform) -> None:
    decision_id = platform.challenged("resend")
    first = platform.ask(decision_id).json
    old = platform.code(first["challenge_id"])
    early = platform.ask(decision_id)
    assert (early.status, 0 < int(early.headers["retry-after"]) <= 60) == (429, True)
    elsewhere = platform.ask(decision_id, to="+8613900139000")
    assert (elsewhere.status, elsewhere.json["field"]) == (422, "to")
    for left in (1, 0):
        platform.timer.now += 61
        again = platform.ask(decision_id)
        assert (again.status, again.json["challenge_id"]) == (200, first["challenge_id"])
        assert again.json["resends_left"] == left
    platform.timer.now += 61
    assert platform.ask(decision_id).status == 409
    new = platform.code(first["challenge_id"])
    if new != old:
        assert platform.verify(first["challenge_id"], code=old).json["reason"] == "wrong"
    assert platform.verify(first["challenge_id"], code=new).json["result"] == "passed"


def test_what_is_over_expires_by_itself_and_is_decided(platform: Platform) -> None:
    decision_id = platform.challenged("late")
    challenge_id = platform.ask(decision_id).json["challenge_id"]
    code = platform.code(challenge_id)
    platform.timer.now += 299
    platform.sweep()
    assert platform.call("GET", f"/v1/challenges/{challenge_id}").json["result"] == "open"
    platform.timer.now += 2
    platform.sweep()
    shown = platform.call("GET", f"/v1/challenges/{challenge_id}").json
    assert (shown["result"], shown["decision"]["event_id"]) == ("expired", f"challenge-{challenge_id}")
    assert platform.verify(challenge_id, code=code).status == 409
    second = platform.ask(decision_id)
    assert (second.status, second.json["challenge_id"] != challenge_id) == (201, True)
    resolved = platform.call("GET", f"/v1/decisions/{decision_id}").json["resolved_by"]
    assert (resolved["challenge_id"], resolved["result"]) == (challenge_id, "expired")


def test_the_machine_s_clock_set_back_keeps_no_code_alive(platform: Platform) -> None:
    challenge_id = platform.ask(platform.challenged("clock")).json["challenge_id"]
    code, now = platform.code(challenge_id), platform.clock.now
    platform.clock.now -= 3_600_000
    platform.timer.now += 301
    try:
        assert platform.verify(challenge_id, code=code).json["result"] == "expired"
    finally:
        platform.clock.now = now


def test_giving_up_ends_it(platform: Platform) -> None:
    decision_id = platform.challenged("tired")
    challenge_id = platform.ask(decision_id).json["challenge_id"]
    done = platform.verify(challenge_id, abandon=True).json
    assert (done["result"], done["reason"], done["decision"]["outcome"]) == ("abandoned", "given_up", "approve")


def test_the_day_has_a_bound_for_one_customer(platform: Platform) -> None:
    decision_id = platform.challenged("pumped")
    for _ in range(2):
        for _ in range(3):
            assert platform.ask(decision_id).status in (200, 201)
            platform.timer.now += 61
        platform.timer.now += 120
    refused = platform.ask(decision_id)
    assert (refused.status, int(refused.headers["retry-after"]) > 80_000) == (429, True)
    platform.timer.now += 86_400
    assert platform.ask(decision_id).status == 201


def test_the_day_has_a_bound_for_one_number(platform: Platform) -> None:
    statuses = [platform.ask(platform.challenged(f"n{n}"), to="+8613700000000").status for n in range(7)]
    assert Counter(statuses) == {201: 6, 429: 1}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"decision_id": "none", "to": "+8613800138000"}, 404, None),
        ({"to": "+8613800138000"}, 422, ""),
        ({"decision_id": "x", "who": 1}, 422, ""),
        ({"decision_id": 5}, 422, "decision_id"),
        ({"decision_id": "x", "language": "fr"}, 422, "language"),
    ],
)
def test_wrong_requests_are_named(platform: Platform, body: object, status: int, field: str | None) -> None:
    answer = platform.call("POST", "/v1/challenges", body)
    assert (answer.status, answer.json.get("field")) == (status, field)


def test_what_cannot_be_challenged(platform: Platform) -> None:
    plain = {
        "event_id": "plain", "type": "payment.card", "event_time": "2026-11-22T23:00:00.000Z", "customer": "plain",
        "card": "6222029999999999", "merchant": "m1", "amount": 100, "currency": "CNY",
    }  # fmt: skip
    approved = platform.call("POST", "/v1/decisions", plain).json["decision_id"]
    assert "approve" in platform.ask(approved).json["detail"]
    decision_id = platform.challenged("picky")
    assert platform.ask(decision_id, method="letter").status == 409
    assert platform.ask(decision_id, method="totp").status == 409  # no authenticator
    assert platform.ask(decision_id, to="13800138000").json["field"] == "to"
    platform.clock.now += 86_400_001
    try:
        assert "24" in platform.ask(decision_id).json["detail"]
    finally:
        platform.clock.now -= 86_400_001


def test_a_key_needs_the_scope(platform: Platform) -> None:
    key = platform.keys.create("no challenges")
    answer = platform.call("POST", "/v1/challenges", {"decision_id": "x"}, key=key)
    assert (answer.status, "challenge" in answer.json["detail"]) == (403, True)


def test_tips_come_when_asked(platform: Platform) -> None:
    body = {
        "event_id": "tip-1", "type": "payment.transfer", "event_time": "2026-11-22T23:59:00.000Z", "customer": "tipped",
        "counterparty": "a9", "amount": 1_500_000, "currency": "CNY", "direction": "out",
    }  # fmt: skip
    known = body | {"event_id": "tip-0", "counterparty": "a1", "amount": 10_000}
    assert "tips" not in platform.call("POST", "/v1/decisions", known).json
    found = platform.call("POST", "/v1/decisions?tips=1", body).json
    assert [one["code"] for one in found["reasons"]] == ["NEW_PAYEE"]
    assert [(one["reason"], one["level"]) for one in found["tips"]] == [("NEW_PAYEE", "warning")]
    assert "安全账户" in found["tips"][0]["text"]
    english = platform.call("POST", "/v1/decisions?tips=1&lang=en", body).json["tips"]
    assert "safe account" in english[0]["text"]
    assert platform.call("POST", "/v1/decisions?tips=2", body).status == 400
    challenge = platform.ask(found["decision_id"]).json
    assert "安全账户" in challenge["text"]["zh"]
