"""What a conjunction leaves for one name: an interval, allowed and excluded values, presence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .operations import COMPARISONS, FLIPPED, OPERATORS, OPPOSITE, find
from .render import render
from .tree import Apply, Choice, Const, Has, Logic, Node, Not, Slot
from .types import INTEGRAL, NUMBERS, Type

_ORDERED = frozenset({*NUMBERS, Type.TIMESTAMP, Type.DURATION})
_MAX_PARTS = 64  # alternatives looked at; beyond them nothing is claimed


@dataclass
class Values:
    """The values a name may still have."""

    whole: bool
    low: float | int = -math.inf
    low_open: bool = False
    high: float | int = math.inf
    high_open: bool = False
    allowed: set[Any] | None = None
    excluded: set[Any] = field(default_factory=set)
    present: bool | None = None

    def restrict(self, symbol: str, value: Any) -> None:
        """Keep the values v with: v symbol value."""
        self.present = self.present is not False  # a value read is a value present
        if symbol == "==":
            self.keep({value})
        elif symbol == "!=":
            self.excluded.add(value)
        elif symbol in (">", ">="):
            if (value, symbol == ">") > (self.low, self.low_open):
                self.low, self.low_open = value, symbol == ">"
        elif (value, symbol != "<") < (self.high, not self.high_open):
            self.high, self.high_open = value, symbol == "<"

    def keep(self, values: set[Any]) -> None:
        """Keep only these values."""
        self.allowed = values if self.allowed is None else self.allowed & values

    @property
    def empty(self) -> bool:
        """Whether no value is left."""
        if self.allowed is not None:
            return not any(self._holds(value) for value in self.allowed - self.excluded)
        return self._gap()

    def _holds(self, value: Any) -> bool:
        if isinstance(value, str | bool):
            return True
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return bool(above and below)

    def _gap(self) -> bool:
        if self.low == -math.inf or self.high == math.inf:
            return False
        if not self.whole:
            return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))
        first = math.floor(self.low) + 1 if self.low_open else math.ceil(self.low)
        last = math.ceil(self.high) - 1 if self.high_open else math.floor(self.high)
        few = last - first < len(self.excluded)
        return first > last or (few and all(value in self.excluded for value in range(first, last + 1)))


def negate(node: Node) -> Node:
    """The condition that is true exactly when `node` is false."""
    match node:
        case Const():
            return Const(Type.BOOL, None if node.value is None else not node.value)
        case Not():
            return node.operand
        case Logic():
            opposite = "||" if node.operator == "&&" else "&&"
            return Logic(Type.BOOL, opposite, tuple(negate(argument) for argument in node.arguments))
        case Choice():
            return Choice(Type.BOOL, node.condition, negate(node.yes), negate(node.no))
        case Apply() if node.operation.name in COMPARISONS:
            return _compare(node, OPPOSITE[node.operation.name], node.arguments)
    return Not(Type.BOOL, node)


def _compare(node: Apply, symbol: str, arguments: tuple[Node, ...]) -> Apply:
    operation = find(OPERATORS[symbol], (arguments[0].type, arguments[1].type))
    assert operation is not None, symbol
    return Apply(node.type, operation, arguments)


def normalise(node: Node) -> Node:
    """The same condition with `!` pushed down, chains sorted and > turned into <, so that equal rules look equal."""
    match node:
        case Not() if not isinstance(node.operand, Slot | Has | Apply):
            return normalise(negate(node.operand))
        case Not(operand=Apply(operation=operation)) if operation.name in COMPARISONS:
            return normalise(negate(node.operand))
        case Logic():
            parts: list[Node] = []
            for part in map(normalise, node.arguments):
                same = isinstance(part, Logic) and part.operator == node.operator
                parts += part.children() if same else (part,)
            unique = {render(part): part for part in parts}
            ordered = tuple(unique[text] for text in sorted(unique))
            return ordered[0] if len(ordered) == 1 else Logic(Type.BOOL, node.operator, ordered)
        case Apply() if node.operation.name in COMPARISONS:
            symbol, (left, right) = node.operation.name, node.arguments
            swap = symbol in (">", ">=") or (symbol in ("==", "!=") and render(right) < render(left))
            return _compare(node, FLIPPED[symbol], (right, left)) if swap else node
    return node


def impossible(node: Node) -> bool:
    """Whether a condition can be shown never to be true, by looking at one name at a time."""
    alternatives = _alternatives(normalise(node))
    return alternatives is not None and all(_contradicts(atoms) for atoms in alternatives)


def _alternatives(node: Node) -> list[list[Node]] | None:
    """The condition as alternatives of conjunctions; None when there are too many."""
    if not isinstance(node, Logic):
        return [[node]]
    parts = [_alternatives(argument) for argument in node.arguments]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    if node.operator == "||":
        joined = [conjunction for part in known for conjunction in part]
        return joined if len(joined) <= _MAX_PARTS else None
    result: list[list[Node]] = [[]]
    for part in known:
        result = [[*conjunction, *more] for conjunction in result for more in part]
        if len(result) > _MAX_PARTS:
            return None
    return result


def _contradicts(atoms: list[Node]) -> bool:
    names: dict[str, Values] = {}
    for atom in atoms:
        if isinstance(atom, Const) and atom.value is not True:
            return True
        _take(atom, names)
    return any(values.empty or values.present is False for values in names.values())


def _take(atom: Node, names: dict[str, Values]) -> None:
    """Add what `atom` says about one name, if it says something simple."""
    match atom:
        case Slot():
            _values(atom, names).restrict("==", True)
        case Not(operand=Slot() as slot):
            _values(slot, names).restrict("==", False)
        case Has(slot=slot):
            _be(slot, names, True)
        case Not(operand=Has(slot=slot)):
            _be(slot, names, False)
        case Apply(operation=operation, arguments=(Slot() as slot, Const() as constant)):
            _apply(slot, operation.name, constant, names)
        case Apply(operation=operation, arguments=(Const() as constant, Slot() as slot)):
            if operation.name in COMPARISONS:
                _apply(slot, FLIPPED[operation.name], constant, names)
        case Not(operand=Apply(operation=operation, arguments=(Slot() as slot, Const(value=tuple(items))))):
            if operation.name == "in":
                for item in items:
                    _values(slot, names).restrict("!=", item)


def _apply(slot: Slot, name: str, constant: Const, names: dict[str, Values]) -> None:
    if name == "in" and isinstance(constant.value, tuple):
        values = _values(slot, names)
        values.keep(set(constant.value))
        _be(slot, names, True)
    elif name in ("==", "!=") or (name in COMPARISONS and slot.type in _ORDERED):
        _values(slot, names).restrict(name, constant.value)


def _be(slot: Slot, names: dict[str, Values], present: bool) -> None:
    values = _values(slot, names)
    values.present = present if values.present in (None, present) else False


def _values(slot: Slot, names: dict[str, Values]) -> Values:
    return names.setdefault(slot.name, Values(slot.type in INTEGRAL))
