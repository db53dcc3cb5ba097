"""The meaning of the typed tree, as plain as it can be told: the reference both backends are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from .tree import Apply, Choice, Const, Expression, Has, Logic, Node, Not, Operation, Slot
from .types import INT64_MAX, INT64_MIN

Read = Callable[[str], object]


def evaluate(expression: Expression, row: Mapping[str, object]) -> object | None:
    """The value of an expression over `row` (slot name -> value; absent or None = missing); None = missing."""
    return value_of(expression.tree, row.get)


def value_of(node: Node, read: Read) -> object | None:
    """The value of a typed node; `read` gives the value of a slot, and is asked only for what decides the result."""
    match node:
        case Const():
            return node.value
        case Slot():
            return read(node.name)
        case Has():
            return read(node.slot.name) is not None
        case Not():
            value = value_of(node.operand, read)
            return None if value is None else not value
        case Logic():
            return _logic(node, read)
        case Choice():
            condition = value_of(node.condition, read)
            return None if condition is None else value_of(node.yes if condition else node.no, read)
        case Apply():
            return _apply(node, read)
    raise AssertionError(f"unknown node {node!r}")


def _logic(node: Logic, read: Read) -> bool | None:
    absorbing = node.operator == "||"
    result: bool | None = not absorbing
    for argument in node.arguments:
        value = value_of(argument, read)
        if value is absorbing:
            return absorbing
        if value is None:
            result = None
    return result


def _apply(node: Apply, read: Read) -> object | None:
    values = [value_of(argument, read) for argument in node.arguments]
    return None if any(value is None for value in values) else perform(node.operation, values)


def perform(operation: Operation, values: list[object]) -> object | None:
    """An operation on present values; None where it has no result."""
    if operation.nonzero and values[-1] == 0:
        return None
    result: object = operation.python(*values)
    if result is None or not operation.bounds:
        return result
    if isinstance(result, float):
        return result if math.isfinite(result) else None
    assert isinstance(result, int)
    return result if INT64_MIN <= result <= INT64_MAX else None
