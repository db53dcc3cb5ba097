"""Face matches: what the rules that fired ask for, the sandbox, and a provider over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from seawall.engine.times import format_instant
from seawall.server.challenge import providers
from seawall.server.challenge.options import ChallengeOptions, Challenges, Face, SettingsError, load_options
from seawall.server.challenge.providers import HttpFace, Matched, providers_of

from .conftest import Platform, platform_at
from .vendor import Vendor


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One of its own, whose customers have a past of five days."""
    with platform_at(tmp_path_factory.mktemp("faces")) as one:
        for customer in ("face-1", "face-2"):
            for number in range(6):
                _login(one, customer, str(number), device="home", ip_country="CN")
        one.clock.now += 5 * 86_400_000
        yield one


def _login(platform: Platform, customer: str, number: str, **more: str) -> Any:
    body = {
        "event_id": f"{customer}-{number}", "type": "login", "event_time": format_instant(platform.clock.now),
        "customer": customer, "result": "success", **more,
    }  # fmt: skip
    return platform.call("POST", "/v1/decisions", body).json


def at_a_new_place(platform: Platform, customer: str) -> str:
    """The decision_id of a login on an unknown device in an unknown country, whose rule asks for a face match."""
    found = _login(platform, customer, "x", device=f"new-{customer}", ip_country="BR")
    assert (found["outcome"], found["rules"]) == ("challenge", ["login_new_place"])
    return str(found["decision_id"])


def test_the_rule_s_method_and_no_milder_one(platform: Platform) -> None:
    decision_id = at_a_new_place(platform, "face-1")
    milder = platform.ask(decision_id)
    assert (milder.status, "face" in milder.json["detail"]) == (409, True)
    made = platform.call("POST", "/v1/challenges", {"decision_id": decision_id}).json
    assert (made["method"], made["kind"], made["provider"], made["bound"]) == ("face", "face_match", "sandbox", [])
    assert "人脸" in made["text"]["zh"]
    again = platform.call("POST", "/v1/challenges", {"decision_id": decision_id})
    assert (again.status, again.json["challenge_id"]) == (200, made["challenge_id"])
    path = f"/v1/challenges/{made['challenge_id']}/verify"
    assert platform.call("POST", path, {"code": "123456"}).json["field"] == "proof"
    assert platform.call("POST", path, {"proof": "somebody else"}).json["result"] == "open"
    done = platform.call("POST", path, {"proof": "pass"}).json
    assert (done["result"], done["decision"]["outcome"]) == ("passed", "approve")


@pytest.mark.parametrize(
    ("status", "answer", "passed", "trouble"),
    [
        (200, {"passed": True}, True, ""),
        (200, {"passed": False, "id": "h1"}, False, ""),
        (200, {"passed": "true"}, False, "answer 200 of the provider"),
        (200, {"passed": True, "id": "another"}, False, "answer 200 of the provider"),
        (200, {}, False, "answer 200 of the provider"),
        (200, b"<html>maintenance", False, "answer 200 of the provider"),
        (200, ["passed"], False, "answer 200 of the provider"),
        (500, {"passed": True}, False, "answer 500 of the provider"),
        (302, {"passed": True}, False, "answer 302 of the provider"),
    ],
)
def test_a_provider_over_the_wire(vendor: Vendor, status: int, answer: Any, passed: bool, trouble: str) -> None:
    vendor.answers = [(status, answer)]
    matched = HttpFace(vendor.face).match("h1", "a proof")
    assert (matched.passed, matched.trouble) == (passed, trouble)
    assert vendor.got == [({"id": "h1", "proof": "a proof"}, "Bearer t")]


def test_a_provider_that_is_away_takes_no_attempt(platform: Platform, vendor: Vendor) -> None:
    decision_id = at_a_new_place(platform, "face-2")
    made = platform.call("POST", "/v1/challenges", {"decision_id": decision_id}).json
    path, before = f"/v1/challenges/{made['challenge_id']}/verify", platform.desk._providers
    options = ChallengeOptions(challenges=Challenges(face=vendor.face))
    platform.desk._providers = providers_of(options, platform.folder)
    try:
        vendor.answers = [(503, {}), (200, {"passed": False}), (200, {"passed": True})]
        assert platform.call("POST", path, {"proof": "p"}).status == 503
        assert platform.call("POST", path, {"proof": "p"}).json["attempts_left"] == 1
        assert platform.call("POST", path, {"proof": "p"}).json["result"] == "passed"
    finally:
        platform.desk._providers = before


def test_a_provider_that_hangs_or_is_gone_is_no_answer(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "TIMEOUT", 0.2)
    vendor.answers = [(0, None)]
    assert HttpFace(vendor.face).match("h1", "p") == Matched(False, "TimeoutError")
    gone = Face(provider="http", url="http://127.0.0.1:9/match")
    assert HttpFace(gone).match("h1", "p") == Matched(False, "ConnectionRefusedError")


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ValidationError, match="https"):
        Face(provider="http", url="http://faces.example.com/")


def test_what_is_set_is_named(tmp_path: Path) -> None:
    none = {"sms": "none", "email": "none", "face_match": "none"}
    assert ChallengeOptions().providers() == none
    assert providers_of(ChallengeOptions(), tmp_path).codes == {}
    assert ChallengeOptions(environment="demo").providers() == dict.fromkeys(none, "sandbox")
    kept_out = ChallengeOptions(environment="demo", challenges=Challenges(sandbox=False))
    assert kept_out.providers() == none


def test_the_settings_of_a_home(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        'environment = "demo"\n[sms]\nprovider = "http"\nurl = "https://sms.example.com/"\n'
        "[challenges]\ncodes_a_day = 3\n"
    )
    options = load_options(tmp_path)
    assert options.providers() == {"sms": "http", "email": "sandbox", "face_match": "sandbox"}
    assert options.challenges.codes_a_day == 3
    path.write_text("[challenges]\ncodes_per_day = 3\n")
    with pytest.raises(SettingsError, match=r"settings\.toml: challenges\.codes_per_day"):
        load_options(tmp_path)
