"""challenges.yaml and tips.yaml: what is read, and every fault with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import seawall
from seawall.engine.errors import PackError
from seawall.engine.pack import load_pack

PAYMENTS = Path(seawall.__file__).parent / "packs" / "payments"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PAYMENTS, tmp_path / "payments"))


def problems(folder: Path, file: str, old: str, new: str) -> list[tuple[str, str]]:
    """(file:line, message) of the pack with one change."""
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    return [(one.file, one.message) for one in caught.value.problems if one.severity == "error"]


def test_the_methods_in_their_order() -> None:
    methods = load_pack(PAYMENTS).challenges
    assert list(methods) == ["totp", "otp", "face"]
    code = methods["otp"]
    assert (code.kind, code.channel, code.digits, code.attempts) == ("one_time_code", "sms", 6, 3)
    assert (code.ttl_ms, code.resends, code.resend_after_ms) == (300_000, 2, 60_000)
    assert code.bind == ("amount", "currency", "counterparty", "merchant")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("rules.yaml", "{type: challenge, method: face", "{type: challenge, method: fase", "method 'fase'"),
        ("challenges.yaml", "kind: totp", "kind: retina", "kind 'retina' is unknown"),
        ("challenges.yaml", "channel: sms", "channel: fax", "channel 'fax' is unknown"),
        ("challenges.yaml", "    channel: sms\n", "", "a one-time code needs its channel"),
        ("challenges.yaml", "name: totp", "name: otp", "method 'otp' stands twice"),
        ("challenges.yaml", "attempts: 3", "attempts: 99", "attempts must lie between 1 and 10, not 99"),
        ("challenges.yaml", "ttl: 5m", "ttl: 5s", "ttl must lie between 30s and 3600s"),
        ("challenges.yaml", "bind: [amount", "bind: [latitude", "unknown field of an event"),
        ("challenges.yaml", "kind: totp", "kind: totp\n    channel: sms", "channel belongs to kind: one_time_code"),
        ("challenges.yaml", "digits: 6", "digits: 6\n    to: phone", "unknown sealed field 'phone'"),
        ("policy.yaml", "challenge.result, ", "", "which is missing in policy.yaml under on"),
        ("events.yaml", "challenge_id: {type: key", "challenge_id: {type: code", "lacks the field challenge_id"),
        ("tips.yaml", "NEW_PAYEE:", "NEW_PAYE:", "no rule, row, list or model gives the reason 'NEW_PAYE'"),
        ("tips.yaml", "level: warning", "level: loud", "level 'loud' is unknown"),
    ],
)  # fmt: skip
def test_a_fault_is_named(pack: Path, file: str, old: str, new: str, said: str) -> None:
    found = problems(pack, file, old, new)
    assert [message for place, message in found if said in message] != [], found


def test_a_required_field_must_always_be_there(pack: Path) -> None:
    path = pack / "events.yaml"
    head, mark, tail = path.read_text("utf-8").partition("  challenge.result:")
    path.write_text(head + mark + tail.replace("device: {type: key,", "device: {type: key, required: true,", 1))
    with pytest.raises(PackError) as caught:
        load_pack(pack)
    assert any("challenge.result.device is required" in one.message for one in caught.value.problems)


def test_a_sensitive_field_cannot_be_filled(pack: Path) -> None:
    path = pack / "events.yaml"
    head, mark, tail = path.read_text("utf-8").partition("  challenge.result:")
    path.write_text((head + mark + tail).replace("ip: {type: key, grade: internal", "ip: {type: key, grade: sensitive"))
    with pytest.raises(PackError) as caught:
        load_pack(pack)
    assert any("challenge.result.ip is sensitive" in one.message for one in caught.value.problems)


def test_a_pack_without_challenges_may_name_methods_of_its_own(pack: Path) -> None:
    (pack / "challenges.yaml").unlink()
    loaded = load_pack(pack)
    assert loaded.challenges == {}
    assert any(one.parameters.get("method") == "face" for rule in loaded.rules for one in rule.actions)


def test_no_tip_tells_of_money_laundering_or_sanctions() -> None:
    loaded = load_pack(PAYMENTS)
    laundering = {rule.reason for rule in loaded.rules if any("aml" in str(one.parameters) for one in rule.actions)}
    assert laundering
    assert (laundering | {"SANCTIONS", "STRUCTURING", "MERCHANT_FRAUD"}) & loaded.tips.keys() == set()
    assert len(loaded.tips) >= 15
