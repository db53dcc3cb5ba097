"""The room's figures against numbers worked out by hand."""

from __future__ import annotations

import pytest
from django.utils import timezone

from seawall.apps.situation import decided
from tests.apps.situation.world import HOUR, counted, fired
from tests.apps.situation.world import decided as row

pytestmark = pytest.mark.django_db
NOW = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC, a Wednesday


def test_the_day_is_this_hour_and_the_23_before_it() -> None:
    counted(NOW, "decline", 3, 300)
    counted(NOW - 23 * HOUR, "decline", 1, 50)
    counted(NOW - 24 * HOUR, "decline", 2, 100)  # the day before
    counted(NOW - 47 * HOUR, "approve", 5)
    counted(NOW - 48 * HOUR, "decline", 99, 99)  # older than both
    counted(NOW, "approve", 16)
    day = decided.day(NOW)
    assert day.counts == {"decline": 4, "approve": 16}
    assert day.amounts["decline"] == 350
    assert (day.before, day.amounts_before["decline"]) == ({"decline": 2, "approve": 5}, 100)
    assert day.hourly["decline"] == [1, *[0] * 22, 3]
    assert (day.total, day.share("decline"), day.change("decline")) == (20, 0.2, 1.0)
    assert day.amount_change("decline") == 2.5
    assert day.change("review") is None


def test_an_empty_day_has_no_shares() -> None:
    day = decided.day(NOW)
    assert (day.total, day.share("decline"), day.change("decline")) == (0, None, None)


def test_the_rate_is_of_the_last_seconds_and_says_when_it_stops_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, age in enumerate((60_000, 30_000, 29_999, 1_000, 0)):
        row(NOW - age, "approve", sequence=3 * number + 1)  # labels and lists have numbers too
    assert decided.rate(NOW) == decided.Rate(3 / 30, False)
    assert decided.rate(NOW + 60_000) == decided.Rate(0.0, False)
    monkeypatch.setattr(decided, "MOST_COUNTED", 4)
    assert decided.rate(NOW) == decided.Rate(2 / 30, True)


def test_rules_are_ordered_by_how_often_they_fired() -> None:
    fired(NOW, "rare", 1)
    fired(NOW, "often", 4)
    fired(NOW - HOUR, "often", 5)
    fired(NOW - 24 * HOUR, "rare", 100)
    assert [(one.rule, one.decisions) for one in decided.top_rules(NOW)] == [("often", 9), ("rare", 1)]


def test_the_week_is_on_the_platforms_clock() -> None:
    counted(NOW, "approve", 30)
    counted(NOW, "review", 10)
    counted(NOW - HOUR, "decline", 19)  # too few to say anything
    with timezone.override("Asia/Shanghai"):
        cells = decided.week(NOW)
    assert cells[2][19] == 25.0  # Wednesday 19:00 in Shanghai
    assert sum(value is not None for line in cells for value in line) == 1


def test_the_feed_is_the_newest_of_what_was_not_approved(make_user: object) -> None:
    for number in range(30):
        row(NOW + number, ("approve", "decline", "review")[number % 3], sequence=number + 1)
    found = decided.feed(make_user("ada", "analyst"))  # type: ignore[operator]
    assert len(found) == decided.FEED
    assert all(one.outcome != "approve" for one in found)
    assert [one.sequence for one in found] == sorted((one.sequence for one in found), reverse=True)
    assert found[0].sequence == 30
    assert decided.feed(make_user("root", "admin")) == []  # type: ignore[operator]
