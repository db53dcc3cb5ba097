"""Calendar periods in local time: where the day, week, month, quarter or year that holds an instant began.

One rule for every zone: the periods partition the time line. A period starts at the first instant of its first local
date, and an instant belongs to the period with the latest start not after it. That date's first instant is midnight;
the later side of the gap where the clock skips midnight; the earlier midnight where the clock shows it twice.
So starts never go back as time goes on, whatever the local clock does.

Zones come from the `tzdata` package rather than from the host's files, so that its pinned release fixes every answer.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from seawall.engine.errors import SeawallError
from seawall.engine.feature.definition import CALENDARS

EARLIEST_MS = 0  # 1970-01-01T00:00:00.000Z
LATEST_MS = 7_289_654_399_999  # 2200-12-31T23:59:59.999Z

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# The year before and the day after the range: the local date of an instant inside it may lie just outside.
_TABLE_FROM, _TABLE_TO = date(1969, 1, 1), date(2201, 1, 2)


def period_start(t_ms: int, calendar: str, zone: str) -> int:
    """First instant of the calendar period that holds `t_ms`.

    t_ms: ms since 1970-01-01 UTC, in the years 1970 to 2200. calendar: one of CALENDARS; weeks start on Monday.
    zone: an IANA name. Returns ms since 1970-01-01 UTC, at most `t_ms`; negative where the period began before 1970.
    Raises SeawallError for another calendar, an unknown zone, or a time outside those years.
    """
    return period(t_ms, calendar, zone)[0]


def period(t_ms: int, calendar: str, zone: str) -> tuple[int, int]:
    """[start, end) of the calendar period that holds `t_ms`, as `period_start` gives its start."""
    _check(calendar, t_ms, t_ms)
    info = _zone(zone)
    local_date = (_EPOCH + t_ms * _MILLISECOND).astimezone(info).date()
    first = _first_date(local_date, calendar)
    second = _next_first_date(first, calendar)
    following = _first_instant(second, info)
    if following <= t_ms:
        return following, _first_instant(_next_first_date(second, calendar), info)
    return _first_instant(first, info), following


def period_starts(t_ms: NDArray[np.int64], calendar: str, zone: str) -> NDArray[np.int64]:
    """`period_start` of every element: int64 of any shape in, int64 of the same shape out (ms UTC).

    The first call for a zone builds its table of day starts; later calls cost one binary search an element.
    Raises SeawallError as `period_start` does, naming the extreme time where any is out of range.
    """
    times = np.asarray(t_ms, dtype=np.int64)
    if times.size:
        _check(calendar, int(times.min()), int(times.max()))
    else:
        _check(calendar, EARLIEST_MS, LATEST_MS)
    starts = _starts(calendar, zone)
    return starts[np.searchsorted(starts, times, side="right") - 1]


def _check(calendar: str, lowest_ms: int, highest_ms: int) -> None:
    if calendar not in CALENDARS:
        raise SeawallError(f"unknown calendar {calendar!r}: use one of {', '.join(CALENDARS)}")
    if lowest_ms < EARLIEST_MS or highest_ms > LATEST_MS:
        culprit = lowest_ms if lowest_ms < EARLIEST_MS else highest_ms
        raise SeawallError(f"time {culprit} ms is outside the years 1970 to 2200 that calendar windows cover")


def _first_date(day: date, calendar: str) -> date:
    """First local date of the period that holds `day`."""
    if calendar == "day":
        return day
    if calendar == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": day.month - (day.month - 1) % 3, "year": 1}[calendar]
    return date(day.year, month, 1)


def _next_first_date(first: date, calendar: str) -> date:
    """First local date of the period after the one that begins on `first`."""
    longest_days = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[calendar]
    return _first_date(first + timedelta(days=longest_days), calendar)


def _first_instant(day: date, info: ZoneInfo) -> int:
    """ms UTC of the first instant whose local date is `day`, or later where the zone skipped that whole date."""
    midnight = datetime(day.year, day.month, day.day)
    days_ms = (day.toordinal() - _EPOCH.toordinal()) * 86_400_000
    # fold 0 reads a skipped or doubled wall time by the offset before the switch, fold 1 by the one after.
    early = days_ms - _offset_ms(info, midnight)
    late = days_ms - _offset_ms(info, midnight.replace(fold=1))
    return early if early <= late else _switch_between(late, early, midnight, info)


def _switch_between(low: int, high: int, midnight: datetime, info: ZoneInfo) -> int:
    """The instant in [low, high] at which the local clock jumps past `midnight`, which it never shows."""
    while low < high:
        middle = (low + high) // 2
        local = (_EPOCH + middle * _MILLISECOND).astimezone(info).replace(tzinfo=None)
        low, high = (low, middle) if local >= midnight else (middle + 1, high)
    return low


def _offset_ms(info: ZoneInfo, wall: datetime) -> int:
    offset = info.utcoffset(wall)
    assert offset is not None, "every zone has an offset at every wall time"
    return offset // _MILLISECOND


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    if name not in _zone_names():
        raise SeawallError(f"unknown time zone {name!r}: use an IANA name such as Asia/Shanghai")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as source:
        return ZoneInfo.from_file(source, key=name)


@lru_cache(maxsize=32)
def _day_starts(zone: str) -> NDArray[np.int64]:
    """Start of every local date of the table, ascending; 0.7 MB a zone."""
    info = _zone(zone)
    ordinals = range(_TABLE_FROM.toordinal(), _TABLE_TO.toordinal() + 1)
    starts = np.fromiter((_first_instant(date.fromordinal(o), info) for o in ordinals), np.int64, len(ordinals))
    return _frozen(starts)


@lru_cache(maxsize=128)
def _starts(calendar: str, zone: str) -> NDArray[np.int64]:
    days = _day_starts(zone)
    if calendar == "day":
        return days
    first = _first_date(_TABLE_FROM, calendar)
    if first < _TABLE_FROM:
        first = _next_first_date(first, calendar)
    indices = []
    while first <= _TABLE_TO:
        indices.append(first.toordinal() - _TABLE_FROM.toordinal())
        first = _next_first_date(first, calendar)
    return _frozen(days[indices])


def _frozen(array: NDArray[np.int64]) -> NDArray[np.int64]:
    assert bool(np.all(array[1:] >= array[:-1])), "period starts ascend"
    array.flags.writeable = False
    return array
