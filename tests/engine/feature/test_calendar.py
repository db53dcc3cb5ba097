from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.errors import SeawallError
from seawall.engine.feature.calendar import (
    EARLIEST_MS,
    LATEST_MS,
    _first_instant,
    _zone,
    period_start,
    period_starts,
)
from seawall.engine.feature.definition import CALENDARS, DAY, HOUR, MINUTE

from .streams import ANCHORS, ZONES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("calendar", "zone", "instant", "start"),
    [
        ("day", "UTC", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("day", "Europe/Berlin", "2024-03-31T23:59:59.999+02:00", "2024-03-31T00:00:00+01:00"),
        ("day", "Europe/Berlin", "2024-10-27T23:59:59.999+01:00", "2024-10-27T00:00:00+02:00"),
        ("day", "America/New_York", "2024-11-03T23:59:59.999-05:00", "2024-11-03T00:00:00-04:00"),
        ("day", "Australia/Lord_Howe", "2024-04-07T23:59:59.999+10:30", "2024-04-07T00:00:00+11:00"),
        ("day", "Asia/Shanghai", "1991-09-15T23:59:59.999+08:00", "1991-09-15T00:00:00+09:00"),
        ("day", "America/Sao_Paulo", "2018-11-04T12:00:00-02:00", "2018-11-04T01:00:00-02:00"),  # no midnight
        ("month", "America/Asuncion", "2017-10-15T12:00:00-03:00", "2017-10-01T01:00:00-03:00"),  # nor in this month
        ("day", "America/Havana", "2024-11-03T12:00:00-05:00", "2024-11-03T00:00:00-04:00"),  # midnight twice
        ("day", "America/Havana", "2024-11-03T00:30:00-05:00", "2024-11-03T00:00:00-04:00"),
        # St. John's turned back from 00:01 to 23:01 of the day before: the day had begun and goes on
        ("day", "America/St_Johns", "1990-10-28T00:00:30-02:30", "1990-10-28T00:00:00-02:30"),
        ("day", "America/St_Johns", "1990-10-27T23:30:00-03:30", "1990-10-28T00:00:00-02:30"),
        ("day", "America/St_Johns", "1990-10-27T23:59:59-02:30", "1990-10-27T00:00:00-02:30"),
        ("day", "Pacific/Apia", "2011-12-31T05:00:00+14:00", "2011-12-31T00:00:00+14:00"),  # 12-30 was left out
        ("day", "Pacific/Apia", "2011-12-29T23:59:59.999-10:00", "2011-12-29T00:00:00-10:00"),
        ("day", "Africa/Monrovia", "1971-06-01T12:00:00Z", "1971-06-01T00:44:30Z"),  # 44 min 30 s behind
        ("week", "Asia/Shanghai", "2024-09-08T23:59:59.999+08:00", "2024-09-02T00:00:00+08:00"),
        ("week", "Asia/Shanghai", "2024-09-09T00:00:00+08:00", "2024-09-09T00:00:00+08:00"),
        ("week", "UTC", "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z"),
        ("month", "Asia/Shanghai", "2024-02-29T23:59:59.999+08:00", "2024-02-01T00:00:00+08:00"),
        ("month", "Asia/Shanghai", "2100-03-01T00:00:00+08:00", "2100-03-01T00:00:00+08:00"),
        ("quarter", "America/New_York", "2024-06-30T23:59:59.999-04:00", "2024-04-01T00:00:00-04:00"),
        ("quarter", "America/New_York", "2024-03-31T23:59:59.999-04:00", "2024-01-01T00:00:00-05:00"),
        ("year", "America/New_York", "1970-01-01T00:00:00Z", "1969-01-01T00:00:00-05:00"),
        ("year", "Asia/Shanghai", "2200-12-31T23:59:59.999Z", "2201-01-01T00:00:00+08:00"),
    ],
)
def test_known_starts(calendar: str, zone: str, instant: str, start: str) -> None:
    assert period_start(ms(instant), calendar, zone) == ms(start)
    assert period_starts(np.array([ms(instant)]), calendar, zone).tolist() == [ms(start)]


times = st.one_of(
    st.integers(EARLIEST_MS, LATEST_MS),
    st.builds(
        lambda anchor, shift: anchor + shift,
        st.sampled_from(ANCHORS),
        st.one_of(
            st.integers(-2 * DAY, 2 * DAY),
            st.builds(lambda halves, tick: halves * 30 * MINUTE + tick, st.integers(-60, 60), st.integers(-1, 1)),
        ),
    ),
)


