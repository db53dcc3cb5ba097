"""Instants and durations as text: RFC 3339 to milliseconds since 1970 (UTC), and "10m" to milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
FIRST_INSTANT = 0
LAST_INSTANT = int(datetime(2201, 1, 1, tzinfo=UTC).timestamp()) * SECOND - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:(Z)|([+-])(\d\d):(\d\d))", re.ASCII
)
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"([1-9]\d{0,8})(ms|s|m|h|d)", re.ASCII)

# Most events name one of a few recent days in the form 2026-11-22T10:00:00.000Z: four look-ups read it.
_CLOCK = {f"T{hour:02d}:{minute:02d}:": hour * HOUR + minute * MINUTE for hour in range(24) for minute in range(60)}
_SECONDS = {f"{second:02d}.": second * SECOND for second in range(60)}
_MILLIS = {f"{milli:03d}Z": milli for milli in range(SECOND)}
_DAYS_KEPT = 4096
_days: dict[str, int] = {}


def parse_instant(text: str) -> int:
    """Milliseconds since 1970-01-01T00:00Z of an RFC 3339 text with an offset; ValueError says what is wrong."""
    try:
        return _days[text[:10]] + _CLOCK[text[10:17]] + _SECONDS[text[17:20]] + _MILLIS[text[20:]]
    except KeyError:
        return _parse_carefully(text)


def _parse_carefully(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("is not an RFC 3339 time; write it like 2026-11-22T10:00:00.000Z or with an offset +08:00")
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    fraction = match[7] or ""
    if fraction[3:].strip("0"):
        raise ValueError("is finer than a millisecond; round it to three decimals")
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"is not a time: {error}") from None
    instant = (at - _EPOCH) // timedelta(milliseconds=1)
    if match[8] and len(text) == 24:
        if len(_days) >= _DAYS_KEPT:
            _days.clear()
        if FIRST_INSTANT <= instant <= LAST_INSTANT:
            _days[text[:10]] = instant - instant % DAY
    instant += int(fraction[:3].ljust(3, "0"))
    if match[9]:
        hours, minutes = int(match[10]), int(match[11])
        if hours > 23 or minutes > 59:
            raise ValueError("has an offset beyond 23:59")
        offset = hours * HOUR + minutes * MINUTE
        instant += -offset if match[9] == "+" else offset
    if not FIRST_INSTANT <= instant <= LAST_INSTANT:
        raise ValueError("lies outside the years 1970 to 2200")
    return instant


def format_instant(instant: int) -> str:
    """RFC 3339 in UTC with milliseconds, the inverse of parse_instant."""
    return f"{_EPOCH + timedelta(milliseconds=instant):%Y-%m-%dT%H:%M:%S}.{instant % SECOND:03d}Z"


def parse_duration(text: str) -> int:
    """Milliseconds of "500ms", "90s", "10m", "24h" or "30d"; ValueError says what is wrong."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("is not a duration; write a whole number and one of ms, s, m, h, d, like 10m or 30d")
    return int(match[1]) * _UNITS[match[2]]


def format_duration(duration: int) -> str:
    """The shortest text parse_duration reads back: 86400000 is "1d"."""
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if duration % _UNITS[unit] == 0)
    return f"{duration // _UNITS[unit]}{unit}"
