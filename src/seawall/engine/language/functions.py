"""The functions: signature, meaning, code for both backends and one line of documentation, as one table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import clock
from .geo import haversine_km
from .operations import BOOL, DOUBLE, DURATION, INT, MONEY, STRING, TIMESTAMP
from .pattern import automaton
from .tree import Operation
from .types import Type

_INT = re.compile(r"[+-]?[0-9]{1,19}")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Function:
    """A named function: its overloads, whether `x.f()` may be written, and what it does in zh and en."""

    name: str
    overloads: tuple[Operation, ...]
    signature: str
    zh: str
    en: str
    receiver: bool = False
    constant_tail: int = 0  # this many last arguments must be constants
    zone: bool = False  # the last argument is a zone and may be left out
    variadic: bool = False


def _round(value: float) -> float:
    whole = float(math.trunc(value))
    if abs(value - whole) >= 0.5:
        whole += math.copysign(1.0, value)
    return whole + 0.0


def _floor(value: float) -> float:
    return float(math.floor(value)) + 0.0


def _ceil(value: float) -> float:
    return float(math.ceil(value)) + 0.0


def _lower_of(left: Any, right: Any) -> Any:
    return right if right < left else left


def _higher_of(left: Any, right: Any) -> Any:
    return right if right > left else left


def _int_of_text(text: str) -> int | None:
    return int(text) if _INT.fullmatch(text) else None


def _double_of_text(text: str) -> float | None:
    return float(text) if _DOUBLE.fullmatch(text) else None


def _same(value: Any) -> Any:
    return value


def _search(pattern: str) -> Callable[[str], bool]:
    return automaton(pattern).search


def _text_test(name: str, python: Callable[[str, str], bool], row: str) -> Operation:
    return Operation(name, (STRING, STRING), BOOL, python, row)


def _civil(name: str, part: Callable[[int], int]) -> Operation:
    def bind(zone: str) -> Callable[[int], int | None]:
        return clock.in_zone(part, zone)

    return Operation(
        name, (TIMESTAMP, STRING), INT, lambda instant, zone: bind(zone)(instant),
        column=f"{part.__name__}(local({{0}}, {{starts}}, {{offsets}}))",
        fits="({0} >= FIRST_MS) & ({0} < LAST_MS)", partial=True, bind=bind, bound_arguments=1,
    )  # fmt: skip


def _days_between() -> Operation:
    def bind(zone: str) -> Callable[[int, int], int | None]:
        day = clock.in_zone(clock.day_number_of, zone)

        def between(start: int, end: int) -> int | None:
            first, last = day(start), day(end)
            return None if first is None or last is None else last - first

        return between

    local = "day_number_of(local({%d}, {starts}, {offsets}))"
    return Operation(
        "days_between", (TIMESTAMP, TIMESTAMP, STRING), INT, lambda start, end, zone: bind(zone)(start, end),
        column=f"{local % 1} - {local % 0}",
        fits="({0} >= FIRST_MS) & ({0} < LAST_MS) & ({1} >= FIRST_MS) & ({1} < LAST_MS)",
        partial=True, bind=bind, bound_arguments=1,
    )  # fmt: skip


def _choose(name: str, python: Callable[[Any, Any], Any], symbol: str) -> tuple[Operation, ...]:
    column = f"{{1}} if {{1}} {symbol} {{0}} else {{0}}"
    kinds = (INT, MONEY, DOUBLE, TIMESTAMP, DURATION)
    return tuple(Operation(name, (kind, kind), kind, python, column=column) for kind in kinds)


def _whole(name: str, python: Callable[[float], float], column: str) -> tuple[Operation, ...]:
    return (Operation(name, (DOUBLE,), DOUBLE, python, column=column),)


def _convert(name: str, to: Type, same: tuple[Type, ...], row: str, column: str) -> tuple[Operation, ...]:
    return tuple(Operation(name, (kind,), to, _same if to is INT else float, row, column) for kind in same)


TO_DOUBLE = Operation("double", (INT,), DOUBLE, float, "({0} * 1.0)", "np.float64({0})")
MONEY_TO_DOUBLE = Operation("double", (MONEY,), DOUBLE, float, "({0} * 1.0)", "np.float64({0})")


def _abs(kind: Type) -> Operation:
    if kind is DOUBLE:
        return Operation("abs", (kind,), kind, abs, "abs({0})", "abs({0})")
    return Operation("abs", (kind,), kind, abs, "abs({0})", "wrapped_abs({0})", "int64", "{0} != INT64_MIN")


_TABLE = (
    Function("size", (Operation("size", (STRING,), INT, len, "len({0})"),),
             "size(string) -> int, size(list) -> int", "字符数或列表长度", "number of characters, or of list items",
             receiver=True),
    Function("startsWith", (_text_test("startsWith", str.startswith, "{0}.startswith({1})"),),
             "string.startsWith(string) -> bool", "是否以此开头", "whether it begins so", receiver=True),
    Function("endsWith", (_text_test("endsWith", str.endswith, "{0}.endswith({1})"),),
             "string.endsWith(string) -> bool", "是否以此结尾", "whether it ends so", receiver=True),
    Function("contains", (_text_test("contains", lambda text, part: part in text, "({1} in {0})"),),
             "string.contains(string) -> bool", "是否包含", "whether it occurs inside", receiver=True),
    Function("matches", (Operation("matches", (STRING, STRING), BOOL, lambda text, pattern: _search(pattern)(text),
                                   bind=_search, bound_arguments=1),),
             "string.matches(pattern) -> bool", "是否有部分符合正则", "whether a part fits the constant pattern",
             receiver=True, constant_tail=1),
    Function("lower", (Operation("lower", (STRING,), STRING, str.lower, "{0}.lower()"),),
             "lower(string) -> string", "转小写", "in lower case", receiver=True),
    Function("upper", (Operation("upper", (STRING,), STRING, str.upper, "{0}.upper()"),),
             "upper(string) -> string", "转大写", "in upper case", receiver=True),
    Function("abs", tuple(_abs(kind) for kind in (INT, MONEY, DOUBLE, DURATION)),
             "abs(number) -> number", "绝对值", "absolute value"),
    Function("min", _choose("min", _lower_of, "<"), "min(a, b, …) -> the same type", "最小值", "the smallest",
             variadic=True),
    Function("max", _choose("max", _higher_of, ">"), "max(a, b, …) -> the same type", "最大值", "the largest",
             variadic=True),
    Function("floor", _whole("floor", _floor, "np.floor({0}) + 0.0"), "floor(double) -> double", "向下取整",
             "the whole number at or below"),
    Function("ceil", _whole("ceil", _ceil, "np.ceil({0}) + 0.0"), "ceil(double) -> double", "向上取整",
             "the whole number at or above"),
    Function("round", _whole("round", _round, "round_half_away({0})"), "round(double) -> double", "四舍五入",
             "the nearest whole number, halves away from zero"),
    Function("int", (*_convert("int", INT, (INT, MONEY), "{0}", "{0}"),
                     Operation("int", (DOUBLE,), INT, math.trunc, "", "int_of_double({0})", "int64",
                               "({0} >= -9223372036854775808.0) & ({0} < 9223372036854775808.0)"),
                     Operation("int", (STRING,), INT, _int_of_text, bounds="int64", partial=True)),
             "int(number or string) -> int", "转整数(截尾);金额为最小单位", "towards zero; money in minor units"),
    Function("double", (TO_DOUBLE, MONEY_TO_DOUBLE, Operation("double", (DOUBLE,), DOUBLE, _same, "{0}", "{0}"),
                        Operation("double", (STRING,), DOUBLE, _double_of_text, bounds="finite", partial=True)),
             "double(number or string) -> double", "转浮点数;金额为最小单位", "as a double; money in minor units"),
    Function("hour", (_civil("hour", clock.hour_of),), "hour(timestamp[, zone]) -> int", "小时 0–23", "hour 0–23",
             receiver=True, constant_tail=1, zone=True),
    Function("weekday", (_civil("weekday", clock.weekday_of),), "weekday(timestamp[, zone]) -> int",
             "星期(周一=0 … 周日=6)", "Monday = 0 … Sunday = 6", receiver=True, constant_tail=1, zone=True),
    Function("day_of_month", (_civil("day_of_month", clock.day_of_month_of),),
             "day_of_month(timestamp[, zone]) -> int", "日", "day 1–31", receiver=True, constant_tail=1, zone=True),
    Function("month", (_civil("month", clock.month_of),), "month(timestamp[, zone]) -> int", "月 1–12", "month 1–12",
             receiver=True, constant_tail=1, zone=True),
    Function("days_between", (_days_between(),), "days_between(start, end[, zone]) -> int", "相隔的日历天数",
             "calendar days from start to end", constant_tail=1, zone=True),
    Function("geo_km", (Operation("geo_km", (DOUBLE,) * 4, DOUBLE, haversine_km,
                                  column="haversine_km({0}, {1}, {2}, {3})", bounds="finite", fits="finite({v})"),),
             "geo_km(lat1, lon1, lat2, lon2) -> double", "两点球面距离(公里,半径 6371.0088)",
             "great-circle km on a sphere of 6371.0088 km; degrees"),
)  # fmt: skip

FUNCTIONS = {function.name: function for function in _TABLE}

# These take one string constant (or a name) and are resolved by the checker, so they have no overloads.
SPECIAL = {
    "money": ("money(string) -> money", "主币种金额常量", "a constant amount in major units of the base currency"),
    "duration": ("duration(string) -> duration", "时长常量,如 10m、1h30m", "a constant length: 10m, 1h30m, 90d"),
    "timestamp": ("timestamp(string) -> timestamp", "时刻常量(RFC 3339)", "a constant instant, RFC 3339"),
    "has": ("has(name) -> bool", "该名称是否有值", "whether the name has a value"),
}
