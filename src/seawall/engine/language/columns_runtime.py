"""What generated column programs call: exact comparisons, overflow tests, civil time, distance. numba only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from . import clock, geo

INT64_MIN = -(2**63)
FIRST_MS, LAST_MS = clock.FIRST_MS, clock.LAST_MS
_TWO63 = 9223372036854775808.0

_jit: Callable[[Any], Any] = njit(cache=True, nogil=True, error_model="numpy")

hour_of = _jit(clock.hour_of)
weekday_of = _jit(clock.weekday_of)
day_of_month_of = _jit(clock.day_of_month_of)
month_of = _jit(clock.month_of)
day_number_of = _jit(clock.day_number_of)
haversine_km = _jit(geo.haversine_km)


@_jit
def finite(value):  # type: ignore[no-untyped-def]
    """Neither infinite nor NaN."""
    return abs(value) <= 1.7976931348623157e308


# numba tells LLVM that signed arithmetic never overflows, and LLVM then drops any test for it; unsigned wraps.


@_jit
def wrapped_add(left, right):  # type: ignore[no-untyped-def]
    """The sum modulo 2^64."""
    return np.int64(np.uint64(left) + np.uint64(right))


@_jit
def wrapped_sub(left, right):  # type: ignore[no-untyped-def]
    """The difference modulo 2^64."""
    return np.int64(np.uint64(left) - np.uint64(right))


@_jit
def wrapped_mul(left, right):  # type: ignore[no-untyped-def]
    """The product modulo 2^64."""
    return np.int64(np.uint64(left) * np.uint64(right))


@_jit
def wrapped_abs(value):  # type: ignore[no-untyped-def]
    """The absolute value; INT64_MIN stays itself."""
    return wrapped_sub(0, value) if value < 0 else value


@_jit
def add_fits(left, right, result):  # type: ignore[no-untyped-def]
    """Whether the wrapped sum `result` is the sum."""
    return ((left ^ result) & (right ^ result)) >= 0


@_jit
def sub_fits(left, right, result):  # type: ignore[no-untyped-def]
    """Whether the wrapped difference `result` is the difference."""
    return ((left ^ right) & (left ^ result)) >= 0


@_jit
def mul_fits(left, right, result):  # type: ignore[no-untyped-def]
    """Whether the wrapped product `result` is the product."""
    if abs(np.float64(left) * np.float64(right)) < 9.2e18:
        return True
    if left == -1 or right == -1:
        return left != INT64_MIN and right != INT64_MIN
    return result // left == right and result % left == 0


@_jit
def remainder(left, right):  # type: ignore[no-untyped-def]
    """Remainder with the sign of the dividend; 0 where there is none."""
    if right == 0 or right == -1:
        return 0
    rest = left % right
    return rest - right if rest != 0 and (rest ^ left) < 0 else rest


@_jit
def int_of_double(value):  # type: ignore[no-untyped-def]
    """Towards zero; 0 outside int64."""
    return np.int64(value) if -_TWO63 <= value < _TWO63 else np.int64(0)


@_jit
def round_half_away(value):  # type: ignore[no-untyped-def]
    """Nearest whole number, halves away from zero, never -0."""
    whole = np.trunc(value)
    if abs(value - whole) >= 0.5:
        whole += np.copysign(1.0, value)
    return whole + 0.0


@_jit
def eq_int_double(whole, value):  # type: ignore[no-untyped-def]
    """whole == value, as numbers."""
    return -_TWO63 <= value < _TWO63 and value == np.floor(value) and whole == np.int64(value)


@_jit
def ne_int_double(whole, value):  # type: ignore[no-untyped-def]
    """whole != value, as numbers."""
    return not eq_int_double(whole, value)


@_jit
def lt_int_double(whole, value):  # type: ignore[no-untyped-def]
    """whole < value, as numbers."""
    if not -_TWO63 <= value < _TWO63:
        return value >= _TWO63
    return whole < np.int64(np.ceil(value))


@_jit
def le_int_double(whole, value):  # type: ignore[no-untyped-def]
    """whole <= value, as numbers."""
    if not -_TWO63 <= value < _TWO63:
        return value >= _TWO63
    return whole <= np.int64(np.floor(value))


@_jit
def gt_int_double(whole, value):  # type: ignore[no-untyped-def]
    """whole > value, as numbers."""
    if not -_TWO63 <= value < _TWO63:
        return value < -_TWO63
    return whole > np.int64(np.floor(value))


@_jit
def ge_int_double(whole, value):  # type: ignore[no-untyped-def]
    """whole >= value, as numbers."""
    if not -_TWO63 <= value < _TWO63:
        return value < -_TWO63
    return whole >= np.int64(np.ceil(value))


@_jit
def member(value, items):  # type: ignore[no-untyped-def]
    """Whether a number is among sorted items."""
    low, high = 0, items.size
    while low < high:
        middle = (low + high) // 2
        if items[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < items.size and items[low] == value


@_jit
def member_code(code, codes, places):  # type: ignore[no-untyped-def]
    """Whether a string code is one of codes[places]."""
    for place in places:  # noqa: SIM110 - numba wants the loop
        if codes[place] == code:
            return True
    return False


@_jit
def local(instant, starts, offsets):  # type: ignore[no-untyped-def]
    """Local milliseconds of an instant, by the offsets of a zone."""
    instant = min(max(instant, FIRST_MS), LAST_MS)  # outside, the result is not used but must not overflow
    low, high = 0, starts.size
    while low < high:
        middle = (low + high) // 2
        if starts[middle] <= instant:
            low = middle + 1
        else:
            high = middle
    return instant + offsets[max(low - 1, 0)]
