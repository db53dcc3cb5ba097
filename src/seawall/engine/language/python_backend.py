"""Checked expressions to ONE generated Python function: ready at once, exact, and fast enough for every decision.

A condition is compiled twice, as the Python expression that holds when it is true and as the one that holds when it
is false; both are false when it is missing. That turns three-valued logic into plain `and` / `or` with short cuts, so
no exception is raised on the way and a missing value costs one `is not None`.

Only names made here, operators from the tables and constants written by `repr` reach the generated text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from .operations import COMPARISONS, FLIPPED, OPPOSITE
from .tree import Apply, Choice, Const, Expression, Has, Logic, Node, Not, Slot, walk
from .types import INT64_MAX, INT64_MIN, INTEGRAL, Type

Row = Sequence[object]

_LOW = {"int64": repr(INT64_MIN), "finite": "-1.7976931348623157e+308"}
_HIGH = {"int64": repr(INT64_MAX), "finite": "1.7976931348623157e+308"}
_LARGEST = {"int64": float(INT64_MAX) * (1 - 2**-52), "finite": 1.7e308}
_CUT = 12  # every so many levels a value gets a local of its own: CPython limits the nesting of parentheses
_NOTHING: frozenset[str] = frozenset()


class _Term(NamedTuple):
    """Code of a value, the conditions it is present under (in order), and the bounds not yet checked."""

    guards: tuple[str, ...]
    code: str
    bounds: str = ""


def compile_row(
    expressions: Sequence[Expression], slots: Mapping[str, int]
) -> Callable[[Sequence[object]], tuple[object | None, ...]]:
    """One function from a row to the values of all expressions, in order; None = missing.

    `slots` gives the place of each slot name in the row; a row holds bool, int within int64, finite float or str,
    or None for missing.
    """
    writer = _Writer(slots)
    results = [writer.assign(writer.value(expression.tree)) for expression in expressions]
    lines = [*writer.lines, f"return ({''.join(result + ', ' for result in results)})"]
    return cast(Callable[[Row], tuple[object | None, ...]], writer.function(lines))


def compile_rules(expressions: Sequence[Expression], slots: Mapping[str, int]) -> Callable[[Sequence[object]], int]:
    """One function from a row to an int whose bit i is set exactly when expression i is true."""
    writer = _Writer(slots)
    writer.lines.append("fired = 0")
    for number, expression in enumerate(expressions):
        assert expression.type is Type.BOOL, f"rule {number} is {expression.type.noun}, not a condition"
        test = writer.true(expression.tree, _NOTHING)
        writer.lines.append(f"if {test}: fired |= {1 << number}")
    return cast(Callable[[Row], int], writer.function([*writer.lines, "return fired"]))


class _Writer:
    """Writes the body of one function."""

    def __init__(self, slots: Mapping[str, int]) -> None:
        self.slots = slots
        self.lines: list[str] = []
        self.locals: dict[str, str] = {}
        self.temporaries: dict[int, str] = {}
        self.constants: dict[str, Any] = {"__builtins__": {}, "len": len, "abs": abs}
        self.count = 0

    def function(self, lines: list[str]) -> Callable[..., Any]:
        source = "def run(row):\n" + "".join(f"    {line}\n" for line in [*self.reads(), *lines])
        exec(compile(source, "<seawall expressions>", "exec"), self.constants)  # noqa: S102 - see the module's head
        return cast(Callable[..., Any], self.constants["run"])

    def reads(self) -> list[str]:
        """Each used slot into its local: one unpacking where the used ones lie close, else one by one."""
        places = {self.slots[name]: local for name, local in self.locals.items()}
        width = max(places, default=0) + 1
        if 3 * len(places) < width:
            return [f"{local} = row[{place}]" for place, local in places.items()]
        targets = "".join(f"{places.get(place, '_')}, " for place in range(width))
        return [f"({targets}) = row[:{width}]"] if places else []

    def fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def local(self, slot: Slot) -> str:
        assert slot.name in self.slots, f"the row has no place for '{slot.name}'"
        return self.locals.setdefault(slot.name, f"s{self.slots[slot.name]}")

    def constant(self, value: object) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def assign(self, code: str) -> str:
        name = self.fresh()
        self.lines.append(f"{name} = {code}")
        return name

    def temporary(self, node: Node) -> str:
        """A local that holds the value of `node`, computed before the statement being written."""
        name = self.temporaries.get(id(node))
        if name is None:
            name = self.temporaries[id(node)] = self.assign(self.value(node))
        return name

    # Conditions.

    def true(self, node: Node, known: frozenset[str]) -> str:
        """Code that holds exactly when `node` is true, given that the locals in `known` are present."""
        return self.holds(node, True, known)

    def holds(self, node: Node, wanted: bool, known: frozenset[str]) -> str:
        if _deep(node) and not (isinstance(node, Apply) and node.height < 2 * _CUT):
            name = self.temporary(node)
            return name if wanted else f"{name} is False"
        match node:
            case Const():
                return repr(node.value is wanted)
            case Slot():
                name = self.local(node)
                return name if wanted else f"{name} is False"
            case Has():
                return f"{self.local(node.slot)} is {'not ' if wanted else ''}None"
            case Not():
                return self.holds(node.operand, not wanted, known)
            case Logic():
                return self.logic(node, wanted, known)
            case Choice():
                return self.choice(node, wanted, known)
            case Apply():
                return self.test(node, wanted, known)
        raise AssertionError(f"unknown node {node!r}")

    def logic(self, node: Logic, wanted: bool, known: frozenset[str]) -> str:
        if (node.operator == "&&") is not wanted:
            return "(" + " or ".join(self.holds(argument, wanted, known) for argument in node.arguments) + ")"
        parts = []
        for argument in node.arguments:
            parts.append(self.holds(argument, wanted, known))
            known |= self.needed(argument)
        return "(" + " and ".join(parts) + ")"

    def choice(self, node: Choice, wanted: bool, known: frozenset[str]) -> str:
        yes, no = self.branches(node, known)
        return f"({yes} and {self.holds(node.yes, wanted, known)} or {no} and {self.holds(node.no, wanted, known)})"

    def branches(self, node: Choice, known: frozenset[str]) -> tuple[str, str]:
        if isinstance(node.condition, Slot | Has):
            return self.holds(node.condition, True, known), self.holds(node.condition, False, known)
        name = self.temporary(node.condition)
        return name, f"{name} is False"

    def needed(self, node: Node) -> frozenset[str]:
        """The locals that are present for certain once an operation has a value."""
        if not isinstance(node, Apply) or not all(isinstance(part, Apply | Const | Slot) for part in walk(node)):
            return _NOTHING
        return frozenset(self.local(part) for part in walk(node) if isinstance(part, Slot))

    def test(self, node: Apply, wanted: bool, known: frozenset[str]) -> str:
        symbol = node.operation.name
        if symbol in COMPARISONS:
            return self.comparison(node, symbol if wanted else OPPOSITE[symbol], known)
        if symbol == "in" and wanted and isinstance(node.arguments[0], Slot):
            return f"{self.local(node.arguments[0])} in {_literal(node.arguments[1])}"
        term = self.checked(self.term(node, known))
        code = term.code if wanted else f"not {term.code}"
        return _all(term.guards, code)

    def comparison(self, node: Apply, symbol: str, known: frozenset[str]) -> str:
        """left symbol right; a bound still to check is chained on, so it costs only when the rest holds."""
        left, right = (self.term(argument, known) for argument in node.arguments)
        if symbol in ("==", "!=") or (Type.DOUBLE in _kinds(node) and "int64" in (left.bounds, right.bounds)):
            left = self.checked(left)
            right = self.checked(right)
        if symbol == "==":
            return self.equality(node, left, right)
        if symbol in (">", ">="):
            left, right, symbol = right, left, FLIPPED[symbol]
        guards = (*left.guards, *right.guards)
        if left.bounds and right.bounds:
            code = f"{_LOW[left.bounds]} <= {left.code} {symbol} {right.code} <= {_HIGH[right.bounds]}"
        elif left.bounds:
            code = f"{right.code} {FLIPPED[symbol]} {left.code} >= {_LOW[left.bounds]}"
        elif right.bounds:
            code = f"{left.code} {symbol} {right.code} <= {_HIGH[right.bounds]}"
        else:
            code = f"{left.code} {symbol} {right.code}"
        return _all(guards, code)

    def equality(self, node: Apply, left: _Term, right: _Term) -> str:
        """None equals no present value, so one plain name needs no test of its own."""
        guards = (*left.guards, *right.guards)
        if isinstance(node.arguments[0], Slot):
            guards = right.guards
        elif isinstance(node.arguments[1], Slot):
            guards = left.guards
        return _all(guards, f"{left.code} == {right.code}")

    # Values.

    def value(self, node: Node) -> str:
        """Code of the value of `node`, None where it is missing."""
        match node:
            case Const():
                return repr(node.value)
            case Slot():
                return self.local(node)
            case Has():
                return f"({self.local(node.slot)} is not None)"
            case Apply():
                term = self.checked(self.term(node, _NOTHING, top=True))
                return f"({term.code} if {' and '.join(term.guards)} else None)" if term.guards else term.code
            case Choice() if node.type is not Type.BOOL:
                yes, no = self.branches(node, _NOTHING)
                return f"({self.value_of(node.yes)} if {yes} else {self.value_of(node.no)} if {no} else None)"
            case Logic():
                yes, no = (self.logic(node, wanted, _NOTHING) for wanted in (True, False))
                return f"(True if {yes} else False if {no} else None)"
            case Not():
                yes, no = (self.holds(node.operand, wanted, _NOTHING) for wanted in (False, True))
                return f"(True if {yes} else False if {no} else None)"
            case Choice():
                yes, no = (self.choice(node, wanted, _NOTHING) for wanted in (True, False))
                return f"(True if {yes} else False if {no} else None)"
        raise AssertionError(f"unknown node {node!r}")

    def value_of(self, node: Node) -> str:
        return self.temporary(node) if _deep(node) else self.value(node)

    def term(self, node: Node, known: frozenset[str], top: bool = False) -> _Term:
        match node:
            case Const():
                assert node.value is not None, "missing constants are folded away"
                return _Term((), _literal(node))
            case Slot():
                name = self.local(node)
                return _Term((f"{name} is not None",) if node.nullable and name not in known else (), name)
            case Has():
                return _Term((), f"({self.local(node.slot)} is not None)")
            case Apply() if top or not _deep(node):
                return self.operation(node, known)
        name = self.temporary(node)
        return _Term((f"{name} is not None",), name)

    def operation(self, node: Apply, known: frozenset[str]) -> _Term:
        operation = node.operation
        arguments = [self.term(argument, known) for argument in node.arguments]
        for place, argument in enumerate(arguments):
            if argument.bounds and not (argument.bounds == "finite" and _carries(node, place)):
                arguments[place] = self.checked(argument)
        if operation.nonzero:
            arguments[-1] = self.nonzero(arguments[-1], node.arguments[-1])
        guards = tuple(dict.fromkeys(guard for argument in arguments for guard in argument.guards))
        code = self.call(node, [argument.code for argument in arguments])
        if operation.partial:
            name = self.fresh()
            guards, code = (*guards, f"({name} := {code}) is not None"), name
        return _Term(guards, code, operation.bounds if _may_exceed(node) else "")

    def call(self, node: Apply, codes: list[str]) -> str:
        operation = node.operation
        if operation.row:
            return operation.row.format(*codes)
        if operation.bind is None:
            return f"{self.constant(operation.python)}({', '.join(codes)})"
        free = len(codes) - operation.bound_arguments
        bound = [argument.value for argument in node.arguments[free:] if isinstance(argument, Const)]
        return f"{self.constant(operation.bind(*bound))}({', '.join(codes[:free])})"

    def nonzero(self, term: _Term, node: Node) -> _Term:
        if isinstance(node, Const) and node.value:
            return term
        term = self.checked(term)
        if isinstance(node, Slot):
            return _Term((term.code,), term.code)  # neither missing nor zero, in one test
        name = self.fresh()
        return _Term((*term.guards, f"({name} := {term.code})"), name)

    def checked(self, term: _Term) -> _Term:
        """The same term with its bounds among the guards."""
        if not term.bounds:
            return term
        name = self.fresh()
        guard = f"{_LOW[term.bounds]} <= ({name} := {term.code}) <= {_HIGH[term.bounds]}"
        return _Term((*term.guards, guard), name)


def _deep(node: Node) -> bool:
    return node.height % _CUT == 0


def _all(guards: tuple[str, ...], code: str) -> str:
    return "(" + " and ".join([*dict.fromkeys(guards), code]) + ")" if guards else code


def _kinds(node: Apply) -> tuple[Type, ...]:
    return node.operation.arguments


def _literal(node: Node) -> str:
    assert isinstance(node, Const)
    if node.type is not Type.LIST:
        return repr(node.value)
    assert isinstance(node.value, tuple)
    return "{" + ", ".join(repr(item) for item in node.value) + "}" if node.value else "()"


def _carries(node: Apply, place: int) -> bool:
    """Whether an infinite argument always makes the result infinite or NaN, so it can be checked later."""
    name = node.operation.name
    return node.operation.bounds == "finite" and (name in ("+", "-", "*") or (name == "/" and place == 0))


def _may_exceed(node: Apply) -> bool:
    bounds = node.operation.bounds
    return bool(bounds) and not _magnitude(node) <= _LARGEST[bounds]


def _magnitude(node: Node) -> float:
    """An upper bound of the absolute value of a number."""
    if isinstance(node, Const) and isinstance(node.value, int | float):
        return abs(float(node.value))
    if not isinstance(node, Apply):
        return 2.0**63 if node.type in INTEGRAL else math.inf
    name, parts = node.operation.name, [_magnitude(argument) for argument in node.arguments]
    if name in ("+", "-"):
        return sum(parts) * (1 + 2**-50)
    if name == "*":
        return parts[0] * parts[1] * (1 + 2**-50)
    if name == "/":
        smallest = _smallest(node.arguments[1])
        return parts[0] / smallest * (1 + 2**-50) if smallest else math.inf
    if name == "abs" or name == "double":
        return parts[0]
    return 2.0**63 if node.type in INTEGRAL else math.inf


def _smallest(node: Node) -> float:
    """A lower bound of the absolute value of a number that is not zero."""
    if isinstance(node, Const) and isinstance(node.value, int | float):
        return abs(float(node.value))
    return 1.0 if node.type in INTEGRAL else 0.0
