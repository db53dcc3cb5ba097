"""money("2000.50"), duration("1h30m"), timestamp("2026-11-22T10:00:00Z"): text to integers, at check time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from .types import INT64_MAX, INT64_MIN

_MONEY = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,6}))?")
_PART = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,9}))?(ms|us|ns|w|d|h|m|s)")
_UNIT_NS = {
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9,
    "w": 7 * 86_400 * 10**9,
}  # fmt: skip
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def money(text: str, exponent: int) -> int:
    """Minor units of an amount in major units; ValueError says what is wrong."""
    found = _MONEY.fullmatch(text)
    if not found:
        raise ValueError('money takes digits: money("2000") or money("19.90")')
    sign, whole, fraction = found[1], found[2], (found[3] or "").rstrip("0")
    if len(fraction) > exponent:
        raise ValueError(f"the base currency has {exponent} decimal places")
    return _int64(int(sign + whole + fraction.ljust(exponent, "0")), "the amount")


def duration(text: str) -> int:
    """Milliseconds of parts like 1h30m, 90d, 1.5s, -10m; ValueError says what is wrong."""
    body = text.removeprefix("-")
    parts = list(_PART.finditer(body))
    if not parts or "".join(part[0] for part in parts) != body:
        raise ValueError('duration takes numbers with units w d h m s ms: duration("10m") or duration("1h30m")')
    nanoseconds = sum((Fraction(f"{part[1]}.{part[2] or 0}") * _UNIT_NS[part[3]] for part in parts), Fraction(0))
    milliseconds = nanoseconds / 10**6
    if milliseconds.denominator != 1:
        raise ValueError("a duration is a whole number of milliseconds")
    return _int64(int(milliseconds) * (-1 if text.startswith("-") else 1), "the duration")


def timestamp(text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 instant with an offset; ValueError says what is wrong."""
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        raise ValueError('timestamp takes an RFC 3339 instant: timestamp("2026-11-22T10:00:00Z")')
    year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
    fraction = (found[7] or "").ljust(9, "0")
    if fraction[3:].strip("0"):
        raise ValueError("a timestamp is a whole number of milliseconds")
    offset = 0 if found[8] else (int(found[10]) * 60 + int(found[11])) * (-1 if found[9] == "-" else 1)
    if abs(offset) >= 24 * 60 or (found[11] and int(found[11]) > 59):
        raise ValueError("the offset from UTC is out of range")
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"no such instant: {error}") from None
    return (moment - _EPOCH) // timedelta(milliseconds=1) + int(fraction[:3]) - offset * 60_000


def _int64(value: int, what: str) -> int:
    if not INT64_MIN < value <= INT64_MAX:
        raise ValueError(f"{what} does not fit 64 bits")
    return value
