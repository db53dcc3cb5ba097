"""Codes of an authenticator: the vectors of RFC 6238, and what a customer does with one."""

from __future__ import annotations

from base64 import b32decode
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from hypothesis import given
from hypothesis import strategies as st

from seawall.server.challenge import totp

from .conftest import BOUND, Platform

_SEEDS = {"sha1": b"1234567890" * 2, "sha256": (b"1234567890" * 4)[:32], "sha512": (b"1234567890" * 7)[:64]}
_RFC_6238 = [  # appendix B
    (59, "94287082", "46119246", "90693936"),
    (1_111_111_109, "07081804", "68084774", "25091201"),
    (1_111_111_111, "14050471", "67062674", "99943326"),
    (1_234_567_890, "89005924", "91819424", "93441116"),
    (2_000_000_000, "69279037", "90698825", "38618901"),
    (20_000_000_000, "65353130", "77737706", "47863826"),
]
_RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize("vector", _RFC_6238)
def test_the_vectors_of_rfc_6238(vector: tuple[int, str, str, str]) -> None:
    at, *codes = vector
    assert [totp.code_at(_SEEDS[digest], at // 30, 8, digest) for digest in _SEEDS] == codes


def test_the_vectors_of_rfc_4226() -> None:
    assert [totp.code_at(_SEEDS["sha1"], step) for step in range(10)] == _RFC_4226


def shown(secret: bytes, seconds: float) -> str:
    """What an authenticator shows then, by an implementation that is not ours."""
    return TOTP(secret, 6, SHA1(), 30, enforce_key_length=False).generate(seconds).decode()


@given(st.binary(min_size=16, max_size=64), st.integers(0, 1 << 40))
def test_every_code_is_the_one_that_another_implementation_shows(secret: bytes, seconds: int) -> None:
    assert totp.code_at(secret, seconds // 30) == shown(secret, seconds)


def test_one_step_either_way_and_none_twice() -> None:
    secret, now = _SEEDS["sha1"], 3_000.0
    for step in (99, 100, 101):
        assert totp.matching_step(secret, totp.code_at(secret, step), now, 0) == step
        assert totp.matching_step(secret, totp.code_at(secret, step), now, step) is None
    for step in (98, 102):
        assert totp.matching_step(secret, totp.code_at(secret, step), now, 0) is None


def _enrolled(platform: Platform, subject: str) -> bytes:
    made = platform.call("POST", "/v1/challenges/totp/enrol", {"subject": subject, "account": "小明"}).json
    secret = b32decode(made["secret"] + "=" * (-len(made["secret"]) % 8))
    parts = urlsplit(made["uri"])
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, asked["secret"]) == ("otpauth", "totp", [made["secret"]])
    assert (asked["issuer"], asked["digits"], asked["period"]) == (["Seawall"], ["6"], ["30"])
    confirmed = {"subject": subject, "code": shown(secret, platform.clock.now / 1_000)}
    assert platform.call("POST", "/v1/challenges/totp/confirm", confirmed).json == {"confirmed": True}
    return secret


def test_an_authenticator_answers_and_no_code_does_twice(platform: Platform) -> None:
    secret = _enrolled(platform, "totp-1")
    now = platform.clock.now / 1_000
    decision_id = platform.challenged("totp-1")
    made = platform.call("POST", "/v1/challenges", {"decision_id": decision_id}).json
    assert (made["method"], made["to"], made["provider"]) == ("totp", None, "seawall")  # the first that can be used
    used = platform.verify(made["challenge_id"], code=shown(secret, now))
    assert (used.json["result"], used.json["reason"]) == ("open", "wrong")  # it confirmed the enrolment
    right = platform.verify(made["challenge_id"], code=shown(secret, now + 30))
    assert (right.json["result"], right.json["decision"]["outcome"]) == ("passed", "approve")
    assert platform.service.event(right.json["decision"]["sequence"]).fields["method"] == "totp"


def test_a_code_of_an_authenticator_is_bound_as_others_are(platform: Platform) -> None:
    secret, now = _enrolled(platform, "totp-3"), platform.clock.now / 1_000
    made = platform.ask(platform.challenged("totp-3"), method="totp", to="").json
    late = platform.verify(made["challenge_id"], code=shown(secret, now + 60)).json
    assert (late["result"], late["reason"]) == ("open", "wrong")  # two steps ahead
    changed = platform.verify(made["challenge_id"], code=shown(secret, now + 30), bound=BOUND | {"amount": 1}).json
    assert (changed["result"], changed["reason"]) == ("failed", "bound_changed")
    assert secret not in b"".join(path.read_bytes() for path in platform.folder.glob("challenges.db*"))


def test_an_enrolment_is_in_use_only_once_confirmed(platform: Platform) -> None:
    made = platform.call("POST", "/v1/challenges/totp/enrol", {"subject": "totp-2"})
    assert made.status == 201
    assert platform.ask(platform.challenged("totp-2"), method="totp").status == 409
    secret = b32decode(made.json["secret"] + "=" * (-len(made.json["secret"]) % 8))
    wrong = f"{(int(totp.code_at(secret, platform.clock.now // 30_000)) + 1) % 10**6:06d}"
    body = {"subject": "totp-2", "code": wrong}
    answers = [platform.call("POST", "/v1/challenges/totp/confirm", body) for _ in range(6)]
    assert [one.status for one in answers] == [200] * 5 + [409]
    assert platform.call("POST", "/v1/challenges/totp/confirm", {"subject": "nobody", "code": "1"}).status == 409
