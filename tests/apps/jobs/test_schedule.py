"""When a job comes next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from seawall.apps.jobs.schedule import Cron, Every, ScheduleError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "now", "then"),
    [
        (Cron("30", "2"), "2026-11-22T18:29:59", "2026-11-22T18:30:00"),  # 02:30 in Shanghai
        (Cron("30", "2"), "2026-11-22T18:30:00", "2026-11-23T18:30:00"),
        (Cron("*/15"), "2026-11-22T18:07:12", "2026-11-22T18:15:00"),
        (Cron("0", "0", weekday="1"), "2026-11-22T12:00:00", "2026-11-22T16:00:00"),  # Monday begins
        (Cron("0", "0", day="29", month="2"), "2026-11-22T12:00:00", "2028-02-28T16:00:00"),
    ],
)
def test_a_cron_schedule_is_on_the_clock_of_the_platform(cron: Cron, now: str, then: str) -> None:
    with timezone.override("Asia/Shanghai"):
        assert cron.after(at(now)) == at(then)


def test_a_cron_schedule_goes_over_the_end_of_summer_time() -> None:
    with timezone.override("Europe/Berlin"):
        assert Cron("30", "4").after(at("2026-10-24T12:00:00")) == at("2026-10-25T03:30:00")
        assert Cron("30", "4").after(at("2026-03-28T12:00:00")) == at("2026-03-29T02:30:00")


def test_every_counts_from_the_last_time() -> None:
    assert Every(90).after(at("2026-11-22T18:00:00")) == at("2026-11-22T18:01:30")


def test_what_never_comes_is_refused() -> None:
    with pytest.raises(ScheduleError):
        Cron("0", "0", day="30", month="2")
    with pytest.raises(ScheduleError):
        Every(0)
    with pytest.raises(ValueError, match="not a valid"):
        Cron("61")


def test_schedules_are_said_in_words() -> None:
    assert str(Cron("5", "3")) == "daily at 03:05"
    assert str(Cron("5", "3", weekday="1")) == "5 3 * * 1"
    assert str(Every(5400)) == "every 1 h 30 min"
