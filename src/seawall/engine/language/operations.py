"""The operators: every overload with its meaning and its code for both backends, as one table."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product
from typing import Any

from .tree import Operation
from .types import INTEGRAL, NUMBERS, Type

BOOL, INT, MONEY, DOUBLE = Type.BOOL, Type.INT, Type.MONEY, Type.DOUBLE
STRING, KEY, TIMESTAMP, DURATION, LIST = Type.STRING, Type.KEY, Type.TIMESTAMP, Type.DURATION, Type.LIST

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_COLUMN_NAMES = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_WRAPPED = {"+": "wrapped_add({0}, {1})", "-": "wrapped_sub({0}, {1})", "*": "wrapped_mul({0}, {1})"}
_FITS = {"+": "add_fits({0}, {1}, {v})", "-": "sub_fits({0}, {1}, {v})", "*": "mul_fits({0}, {1}, {v})"}

# What stays a whole number: (left, operator, right) -> result.
_INTEGER_RULES = {
    (INT, "+", INT): INT,
    (INT, "-", INT): INT,
    (INT, "*", INT): INT,
    (MONEY, "+", MONEY): MONEY,
    (MONEY, "-", MONEY): MONEY,
    (MONEY, "*", INT): MONEY,
    (INT, "*", MONEY): MONEY,
    (DURATION, "+", DURATION): DURATION,
    (DURATION, "-", DURATION): DURATION,
    (TIMESTAMP, "+", DURATION): TIMESTAMP,
    (DURATION, "+", TIMESTAMP): TIMESTAMP,
    (TIMESTAMP, "-", DURATION): TIMESTAMP,
    (TIMESTAMP, "-", TIMESTAMP): DURATION,
}


def _divide(left: float, right: float) -> float:
    return left * 1.0 / right


def _remainder(left: int, right: int) -> int:
    """The remainder with the sign of the dividend; the one quotient that overflows stays outside int64."""
    if right == -1 and left == -(2**63):
        return 2**63
    size = abs(left) % abs(right)
    return -size if left < 0 else size


def _contains(value: object, items: tuple[object, ...]) -> bool:
    return value in items


def _arithmetic() -> list[Operation]:
    table = [
        Operation(symbol, (left, right), result, _ARITHMETIC[symbol], f"({{0}} {symbol} {{1}})",
                  _WRAPPED[symbol], "int64", _FITS[symbol])
        for (left, symbol, right), result in _INTEGER_RULES.items()
    ]  # fmt: skip
    for left, symbol, right in product(NUMBERS, _ARITHMETIC, NUMBERS):
        if DOUBLE in (left, right):
            table.append(
                Operation(symbol, (left, right), DOUBLE, _ARITHMETIC[symbol], f"({{0}} {symbol} {{1}})",
                          f"{{0}} {symbol} {{1}}", "finite", "finite({v})")
            )  # fmt: skip
    for left, right in product(NUMBERS, NUMBERS):
        if (left, right) != (INT, INT):
            row = "({0} / {1})" if left is DOUBLE else "({0} * 1.0 / {1})"
            table.append(
                Operation("/", (left, right), DOUBLE, _divide, row, "np.float64({0}) / np.float64({1})", "finite",
                          "({1} != 0) & finite({v})", nonzero=True)
            )  # fmt: skip
    table.append(
        Operation("%", (INT, INT), INT, _remainder, "", "remainder({0}, {1})", "int64",
                  "({1} != 0) & (({1} != -1) | ({0} != INT64_MIN))", nonzero=True)
    )  # fmt: skip
    table.append(Operation("+", (STRING, STRING), STRING, operator.add, "({0} + {1})"))
    table += [
        Operation("-", (type_,), type_, operator.neg, "(-{0})", "wrapped_sub(0, {0})", "int64", "{0} != INT64_MIN")
        for type_ in (INT, MONEY, DURATION)
    ]
    table.append(Operation("-", (DOUBLE,), DOUBLE, operator.neg, "(-{0})", "-{0}"))
    return table


def _comparison(symbol: str, left: Type, right: Type) -> Operation:
    column = f"{{0}} {symbol} {{1}}"
    name = _COLUMN_NAMES[symbol]
    if right is DOUBLE and left in INTEGRAL:
        column = f"{name}_int_double({{0}}, {{1}})"
    elif left is DOUBLE and right in INTEGRAL:
        column = f"{_COLUMN_NAMES[FLIPPED[symbol]]}_int_double({{1}}, {{0}})"
    elif left is STRING and symbol not in ("==", "!="):
        column = ""  # codes say nothing about order
    return Operation(symbol, (left, right), BOOL, COMPARISONS[symbol], f"({{0}} {symbol} {{1}})", column)


def _comparisons() -> list[Operation]:
    ordered = [*product(NUMBERS, NUMBERS), *((type_, type_) for type_ in (STRING, TIMESTAMP, DURATION))]
    table = [_comparison(symbol, left, right) for symbol in COMPARISONS for left, right in ordered]
    equal = [(BOOL, BOOL), (KEY, KEY), (KEY, STRING), (STRING, KEY)]
    return table + [_comparison(symbol, left, right) for symbol in ("==", "!=") for left, right in equal]


def _memberships() -> list[Operation]:
    kinds = (BOOL, INT, MONEY, DOUBLE, STRING, TIMESTAMP, DURATION)
    return [Operation("in", (kind, LIST), BOOL, _contains, "({0} in {1})", "in") for kind in kinds]


def _by_name(table: list[Operation]) -> dict[str, tuple[Operation, ...]]:
    names: dict[str, list[Operation]] = {}
    for operation in table:
        names.setdefault(operation.name, []).append(operation)
    return {name: tuple(operations) for name, operations in names.items()}


OPERATORS = _by_name(_arithmetic() + _comparisons() + _memberships())


def find(operations: tuple[Operation, ...], types: tuple[Type, ...]) -> Operation | None:
    """The overload for exactly these argument types."""
    return next((operation for operation in operations if operation.arguments == types), None)
