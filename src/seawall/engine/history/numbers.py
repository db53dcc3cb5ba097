"""Number columns of an Arrow array: money, decimal, int and number, exactly, with the first bad row named.

Fast paths are vectors; whatever they cannot settle beyond doubt is settled value by value with Decimal.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seawall.engine.columns import MISSING, Floats, IntColumn, Ints, NumberColumn
from seawall.engine.event import MAX_INT
from seawall.engine.history.problems import RowProblem
from seawall.engine.history.texts import absent, integers
from seawall.engine.money import MAX_MINOR, MoneyError, parse_major

_MAX_NUMBER = 1e300
_NEAR = 1e-6
_SPLIT = float(2**27 + 1)


def money_column(array: Any, unit: str, exponents: int | Ints, column: str) -> IntColumn:
    """Minor units: whole ones as they are, or (`unit` major) ten to `exponents`, one or one a row, times the value."""
    if unit != "major":
        return IntColumn(_whole(array, MAX_MINOR, "minor units (or map unit: major)", column))
    digits = np.broadcast_to(np.asarray(exponents, dtype=np.int64), (len(array),))
    if _is_float(array.type):
        return IntColumn(_major_floats(_floats(array), absent(array), digits, column))
    if pa.types.is_integer(array.type):
        whole = _whole(array, MAX_MINOR, "major units", column)
        scaled = np.where(whole == MISSING, MISSING, whole * 10**digits)
        _refuse((whole != MISSING) & (np.abs(whole) > MAX_MINOR // 10**digits), column, _too_large())
        return IntColumn(scaled)
    if isinstance(exponents, int) and (fast := _decimal_text(array, exponents, MAX_MINOR)) is not None:
        return IntColumn(fast)
    values = _exact_values(array, column)
    return IntColumn(_each(values, lambda index, value: parse_major(value, int(digits[index])), column))


def decimal_column(array: Any, scale: int, column: str) -> IntColumn:
    """decimal(scale) as scaled integers; a float stands for the shortest decimal that reads back as it."""
    if _is_float(array.type):
        values = _floats(array)
        missing = absent(array)
        scaled = np.rint(np.where(missing, 0.0, values) * 10.0**scale)
        settled = missing | ((np.abs(scaled) <= 1e15) & (scaled / 10.0**scale == values))
        result = np.where(missing | ~settled, MISSING, np.where(settled, scaled, 0.0).astype(np.int64))
        for index in np.flatnonzero(~settled).tolist():
            result[index] = _one(index, Decimal(repr(float(values[index]))), scale, MAX_INT, column)
        return IntColumn(result)
    if (fast := _decimal_text(array, scale, MAX_INT)) is not None:
        return IntColumn(fast)
    texts = _exact_values(array, column)
    return IntColumn(_each(texts, lambda _, value: parse_major(value, scale, MAX_INT), column))


def int_column(array: Any, column: str) -> IntColumn:
    """Whole numbers up to 2**53 - 1 either side."""
    return IntColumn(_whole(array, MAX_INT, "whole numbers", column))


def number_column(array: Any, column: str) -> NumberColumn:
    """Finite doubles, -0 as 0, absent as NaN."""
    if pa.types.is_integer(array.type) or pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    elif not _is_float(array.type):
        array = _parsed(array, pa.float64(), float, "a number", column)
    missing = absent(array)
    values = _floats(array)
    _refuse(~missing & ~(np.abs(values) <= _MAX_NUMBER), column, "is not a finite number")
    return NumberColumn(np.where(missing, np.nan, values + 0.0))


def _whole(array: Any, bound: int, what: str, column: str) -> Ints:
    """Integers of any Arrow number or text, each within the bound and without a fraction."""
    kind = array.type
    if pa.types.is_uint64(kind):
        array = _parsed(array, pa.int64(), int, "a number that fits", column)
    elif _is_float(kind):
        values, missing = _floats(array), absent(array)
        _refuse(~missing & ~np.isfinite(values), column, "is not a finite number")
        safe = np.where(missing, 0.0, values)
        _refuse(np.abs(safe) > bound, column, f"is beyond {bound:,} either side of 0")
        _refuse(safe != np.rint(safe), column, f"has a fraction; send whole {what}")
        return np.where(missing, MISSING, safe.astype(np.int64))
    elif pa.types.is_decimal(kind):
        return _each(_exact_values(array, column), lambda _, value: parse_major(value, 0, bound), column)
    elif not pa.types.is_integer(kind):
        array = _parsed(array, pa.int64(), int, "a whole number", column)
    missing = absent(array)
    result = integers(array.cast(pa.int64()))
    _refuse(~missing & ((result > bound) | (result < -bound)), column, f"is beyond {bound:,} either side of 0")
    return result


def _major_floats(values: Floats, missing: Any, digits: Ints, column: str) -> Ints:
    """Nearest minor unit of each value, refused when more than a millionth of one away."""
    _refuse(~missing & ~np.isfinite(values), column, "is not a finite number")
    safe = np.where(missing, 0.0, values)
    factor: Floats = np.power(10.0, digits).astype(np.float64)
    _refuse(np.abs(safe) > MAX_MINOR, column, _too_large())
    product, rest = _two_product(safe, factor)
    minor = np.rint(product)
    off = np.abs((product - minor) + rest)
    _refuse(np.abs(minor) > MAX_MINOR, column, _too_large())
    doubtful = np.flatnonzero(np.abs(off - _NEAR) < 1e-12)
    for index in doubtful.tolist():
        _one(index, float(safe[index]), int(digits[index]), MAX_MINOR, column)
        off[index] = 0.0
    wrong = np.flatnonzero(off > _NEAR)
    if len(wrong):
        _one(int(wrong[0]), float(safe[wrong[0]]), int(digits[wrong[0]]), MAX_MINOR, column)
    return np.where(missing, MISSING, minor.astype(np.int64))


def _two_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """a*b rounded and what rounding lost (Dekker 1971); exact for the magnitudes bounded above."""
    product = a * b
    a_high = a * _SPLIT - (a * _SPLIT - a)
    b_high = b * _SPLIT - (b * _SPLIT - b)
    a_low, b_low = a - a_high, b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _decimal_text(array: Any, scale: int, bound: int) -> Ints | None:
    """Decimal texts as integers scaled by ten to `scale`; None where any of them needs a closer look."""
    if not (_is_text(array.type) or pa.types.is_decimal(array.type)):
        return None
    try:
        decimals = array.cast(pa.decimal128(38, scale))
    except pa.ArrowInvalid:
        return None
    words = np.frombuffer(decimals.buffers()[1], dtype="<i8").reshape(-1, 2)
    words = words[decimals.offset : decimals.offset + len(decimals)]  # low and high half of each 128-bit integer
    missing = absent(decimals)
    low, high = np.where(missing, 0, words[:, 0]), np.where(missing, 0, words[:, 1])
    if np.any(high != low >> 63) or np.any(np.abs(low) > bound):
        return None
    return np.where(missing, MISSING, low)


def _exact_values(array: Any, column: str) -> list[Any]:
    """Python values that carry every digit: text, int or Decimal."""
    kind = array.type
    if pa.types.is_null(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or _is_text(kind):
        values: list[Any] = array.to_pylist()
        return values
    raise RowProblem(-1, column, f"holds {kind}; numbers are needed, convert the file")


def _each(values: list[Any], parse: Callable[[int, Any], int], column: str) -> Ints:
    result = np.full(len(values), MISSING, dtype=np.int64)
    for index, value in enumerate(values):
        if value is not None:
            try:
                result[index] = parse(index, value)
            except MoneyError as error:
                raise RowProblem(index, column, str(error)) from None
    return result


def _one(index: int, value: Any, digits: int, bound: int, column: str) -> int:
    try:
        return parse_major(value, digits, bound)
    except MoneyError as error:
        raise RowProblem(index, column, str(error)) from None


def _parsed(array: Any, target: Any, convert: Callable[[Any], Any], what: str, column: str) -> Any:
    """The array cast to `target`; RowProblem names the first value that cannot be."""
    kind = array.type
    if not (_is_text(kind) or pa.types.is_null(kind) or pa.types.is_integer(kind)):
        raise RowProblem(-1, column, f"holds {kind}; {what} is needed, convert the file")
    try:
        return array.cast(target)
    except pa.ArrowInvalid:
        for index, value in enumerate(array.to_pylist()):
            if value is not None and not _casts(value, kind, target):
                raise RowProblem(index, column, f"{str(value)[:40]!r} is not {what}") from None
        raise RowProblem(-1, column, f"holds what is not {what}") from None


def _casts(value: Any, kind: Any, target: Any) -> bool:
    try:
        pc.cast(pa.scalar(value, kind), target)
    except pa.ArrowInvalid:
        return False
    return True


def _floats(array: Any) -> Floats:
    values = pc.fill_null(array, 0.0) if array.null_count else array
    return np.ascontiguousarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_float(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind))


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _too_large() -> str:
    return f"is not an amount within {MAX_MINOR} minor units either side of 0"


def _refuse(mask: Any, column: str, message: str) -> None:
    wrong = np.flatnonzero(mask)
    if len(wrong):
        raise RowProblem(int(wrong[0]), column, message)
