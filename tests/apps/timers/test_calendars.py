"""Working time against an oracle that steps minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.apps.timers.calendars import (
    ALWAYS,
    Calendar,
    CalendarError,
    add_working_days,
    add_working_time,
    calendar_of,
    calendars,
    read_calendar,
    working_time_between,
)

MINUTE = timedelta(minutes=1)
CN = calendar_of("cn")
BERLIN = Calendar(
    "berlin", ZoneInfo("Europe/Berlin"), ((0, 180), (540, 1440)), frozenset({7}), frozenset({date(2026, 3, 28)})
)
SHANGHAI = ZoneInfo("Asia/Shanghai")

minutes = st.integers(0, 60 * 24 * 360).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * MINUTE)
around_dst = st.integers(0, 60 * 24 * 6).map(lambda n: datetime(2026, 3, 26, tzinfo=UTC) + n * MINUTE)
around_autumn = st.integers(0, 60 * 24 * 6).map(lambda n: datetime(2026, 10, 22, tzinfo=UTC) + n * MINUTE)


def works(calendar: Calendar, instant: datetime) -> bool:
    """Whether the minute that begins at `instant` is working time."""
    local = instant.astimezone(calendar.zone)
    minute = local.hour * 60 + local.minute
    return calendar.works_on(local.date()) and any(opens <= minute < closes for opens, closes in calendar.hours)


def step_to(calendar: Calendar, start: datetime, wanted: int) -> datetime:
    """The oracle: count working minutes one by one."""
    at, left = start, wanted
    while left:
        left -= works(calendar, at)
        at += MINUTE
    return at


@given(minutes, st.integers(0, 60 * 20))
@settings(max_examples=60)
def test_adding_is_stepping(start: datetime, wanted: int) -> None:
    assert add_working_time(CN, start, wanted * MINUTE) == step_to(CN, start, wanted)


@given(st.one_of(around_dst, around_autumn), st.integers(0, 60 * 30))
@settings(max_examples=60)
def test_adding_is_stepping_where_the_clock_changes(start: datetime, wanted: int) -> None:
    assert add_working_time(BERLIN, start, wanted * MINUTE) == step_to(BERLIN, start, wanted)


@given(minutes, st.integers(0, 60 * 24 * 5))
@settings(max_examples=60)
def test_between_is_counting(start: datetime, apart: int) -> None:
    end = start + apart * MINUTE
    counted = sum(works(CN, start + n * MINUTE) for n in range(apart))
    assert working_time_between(CN, start, end) == counted * MINUTE
    assert working_time_between(CN, end, start) == timedelta(0)


@given(minutes, st.integers(0, 60 * 100), st.integers(0, 60 * 100))
@settings(max_examples=60)
def test_time_adds_up(start: datetime, first: int, second: int) -> None:
    at = add_working_time(CN, start, first * MINUTE)
    assert (
        add_working_time(CN, at, second * MINUTE) == add_working_time(CN, start, (first + second) * MINUTE)
        or not second
    )
    assert working_time_between(CN, start, at) == first * MINUTE


@given(minutes, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_always_is_the_wall_clock(start: datetime, duration: timedelta) -> None:
    assert add_working_time(ALWAYS, start, duration) == start + duration
    assert working_time_between(ALWAYS, start, start + duration) == duration


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-02-13T10:00", 1, "2026-02-15T00:00"),  # Saturday 14 February is made up
        ("2026-02-14T10:00", 1, "2026-02-25T00:00"),  # Spring Festival 15 to 23 February
        ("2026-04-30T23:59", 5, "2026-05-12T00:00"),  # Labour Day 1 to 5 May, made up on Saturday 9
        ("2025-09-30T09:00", 2, "2025-10-11T00:00"),
        ("2026-06-06T09:00", 5, "2026-06-13T00:00"),  # from a Saturday
    ],
)
def test_days_are_counted_as_laws_count_them(start: str, days: int, due: str) -> None:
    assert add_working_days(CN, local(start), days) == local(due)


def test_hours_around_lunch_and_over_a_holiday() -> None:
    assert add_working_time(CN, local("2026-11-20T11:30"), timedelta(hours=1)) == local("2026-11-20T13:30")
    assert add_working_time(CN, local("2026-11-20T17:30"), timedelta(hours=1)) == local("2026-11-23T09:30")
    assert add_working_time(CN, local("2026-09-30T17:00"), timedelta(hours=2)) == local("2026-10-08T10:00")
    assert add_working_time(CN, local("2026-11-20T16:00"), timedelta(hours=2)) == local("2026-11-20T18:00")


def test_coverage_ends_with_the_last_notice() -> None:
    assert CN.covers(local("2026-12-31T23:59"))
    assert not CN.covers(local("2027-01-01T00:00"))
    assert ALWAYS.covers(local("2099-01-01T00:00"))


def test_bounds() -> None:
    start = local("2026-11-20T10:00")
    with pytest.raises(CalendarError, match="negative"):
        add_working_time(CN, start, -MINUTE)
    with pytest.raises(CalendarError, match="days ahead"):
        add_working_time(CN, start, timedelta(days=4000))
    with pytest.raises(CalendarError, match="1 to"):
        add_working_days(CN, start, 0)
    with pytest.raises(CalendarError, match="there are always, cn"):
        calendar_of("mars")


def calendar_data() -> dict[str, object]:
    return {
        "calendar": "x", "zone": "Asia/Shanghai", "weekend": [6, 7], "hours": ["09:00-12:00", "13:00-24:00"],
        "covers": {"from": "2026-01-01", "until": "2026-12-31"},
        "years": [{"holidays": [{"from": "2026-10-01", "until": "2026-10-02"}], "working": ["2026-10-10"]}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hours": ["12:00-09:00"]}, "end before they begin"),
        ({"hours": ["09:00-12:00", "11:00-13:00"]}, "overlap"),
        ({"covers": {"from": "2026-01-01", "until": "2026-10-05"}}, "outside the days"),
        ({"years": [{"holidays": [], "working": ["2026-10-09"]}]}, "working day already"),
        ({"years": [{"holidays": [{"from": "2026-10-10", "until": "2026-10-10"}], "working": ["2026-10-10"]}]}, "both"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(change: dict[str, object], says: str) -> None:
    assert read_calendar(calendar_data()).works_on(date(2026, 10, 10))
    with pytest.raises(CalendarError, match=says):
        read_calendar(calendar_data() | change)


def test_the_shipped_calendars_can_be_read() -> None:
    assert set(calendars()) == {"always", "cn"}
    working_days = sum(CN.works_on(date(2026, 1, 1) + timedelta(days=n)) for n in range(365))
    assert working_days == 248  # 261 weekdays, 19 of them holidays, 6 days made up
