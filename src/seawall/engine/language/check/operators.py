"""Operators fit their operands; lists hold constants of one type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import syntax
from ..operations import OPERATORS, find
from ..tree import Const, Node, Value
from ..types import NUMBERS, TEXTS, Type
from . import fold

if TYPE_CHECKING:
    from .checker import Checker

_KEY = "a key may only be compared with == or != and looked up in lists"
_QUOTED = "a number has no quotes, a string has them"
_HINTS = {
    ("/", Type.INT, Type.INT): "int / int would drop the fraction; write double(a) / b",
    ("+", Type.MONEY, Type.INT): 'write amounts as money("100")',
    ("+", Type.INT, Type.MONEY): 'write amounts as money("100")',
    ("-", Type.MONEY, Type.INT): 'write amounts as money("100")',
    ("-", Type.INT, Type.MONEY): 'write amounts as money("100")',
    ("*", Type.MONEY, Type.MONEY): "money times money has no meaning; double(a) gives the minor units",
}
_BY_TYPE = (
    (Type.KEY, _KEY),
    (Type.DURATION, 'write a length of time as duration("10m")'),
    (Type.TIMESTAMP, 'write an instant as timestamp("2026-11-22T10:00:00Z")'),
    (Type.LIST, "use: value in [a, b]"),
    (Type.BOOL, "a condition stands by itself: write x or !x, and combine with && and ||"),
)


def unary(checker: Checker, node: syntax.Unary) -> Node | None:
    """!condition, -number"""
    operand = checker.visit(node.operand)
    if operand is None:
        return None
    if node.operator == "!":
        return fold.negation(operand) if condition(checker, node.operand, operand, "!") else None
    operation = find(OPERATORS["-"], (operand.type,))
    if operation is None:
        checker.report(node, f"'-' does not apply to {operand.type.value}", "it negates numbers and durations")
        return None
    return fold.apply(operation, operand)


def binary(checker: Checker, node: syntax.Binary) -> Node | None:
    """Arithmetic and comparison, by the table of overloads."""
    operands = checker.visit_all((node.left, node.right))
    if operands is None:
        return None
    left, right = operands
    if isinstance(left, Const) and isinstance(right, Const) and Type.LIST is left.type is right.type:
        return _lists(checker, node, left, right)
    operation = find(OPERATORS[node.operator], (left.type, right.type))
    if operation is None:
        message = f"'{node.operator}' does not apply to {left.type.value} and {right.type.value}"
        checker.report(node, message, _hint(node.operator, left.type, right.type))
        return None
    return fold.apply(operation, left, right)


def _hint(operator: str, left: Type, right: Type) -> str:
    if hint := _HINTS.get((operator, left, right)):
        return hint
    if operator == "%":
        return "% takes two ints; write int(x) % n"
    for kind, hint in _BY_TYPE:
        if kind in (left, right):
            return hint
    return _QUOTED if Type.STRING in (left, right) else ""


def _lists(checker: Checker, node: syntax.Binary, left: Const, right: Const) -> Node | None:
    assert isinstance(left.value, tuple), left
    assert isinstance(right.value, tuple), right
    if node.operator == "+":
        kinds = [kind for kind in (left.element, right.element) if kind is not None]
        return _list(checker, node, [Const(kinds[0], item) for item in left.value + right.value], kinds)
    if node.operator in ("==", "!="):
        return Const(Type.BOOL, (left.value == right.value) is (node.operator == "=="))
    checker.report(node, f"'{node.operator}' does not apply to lists")
    return None


def list_literal(checker: Checker, node: syntax.ListLiteral) -> Node | None:
    """[constants of one type]"""
    items = checker.visit_all(node.items)
    if items is None:
        return None
    constants: list[Const] = []
    for place, item in zip(node.items, items, strict=True):
        if not isinstance(item, Const) or item.value is None or item.type is Type.LIST:
            checker.report(place, "a list holds constants only", "compare with || instead")
            return None
        constants.append(item)
    return _list(checker, node, constants, [item.type for item in constants])


def _list(checker: Checker, node: syntax.Node, items: list[Const], kinds: list[Type]) -> Node | None:
    if not items:
        return Const(Type.LIST, ())
    element = fold.common_type(kinds)
    if element is None:
        names = " and ".join(sorted({kind.value for kind in kinds}))
        checker.report(node, f"a list holds values of one type, not {names}")
        return None
    values: list[Value] = [float(item.value) if element is Type.DOUBLE else item.value for item in items]  # type: ignore[arg-type]
    return Const(Type.LIST, tuple(values), element)


def index(checker: Checker, node: syntax.Index) -> Node | None:
    """[a, b][0], folded; out of range is missing."""
    parts = checker.visit_all((node.operand, node.index))
    if parts is None:
        return None
    operand, at = parts
    if not isinstance(operand, Const) or not isinstance(operand.value, tuple) or operand.element is None:
        checker.report(node, "only a list of constants can be indexed")
        return None
    if not isinstance(at, Const) or at.type is not Type.INT or not isinstance(at.value, int):
        checker.report(node, "an index is a constant int")
        return None
    inside = 0 <= at.value < len(operand.value)
    return Const(operand.element, operand.value[at.value] if inside else None)


def membership(checker: Checker, node: syntax.Binary) -> Node | None:
    """value in [constants]"""
    operands = checker.visit_all((node.left, node.right))
    if operands is None:
        return None
    value, items = operands
    if not isinstance(items, Const) or items.type is not Type.LIST:
        checker.report(node.right, "'in' takes a list", "write x in [a, b] or field in lists.name")
        return None
    operation = find(OPERATORS["in"], (value.type, Type.LIST))
    comparable = items.element is None or find(OPERATORS["=="], (value.type, items.element))
    if operation is None or not comparable:
        element = items.element.value if items.element else "anything"
        suggestion = _KEY if value.type is Type.KEY else _hint("==", value.type, items.element or value.type)
        checker.report(node, f"{value.type.noun} cannot be in a list of {element}", suggestion)
        return None
    return fold.apply(operation, value, items)


def logic(checker: Checker, node: syntax.Logic) -> Node | None:
    """A chain of conditions."""
    arguments = checker.visit_all(node.arguments)
    if arguments is None:
        return None
    places = zip(node.arguments, arguments, strict=True)
    good = [condition(checker, place, argument, node.operator) for place, argument in places]
    return fold.logic(node.operator, arguments) if all(good) else None


def conditional(checker: Checker, node: syntax.Conditional) -> Node | None:
    """condition ? yes : no, with branches of one type."""
    parts = checker.visit_all(node.children())
    if parts is None or not condition(checker, node.condition, parts[0], "?"):
        return None
    _, yes, no = parts
    kind = fold.common_type([yes.type, no.type])
    if kind is None:
        message = f"the branches differ in type: {yes.type.value} and {no.type.value}"
        checker.report(node, message, _hint("==", yes.type, no.type) if TEXTS & {yes.type, no.type} else "")
        return None
    return fold.choice(parts[0], fold.convert(yes, kind), fold.convert(no, kind))


def condition(checker: Checker, place: syntax.Node, node: Node, operator: str) -> bool:
    """Whether `node` is a condition, else a problem is reported."""
    if node.type is Type.BOOL:
        return True
    suggestion = "compare it with something" if node.type in (*NUMBERS, Type.STRING) else ""
    checker.report(place, f"'{operator}' takes conditions, this is {node.type.noun}", suggestion)
    return False
