"""Working-day calendars: read from packs, and the arithmetic of working time.

Instants are aware; working time is elapsed time inside office hours of working days. A day is the calendar's zone's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import seawall
from seawall.engine.yaml import load

PACKS = Path(seawall.__file__).parent / "packs" / "law"
MOST_DAYS = 3660  # how far a deadline may lie ahead
ONE_DAY = timedelta(days=1)
_MIDNIGHT = "24:00"


class CalendarError(Exception):
    """A calendar that does not exist or cannot be read, or a deadline out of all measure."""


@dataclass(frozen=True)
class Calendar:
    """`hours`: (opens, closes) within a working day, minutes after midnight, in order. `first`, `last`: days covered
    by an official notice; outside them only the weekday counts."""

    key: str
    zone: ZoneInfo
    hours: tuple[tuple[int, int], ...]
    weekend: frozenset[int] = frozenset()  # ISO weekdays, Monday is 1
    holidays: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()
    first: date = date.min
    last: date = date.max

    def works_on(self, day: date) -> bool:
        """Whether the day is a working day."""
        if day in self.working:
            return True
        return day not in self.holidays and day.isoweekday() not in self.weekend

    def covers(self, instant: datetime) -> bool:
        """Whether an official notice says what kind of day it is."""
        return self.first <= self._day(instant) <= self.last

    def spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans that end after `start`, in order, in UTC; the first may have begun before it."""
        first = self._day(start)
        for offset in range(MOST_DAYS):
            day = first + offset * ONE_DAY
            if self.works_on(day):
                for opens, closes in self.hours:
                    begin, end = self._instant(day, opens), self._instant(day, closes)
                    if end > start and end > begin:
                        yield begin, end

    def end_of_day(self, day: date) -> datetime:
        """The instant at which the next day begins."""
        return self._instant(day + ONE_DAY, 0)

    def _day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def _instant(self, day: date, minutes: int) -> datetime:
        days, rest = divmod(minutes, 24 * 60)
        return datetime.combine(day + days * ONE_DAY, time(rest // 60, rest % 60), self.zone).astimezone(UTC)


ALWAYS = Calendar("always", ZoneInfo("UTC"), ((0, 24 * 60),))


def add_working_time(calendar: Calendar, start: datetime, duration: timedelta) -> datetime:
    """The first instant by which `duration` of working time has passed since `start` (`start` itself for none)."""
    if duration < timedelta(0):
        raise CalendarError(f"a duration of {duration} is negative")
    if not duration:
        return start.astimezone(UTC)
    left = duration
    for begin, end in calendar.spans(start):
        begin = max(begin, start)
        if left <= end - begin:
            return begin + left
        left -= end - begin
    raise CalendarError(f"{duration} of working time on calendar {calendar.key} is more than {MOST_DAYS} days ahead")


def working_time_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Working time that passes from `start` until `end`; none when `end` is not after `start`."""
    total = timedelta(0)
    if end <= start:
        return total
    for opens, closes in calendar.spans(start):
        if opens >= end:
            return total
        total += min(closes, end) - max(opens, start)
    if end > start + MOST_DAYS * ONE_DAY:
        raise CalendarError(f"{start} and {end} are more than {MOST_DAYS} days apart")
    return total


def add_working_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """The end of the `days`-th working day after the day of `start`, as deadlines in laws are counted (days >= 1)."""
    if not 1 <= days <= MOST_DAYS // 2:
        raise CalendarError(f"{days:,} working days: ask for 1 to {MOST_DAYS // 2:,}")
    day, left = calendar._day(start), days
    for _step in range(MOST_DAYS):
        day += ONE_DAY
        left -= calendar.works_on(day)
        if not left:
            return calendar.end_of_day(day)
    raise CalendarError(f"{days:,} working days on calendar {calendar.key} are more than {MOST_DAYS} days ahead")


# --- reading ----------------------------------------------------------------------------------------------------------


@cache
def calendars() -> Mapping[str, Calendar]:
    """Every calendar by key: `always`, and one a file `packs/law/*/calendar.yaml`."""
    found = {ALWAYS.key: ALWAYS}
    for path in sorted(PACKS.glob("*/calendar.yaml")):
        calendar = read_calendar(load(path.read_bytes(), f"{path.parent.name}/{path.name}").data)
        if calendar.key in found:
            raise CalendarError(f"calendar {calendar.key} stands in two packs; rename one")
        found[calendar.key] = calendar
    return found


def calendar_of(key: str) -> Calendar:
    """The calendar of that key. CalendarError names those there are."""
    try:
        return calendars()[key]
    except KeyError:
        raise CalendarError(f"no calendar {key!r}; there are {', '.join(calendars())}") from None


def read_calendar(data: Mapping[str, Any]) -> Calendar:
    """A calendar file's content. CalendarError says what contradicts what."""
    key = data["calendar"]
    first, last = (date.fromisoformat(data["covers"][end]) for end in ("from", "until"))
    weekend = frozenset(data["weekend"])
    holidays: set[date] = set()
    working: set[date] = set()
    for year in data["years"]:
        for holiday in year["holidays"]:
            day, until = date.fromisoformat(holiday["from"]), date.fromisoformat(holiday["until"])
            while day <= until:
                holidays.add(day)
                day += ONE_DAY
        working |= {date.fromisoformat(day) for day in year["working"]}
    if holidays & working:
        raise CalendarError(f"{key}: {min(holidays & working)} is both a holiday and a working day")
    if odd := [day for day in working if day.isoweekday() not in weekend]:
        raise CalendarError(f"{key}: {min(odd)} is a working day already; it needs no making up")
    if odd := [day for day in holidays | working if not first <= day <= last]:
        raise CalendarError(f"{key}: {min(odd)} lies outside the days that the calendar covers")
    hours = tuple(_span(key, text) for text in data["hours"])
    if any(after[0] < before[1] for before, after in pairwise(hours)):
        raise CalendarError(f"{key}: office hours overlap or are out of order")
    return Calendar(key, ZoneInfo(data["zone"]), hours, weekend, frozenset(holidays), frozenset(working), first, last)


def _span(key: str, text: str) -> tuple[int, int]:
    opens, _, closes = text.partition("-")
    begin, end = _minutes(opens), _minutes(closes)
    if begin >= end:
        raise CalendarError(f"{key}: office hours {text} end before they begin")
    return begin, end


def _minutes(text: str) -> int:
    if text == _MIDNIGHT:
        return 24 * 60
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute
