"""The story that each challenge leaves, with a provider that fails on the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.server.challenge import providers
from seawall.server.challenge.book import steps_after
from seawall.server.challenge.options import ChallengeOptions, Challenges
from seawall.server.challenge.steps import STEPS
from seawall.server.challenge.store import ChallengeStoreError, Store

from .conftest import Platform, phone, platform_at
from .vendor import Vendor, vendor_at

Texted = tuple[Platform, Vendor]


@pytest.fixture(scope="module")
def texted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Texted]:
    with vendor_at() as vendor:
        options = ChallengeOptions(environment="demo", sms=vendor.sms, challenges=Challenges(face=vendor.face))
        with platform_at(tmp_path_factory.mktemp("texted"), options) as platform:
            yield platform, vendor


def story(platform: Platform, challenge_id: str) -> list[tuple[str, str]]:
    happened = steps_after(platform.folder / "challenges.db", 0, 1_000)
    assert {one.what for one in happened} <= set(STEPS)
    return [(one.what, one.detail) for one in happened if one.challenge == challenge_id]


def test_a_provider_that_is_down_costs_no_code_and_no_wait(texted: Texted) -> None:
    platform, vendor = texted
    decision_id = platform.challenged("down")
    vendor.answers = [(503, {})]
    failed = platform.ask(decision_id)
    assert (failed.status, failed.headers["retry-after"]) == (503, "5")
    made = platform.ask(decision_id)  # at once
    assert (made.status, made.json["provider"], made.json["resends_left"]) == (200, "http", 2)
    assert vendor.got[-1][0]["to"] == phone(decision_id)
    assert vendor.got[-1][0]["id"] != vendor.got[-2][0]["id"]
    first, second = vendor.codes()[-2:]
    challenge_id = made.json["challenge_id"]
    if first != second:
        assert platform.verify(challenge_id, code=first).json["reason"] == "wrong"
        assert platform.verify(challenge_id, code=second).json["result"] == "passed"
        assert story(platform, challenge_id) == [
            ("opened", ""), ("unsent", "retry"), ("resent", ""), ("wrong", ""), ("passed", ""), ("decided", ""),
        ]  # fmt: skip


def test_a_provider_that_hangs_is_given_up_and_asked_again(texted: Texted, monkeypatch: pytest.MonkeyPatch) -> None:
    platform, vendor = texted
    monkeypatch.setattr(providers, "TIMEOUT", 0.2)
    decision_id = platform.challenged("hang")
    vendor.answers = [(0, None)]
    assert platform.ask(decision_id).status == 503
    made = platform.ask(decision_id)
    assert platform.verify(made.json["challenge_id"], code=vendor.codes()[-1]).json["result"] == "passed"


def test_a_number_that_the_provider_refuses(texted: Texted) -> None:
    platform, vendor = texted
    decision_id = platform.challenged("refused")
    vendor.answers = [(400, {"error": "no such number"})]
    answer = platform.ask(decision_id)
    assert (answer.status, answer.json["field"]) == (422, "to")
    (challenge_id,) = {one.challenge for one in steps_after(platform.folder / "challenges.db", 0, 1_000)
                       if one.challenged == decision_id}  # fmt: skip
    assert story(platform, challenge_id) == [("opened", ""), ("unsent", "refused")]


def test_what_others_read_holds_no_secret(texted: Texted) -> None:
    platform, vendor = texted
    decision_id = platform.challenged("seen")
    platform.ask(decision_id)
    (one,) = [one for one in steps_after(platform.folder / "challenges.db", 0, 1_000) if one.challenged == decision_id]
    text = repr(one)
    assert [secret for secret in (phone(decision_id), phone(decision_id)[-4:], vendor.codes()[-1]) if secret in text
            and secret not in one.challenge] == []  # fmt: skip
    assert (one.state, one.kind, one.attempts_left, one.ended_at, one.decision_id, one.stuck) == (
        "open", "one_time_code", 3, None, "", 0,
    )  # fmt: skip


def test_a_file_of_the_version_before_gets_its_story(texted: Texted, tmp_path: Path) -> None:
    platform, vendor = texted
    made = platform.ask(platform.challenged("old")).json["challenge_id"]
    platform.verify(made, code=vendor.codes()[-1])
    path = tmp_path / "challenges.db"
    with sqlite3.connect(platform.folder / "challenges.db") as source, sqlite3.connect(path) as copy:
        source.backup(copy)
        copy.executescript("DROP TABLE steps; PRAGMA user_version = 1")
    assert steps_after(path, 0, 10) == []
    Store(path).close()
    happened = [one for one in steps_after(path, 0, 1_000) if one.challenge == made]
    assert [one.what for one in happened] == ["opened", "passed", "decided"]
    assert happened[0].at == happened[0].expires_at - 300_000
    Store(path).close()
    assert len([one for one in steps_after(path, 0, 1_000) if one.challenge == made]) == 3


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "challenges.db"
    Store(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(ChallengeStoreError, match="version 99"):
        Store(path)
