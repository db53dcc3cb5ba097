"""Time columns of an Arrow array as milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from seawall.engine.columns import MISSING, Ints
from seawall.engine.history.mapping import Source
from seawall.engine.history.problems import RowProblem
from seawall.engine.history.texts import integers
from seawall.engine.times import FIRST_INSTANT, LAST_INSTANT, parse_instant

_PER_MS = {"s": (1000, 1), "ms": (1, 1), "us": (1, 1_000), "ns": (1, 1_000_000)}  # ms = value * first / second
_QUARTER = 900_000  # every offset since 1970 changes at a multiple of 15 minutes of local time
_EPOCH = datetime(1970, 1, 1)
_FINER = "is finer than a millisecond; round it, or map truncate: true"


def instants(array: Any, source: Source) -> Ints:
    """int64[n] ms, MISSING where null. RowProblem for what is no time, or lies outside the years 1970 to 2200."""
    kind, column = array.type, source.column
    if pa.types.is_null(kind):
        return np.full(len(array), MISSING, dtype=np.int64)
    if pa.types.is_timestamp(kind):
        _refuse_unit(source, ("", "datetime"), kind)
        values = _counted(array.cast(pa.int64()), kind.unit, source)
        return _in_range(values if kind.tz else _to_utc(values, source), column)
    if pa.types.is_date(kind):
        _refuse_unit(source, ("", "datetime"), kind)
        values = _counted(array.cast(pa.timestamp("s")).cast(pa.int64()), "s", source)
        return _in_range(_to_utc(values, source), column)
    if pa.types.is_integer(kind):
        if source.unit not in _PER_MS:
            raise RowProblem(-1, column, "holds whole numbers; map unit: s, ms, us or ns")
        return _in_range(_counted(array.cast(pa.int64()), source.unit, source), column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _in_range(_from_text(array, source), column)
    raise RowProblem(-1, column, f"holds {kind}, which is no time; convert the file")


def _refuse_unit(source: Source, allowed: tuple[str, ...], kind: Any) -> None:
    if source.unit not in allowed:
        raise RowProblem(-1, source.column, f"holds {kind}; map unit: datetime, not {source.unit}")


def _counted(array: Any, unit: str, source: Source) -> Ints:
    values = integers(array)
    times, per = _PER_MS[unit]
    missing = values == MISSING
    if times > 1:
        far = np.flatnonzero(~missing & (np.abs(values) > LAST_INSTANT))
        if len(far):
            raise RowProblem(int(far[0]), source.column, "lies outside the years 1970 to 2200")
    if per > 1 and not source.truncate:
        finer = np.flatnonzero(~missing & (values % per != 0))
        if len(finer):
            raise RowProblem(int(finer[0]), source.column, _FINER)
    return np.where(missing, MISSING, np.where(missing, 0, values) * times // per)


def _from_text(array: Any, source: Source) -> Ints:
    """RFC 3339 with an offset, or local date and time in the source's zone."""
    if source.unit in _PER_MS:
        try:
            return _counted(array.cast(pa.int64()), source.unit, source)
        except pa.ArrowInvalid:
            return _each(array, source)
    with_offset = source.unit != "datetime"
    try:
        stamps = array.cast(pa.timestamp("ns", tz="UTC") if with_offset else pa.timestamp("ns"))
    except pa.ArrowInvalid:
        return _each(array, source)
    values = _counted(stamps.cast(pa.int64()), "ns", source)
    return values if with_offset else _to_utc(values, source)


def _each(array: Any, source: Source) -> Ints:
    """Text that the vector path refused, value by value: the first that is no time is named."""
    result = np.full(len(array), MISSING, dtype=np.int64)
    for index, text in enumerate(array.to_pylist()):
        if text is not None:
            try:
                result[index] = _one(text, source)
            except ValueError as error:
                raise RowProblem(index, source.column, f"{text[:40]!r} {error}") from None
    return result


def _one(text: str, source: Source) -> int:
    if source.unit in _PER_MS:
        raise ValueError(f"is not a whole number of {source.unit}")
    if source.unit != "datetime":
        return parse_instant(text)
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date and time; write it like 2026-11-22 10:00:00") from None
    if local.tzinfo is not None:
        raise ValueError("names an offset; map unit: rfc3339")
    if local.microsecond % 1000 and not source.truncate:
        raise ValueError(_FINER)
    return int(_to_utc(np.array([(local - _EPOCH) // timedelta(milliseconds=1)]), source)[0])


def _to_utc(local: Ints, source: Source) -> Ints:
    """Local ms to UTC. Of an hour that happened twice the first is meant; one that was skipped moves on by the gap."""
    if source.zone == "UTC":
        return local
    zone = ZoneInfo(source.zone)
    inside = (local >= FIRST_INSTANT) & (local <= LAST_INSTANT)
    quarters, inverse = np.unique(np.where(inside, local // _QUARTER, 0), return_inverse=True)
    offsets = [_offset(int(quarter) * _QUARTER, zone) for quarter in quarters.tolist()]
    return np.where(inside, local - np.array(offsets, dtype=np.int64)[inverse], local)


def _offset(local_ms: int, zone: ZoneInfo) -> int:
    at = (_EPOCH + timedelta(milliseconds=local_ms)).replace(tzinfo=zone)
    return (at.replace(tzinfo=UTC) - at.astimezone(UTC)) // timedelta(milliseconds=1)


def _in_range(values: Ints, column: str) -> Ints:
    wrong = np.flatnonzero((values != MISSING) & ((values < FIRST_INSTANT) | (values > LAST_INSTANT)))
    if len(wrong):
        raise RowProblem(int(wrong[0]), column, "lies outside the years 1970 to 2200")
    return values