@given(st.lists(times, max_size=20), st.sampled_from(CALENDARS), st.sampled_from(ZONES))
def test_table_and_date_arithmetic_agree(instants: list[int], calendar: str, zone: str) -> None:
    starts = period_starts(np.array(instants, dtype=np.int64), calendar, zone)
    assert starts.dtype == np.int64
    assert starts.tolist() == [period_start(t, calendar, zone) for t in instants]


@given(times, st.sampled_from(CALENDARS), st.sampled_from(ZONES))
def test_a_start_is_the_first_instant_of_its_own_period(t: int, calendar: str, zone: str) -> None:
    start = period_start(t, calendar, zone)
    assert start <= t
    if start > EARLIEST_MS:
        assert period_start(start, calendar, zone) == start
        assert period_start(start - 1, calendar, zone) < start
    local = _local(start, zone)
    assert local.date() == _first_date(_local(t, zone).date(), calendar)
    assert _local(start - 1, zone).date() < local.date()


def _local(t: int, zone: str) -> datetime:
    return (EPOCH + timedelta(milliseconds=t)).astimezone(ZoneInfo(zone))


def _first_date(day: date, calendar: str) -> date:
    """By walking back one day at a time."""
    begins: dict[str, Callable[[date], bool]] = {
        "day": lambda d: True,
        "week": lambda d: d.strftime("%a") == "Mon",
        "month": lambda d: d.day == 1,
        "quarter": lambda d: (d.month, d.day) in ((1, 1), (4, 1), (7, 1), (10, 1)),
        "year": lambda d: (d.month, d.day) == (1, 1),
    }
    while not begins[calendar](day):
        day -= timedelta(days=1)
    return day


def test_starts_never_go_back_as_time_goes_on() -> None:
    around = np.arange(ms("1990-10-26T00:00:00Z"), ms("1990-10-30T00:00:00Z"), MINUTE // 2)
    starts = period_starts(around, "day", "America/St_Johns")
    assert np.all(np.diff(starts) >= 0)
    assert len(set(np.diff(np.unique(starts)).tolist())) == 2  # the day of 25 hours among days of 24


def test_a_gap_across_midnight_begins_the_day_at_the_switch() -> None:
    # Toronto skipped from 23:30 to 00:30; no zone has done so since 1970, and one may again
    assert _first_instant(date(1919, 3, 31), _zone("America/Toronto")) == ms("1919-03-31T00:30:00-04:00")


def test_any_shape_and_empty() -> None:
    square = np.array([[0, DAY], [DAY + 1, 3 * DAY + HOUR]], dtype=np.int64)
    assert period_starts(square, "day", "UTC").tolist() == [[0, DAY], [DAY, 3 * DAY]]
    assert period_starts(np.array([], dtype=np.int64), "day", "UTC").tolist() == []


def test_a_result_is_the_callers_own() -> None:
    instants = np.array([DAY + 5], dtype=np.int64)
    period_starts(instants, "day", "UTC")[:] = 0
    assert period_starts(instants, "day", "UTC").tolist() == [DAY]


@pytest.mark.parametrize("t", [EARLIEST_MS - 1, LATEST_MS + 1])
def test_other_years_are_refused(t: int) -> None:
    with pytest.raises(SeawallError, match=rf"time {t} ms is outside the years 1970 to 2200"):
        period_start(t, "day", "UTC")
    with pytest.raises(SeawallError, match=rf"time {t} ms is outside the years 1970 to 2200"):
        period_starts(np.array([DAY, t], dtype=np.int64), "day", "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../UTC", "", "europe/berlin", "/etc/localtime"])
def test_an_unknown_zone_is_named(zone: str) -> None:
    with pytest.raises(SeawallError, match="unknown time zone"):
        period_start(0, "day", zone)
    with pytest.raises(SeawallError, match="unknown time zone"):
        period_starts(np.array([0], dtype=np.int64), "day", zone)


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(SeawallError, match="unknown calendar 'fortnight': use one of day, week"):
        period_start(0, "fortnight", "UTC")
    with pytest.raises(SeawallError, match="unknown calendar 'fortnight'"):
        period_starts(np.array([], dtype=np.int64), "fortnight", "UTC")
