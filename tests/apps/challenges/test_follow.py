"""The index of challenges: every step exactly once, nothing about a person, never ahead of the journal's."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any, get_type_hints

import pytest
from django.db import connection

from seawall.apps.challenges import jobs, source, words
from seawall.apps.challenges.jobs import follow_once
from seawall.apps.challenges.models import Challenge, Position, Step
from seawall.apps.challenges.source import Happened
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.jobs import follow_all
from seawall.engine.pack.model import CHALLENGE_KINDS
from seawall.server.challenge import book, steps
from tests.apps.challenges.home import PHONE, Story

pytestmark = pytest.mark.django_db


def stories(told: Story) -> dict[str, list[tuple[str, str]]]:
    """customer -> (what, detail) of each step."""
    return {
        customer: list(Step.objects.filter(challenge=key).order_by("number").values_list("what", "detail"))
        for customer, key in told.ids.items()
    }


STORIES = {
    "c1": [("opened", ""), ("wrong", ""), ("passed", ""), ("decided", "")],
    "c2": [("opened", ""), ("failed", "bound_changed"), ("decided", "")],
    "c3": [("opened", ""), ("abandoned", "given_up"), ("decided", "")],
    "c4": [("opened", ""), ("expired", ""), ("decided", "")],
    "c5": [("opened", "")],
}


def test_each_challenge_with_its_story(followed: Story) -> None:
    assert stories(followed) == STORIES
    found = {str(one.pk): one for one in Challenge.objects.select_related("decision")}
    states = {customer: found[key].state for customer, key in followed.ids.items()}
    assert states == {"c1": "passed", "c2": "failed", "c3": "abandoned", "c4": "expired", "c5": "open"}
    for customer, key in followed.ids.items():
        one = found[key]
        assert (one.decision.event_id, one.decision.outcome) == (f"{customer}-4", "challenge")
        assert (one.method, one.kind, one.provider, one.stuck) == ("otp", "one_time_code", "sandbox", False)
        assert (one.ended_at is None, one.result_id is None) == (customer == "c5",) * 2
        assert one.expires_at - one.opened_at == 300_000


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_in_pieces_it_comes_to_the_same(told: Story, limit: int) -> None:
    follow_all()
    while follow_once(limit):
        pass
    assert stories(told) == STORIES
    assert follow_once(limit) == 0


def test_a_step_waits_for_its_decision(told: Story) -> None:
    assert follow_once() == 0
    assert not Challenge.objects.exists()
    follow_all()
    assert follow_once() == sum(map(len, STORIES.values()))


def test_whoever_is_slower_adds_nothing(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    follow_all()
    read = source.steps_after

    def overtaken(number: int, most: int) -> Any:
        found = read(number, most)
        monkeypatch.setattr(jobs, "steps_after", read)
        assert follow_once() > 0
        return found

    monkeypatch.setattr(jobs, "steps_after", overtaken)
    assert follow_once() == 0
    assert stories(told) == STORIES


def test_another_file_than_the_one_that_was_followed_is_said(followed: Story) -> None:
    Position.objects.update(number=1_000_000)
    with pytest.raises(ArchiveError, match=r"challenges\.db ends at step 14, but 1,000,000 .* same backup"):
        follow_once()


def test_a_home_without_challenges_has_none(told: Story, settings: Any, tmp_path: Any) -> None:
    settings.HOME = SimpleNamespace(folder=tmp_path)
    assert follow_once() == 0


def test_a_file_that_is_none_is_said(told: Story, settings: Any, tmp_path: Any) -> None:
    settings.HOME = SimpleNamespace(folder=tmp_path)
    (tmp_path / "challenges.db").write_bytes(b"x" * 8_192)
    with pytest.raises(ArchiveError, match=r"challenges\.db: .*check the file"):
        follow_once()


def test_nothing_about_a_person_is_kept(followed: Story) -> None:
    held = []
    with connection.cursor() as cursor:
        for table in ("challenges_challenge", "challenges_step", "challenges_position"):
            cursor.execute(f"SELECT * FROM {table}")
            held += [str(value) for row in cursor.fetchall() for value in row]
    for secret in (PHONE, PHONE[3:], PHONE[-4:], *followed.codes, *followed.ids.keys()):
        assert secret not in held
        assert not any(secret in one for one in held if len(secret) > 6)


def test_every_word_that_the_decision_api_writes_is_known() -> None:
    assert set(words.STEPS) == set(steps.STEPS)
    assert set(words.STATES) == {"open", *steps.ENDS}
    assert set(words.KINDS) == set(CHALLENGE_KINDS)
    assert set(words.REASONS) == set(steps.REASONS)
    fields = {name for name in dir(Happened) if not name.startswith("_")}
    assert fields <= set(get_type_hints(book.Happened))


def test_the_file_is_only_read(followed: Story) -> None:
    """While the decision API holds it open, too."""
    path = followed.home.folder / "challenges.db"
    before = path.read_bytes()
    with sqlite3.connect(path) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert len(book.steps_after(path, 0, 100)) == 14
        writer.rollback()
    assert path.read_bytes() == before
