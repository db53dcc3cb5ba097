"""Civil time in a zone, as integer arithmetic that Python and numba run alike."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR, DAY = 3_600_000, 86_400_000
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=4)  # no zone of 1900-2100 goes and comes back in less
_UNIT = timedelta(milliseconds=1)
FIRST_MS, LAST_MS = (_FIRST - _EPOCH) // _UNIT, (_LAST - _EPOCH) // _UNIT


class ZoneTable(NamedTuple):
    """Offsets from UTC (ms): offsets[i] holds from starts[i] (ms since the epoch) to the next start."""

    starts: tuple[int, ...]
    offsets: tuple[int, ...]


@cache
def zone_table(zone: str) -> ZoneTable:
    """All offsets of an IANA zone, 1900 to 2100. Raises ValueError for an unknown zone."""
    try:
        info = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone '{zone}'") from error

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(info).utcoffset() or timedelta(0)

    starts, offsets = [FIRST_MS], [offset(_FIRST) // _UNIT]
    moment, known = _FIRST, offset(_FIRST)
    while moment < _LAST:
        following = min(moment + _STEP, _LAST)
        while (reached := offset(following)) != known:
            changed = _change(offset, moment, following, known)
            moment, known = changed, offset(changed)
            starts.append((changed - _EPOCH) // _UNIT)
            offsets.append(known // _UNIT)
            if known == reached:
                break
        moment = following
    return ZoneTable(tuple(starts), tuple(offsets))


def _change(offset: Callable[[datetime], timedelta], low: datetime, high: datetime, known: timedelta) -> datetime:
    """The first whole second in (low, high] whose offset is not `known`."""
    second = timedelta(seconds=1)
    while high - low > second:
        middle = low + ((high - low) // 2 // second) * second
        low, high = (middle, high) if offset(middle) == known else (low, middle)
    return high


def hour_of(local: int) -> int:
    """Hour 0-23 of local milliseconds."""
    return local // 3_600_000 % 24


def weekday_of(local: int) -> int:
    """Monday = 0 … Sunday = 6."""
    return (local // 86_400_000 + 3) % 7


def day_of_month_of(local: int) -> int:
    """Day of the month, 1-31."""
    days = (local // 86_400_000 + 719_468) % 146_097
    year = (days - days // 1_460 + days // 36_524 - days // 146_096) // 365
    in_year = days - (365 * year + year // 4 - year // 100)
    return in_year - (153 * ((5 * in_year + 2) // 153) + 2) // 5 + 1


def month_of(local: int) -> int:
    """Month, 1-12."""
    days = (local // 86_400_000 + 719_468) % 146_097
    year = (days - days // 1_460 + days // 36_524 - days // 146_096) // 365
    in_year = days - (365 * year + year // 4 - year // 100)
    return ((5 * in_year + 2) // 153 + 2) % 12 + 1


def day_number_of(local: int) -> int:
    """Days since 1970-01-01."""
    return local // 86_400_000


def in_zone(part: Callable[[int], int], zone: str) -> Callable[[int], int | None]:
    """`part` of the local time of an instant (ms); None outside 1900-2100."""
    starts, offsets = zone_table(zone)
    span = (0, 0, 0)  # the stretch of the last answer; replaced as a whole, so threads may share it

    def read(instant: int) -> int | None:
        nonlocal span
        low, high, offset = span
        if not low <= instant < high:
            if not FIRST_MS <= instant < LAST_MS:
                return None
            at = bisect_right(starts, instant)
            offset = offsets[at - 1]
            span = (starts[at - 1], starts[at] if at < len(starts) else LAST_MS, offset)
        return part(instant + offset)

    return read
