"""Checked expressions to a generated numba module over int64 rows: for bulk work, and for single rows when compiled.

Every value is a pair of locals, (is present, value), and every condition a pair (is true, is false); nothing branches,
so LLVM sees straight code. What looks inside a string is hoisted: computed by the caller once per distinct string.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..modules import load_generated
from . import columns_runtime
from .clock import zone_table
from .column_program import ColumnProgram
from .evaluate import value_of
from .render import render
from .tree import Apply, Choice, Const, Expression, Has, Logic, Node, Not, Slot, walk
from .types import INT64_MAX, INT64_MIN, INTEGRAL, TEXTS, Type

_CHUNK = 16  # expressions in one generated function: compile time grows faster than its length
_RUNTIME = (
    "INT64_MIN", "FIRST_MS", "LAST_MS", "finite", "wrapped_add", "wrapped_sub",
    "wrapped_mul", "wrapped_abs", "add_fits", "sub_fits", "mul_fits", "remainder", "int_of_double",
    "round_half_away", "member", "member_code", "local", "hour_of", "weekday_of", "day_of_month_of", "month_of",
    "day_number_of", "haversine_km", *(f"{name}_int_double" for name in ("eq", "ne", "lt", "le", "gt", "ge")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hoisted:
    """A sub-expression over one string field, computed by the caller per distinct value and put in its own slot.

    function(value) gives the value of the slot for a present string, None = missing; a missing string gives missing.
    """

    slot_name: str
    field: str
    type: Type
    function: Callable[[str], object | None]


class _Unsupported(Exception):
    """An expression that columns cannot run; it goes to the fallback."""


class _Pair(NamedTuple):
    """A value: `present` ("" = always) and `code`. A condition: `present` holds where it is true or false."""

    present: str
    code: str


class _Truth(NamedTuple):
    """A condition: code that is true where it is true, and code that is true where it is false."""

    true: str
    false: str


def compile_columns(
    expressions: Sequence[Expression], slots: Mapping[str, int], cache_dir: Path | None = None
) -> ColumnProgram:
    """Generate, and load from `cache_dir` (default: modules.default_cache()), the program of all expressions.

    Rows are int64[n, w]: INT, MONEY, TIMESTAMP, DURATION as is and BOOL 0/1, missing = INT64_MIN; DOUBLE bit-cast,
    missing = NaN; STRING and KEY as codes that are equal exactly when the strings are, missing = INT64_MIN.
    numba compiles at the first run (or at `warm()`), and finds its disk cache in other processes.
    """
    module = _Module(slots)
    fallback = [number for number, expression in enumerate(expressions) if not module.prepare(expression)]
    runnable = [(number, e.tree) for number, e in enumerate(expressions) if number not in fallback]
    conditions = [(number, tree) for number, tree in runnable if tree.type is Type.BOOL]
    body = module.functions("conditions", conditions) + module.functions("values", runnable)
    generated = load_generated(module.source(body), "columns", cache_dir)
    return ColumnProgram(generated, len(expressions), module.constants, module.hoisted, module.slots, fallback)


class _Module:
    """What the functions of one generated module share."""

    def __init__(self, slots: Mapping[str, int]) -> None:
        self.slots = dict(slots)
        self.constants: list[str] = []
        self.hoisted: list[Hoisted] = []
        self.tables: dict[str, str] = {}  # definition -> name

    def prepare(self, expression: Expression) -> bool:
        """Try the expression; on success its constants, tables and hoisted slots are in place."""
        before = len(self.constants), len(self.hoisted), dict(self.slots)
        try:
            _Function(self).store("values", 0, expression.tree)
        except _Unsupported:
            del self.constants[before[0] :], self.hoisted[before[1] :]
            self.slots = before[2]
            return False
        return True

    def hoist(self, node: Node, field: str) -> Slot:
        name = render(node)
        if name not in self.slots:
            self.slots[name] = max(self.slots.values(), default=-1) + 1
            self.hoisted.append(Hoisted(name, field, node.type, lambda value: value_of(node, {field: value}.get)))
        return Slot(node.type, name)

    def constant(self, text: str) -> int:
        if text not in self.constants:
            self.constants.append(text)
        return self.constants.index(text)

    def table(self, items: Sequence[object], kind: str) -> str:
        definition = f"np.array([{', '.join(repr(item) for item in items)}], dtype=np.{kind})"
        return self.tables.setdefault(definition, f"table_{len(self.tables)}")

    def functions(self, name: str, trees: list[tuple[int, Node]]) -> list[str]:
        chunks = [trees[start : start + _CHUNK] for start in range(0, len(trees), _CHUNK)]
        lines: list[str] = []
        for number, chunk in enumerate(chunks):
            function = _Function(self)
            for column, tree in chunk:
                function.store(name, column, tree)
            lines += ["", "", "@jit", f"def {name}_{number}(rows, doubles, codes, out, out_doubles):"]
            lines += [f"    {line}" for line in function.before]
            lines += ["    for i in range(rows.shape[0]):"]
            lines += [f"        {line}" for line in (*function.reads.values(), *function.lines)]
        # Only values are ever stored as doubles; conditions write bytes and get the rows in that place, unused.
        doubles = "out.view(np.float64)" if name == "values" else "rows.view(np.float64)"
        lines += ["", "", "@jit", f"def {name}(rows, codes, out):", "    doubles = rows.view(np.float64)"]
        lines += [f"    out_doubles = {doubles}"]
        lines += [f"    {name}_{number}(rows, doubles, codes, out, out_doubles)" for number in range(len(chunks))]
        return lines

    def source(self, body: list[str]) -> str:
        runtime = hashlib.sha256(Path(columns_runtime.__file__).read_bytes()).hexdigest()
        head = [
            f"# Generated from checked expressions; runtime {runtime}.",
            "import numpy as np",
            "from numba import njit",
            f"from {columns_runtime.__name__} import {', '.join(_RUNTIME)}",
            "",
            'jit = njit(cache=True, nogil=True, error_model="numpy")',
            *(f"{name} = {definition}" for definition, name in self.tables.items()),
        ]
        return "\n".join([*head, *body, ""])


class _Function:
    """Writes one generated function: `before` the loop, `reads` of slots, and the `lines` of a row."""

    def __init__(self, module: _Module) -> None:
        self.module = module
        self.before: list[str] = []
        self.reads: dict[str, str] = {}
        self.lines: list[str] = []
        self.count = 0

    def store(self, name: str, column: int, node: Node) -> None:
        """The statement that writes the result of `node` to its column."""
        if node.type is Type.BOOL:
            true, false = self.truth(node)
            code = "2 - {0} - 2 * {1}" if name == "conditions" else "1 if {0} else (0 if {1} else INT64_MIN)"
            self.lines.append(f"out[i, {column}] = {code.format(true, false)}")
            return
        present, code = self.value(node)
        target, missing = ("out_doubles", "np.nan") if node.type is Type.DOUBLE else ("out", "INT64_MIN")
        self.lines.append(f"{target}[i, {column}] = " + (f"{code} if {present} else {missing}" if present else code))

    def assign(self, code: str) -> str:
        self.count += 1
        self.lines.append(f"v{self.count} = {code}")
        return f"v{self.count}"

    def slot(self, slot: Slot) -> str:
        assert slot.name in self.module.slots, f"the row has no place for '{slot.name}'"
        place = self.module.slots[slot.name]
        array = "doubles" if slot.type is Type.DOUBLE else "rows"
        self.reads.setdefault(slot.name, f"s{place} = {array}[i, {place}]")
        return f"s{place}"

    def is_present(self, slot: Slot) -> str:
        name = self.slot(slot)
        return f"({name} == {name})" if slot.type is Type.DOUBLE else f"({name} != INT64_MIN)"

    # Conditions.

    def truth(self, node: Node) -> _Truth:
        match self.hoisted(node):
            case Const(value=value):
                return _Truth(repr(value is True), repr(value is False))
            case Slot() as slot:
                name = self.slot(slot)
                return _Truth(f"({name} == 1)", f"({name} == 0)")
            case Has(slot=slot):
                present = self.assign(self.is_present(slot))
                return _Truth(present, f"(not {present})")
            case Not(operand=operand):
                true, false = self.truth(operand)
                return _Truth(false, true)
            case Logic() as logic:
                parts = [self.truth(argument) for argument in logic.arguments]
                every, some = " & ".join, " | ".join
                both, one = (every, some) if logic.operator == "&&" else (some, every)
                true, false = both([part.true for part in parts]), one([part.false for part in parts])
                return _Truth(self.assign(true), self.assign(false))
            case Choice() as choice:
                condition, yes, no = (self.truth(part) for part in choice.children())
                true = f"({condition.true} & {yes.true}) | ({condition.false} & {no.true})"
                false = f"({condition.true} & {yes.false}) | ({condition.false} & {no.false})"
                return _Truth(self.assign(true), self.assign(false))
            case Apply() as apply:
                present, code = self.operation(apply)
                value = self.assign(code)
                if not present:
                    return _Truth(value, f"(not {value})")
                return _Truth(self.assign(f"{present} & {value}"), self.assign(f"{present} & (not {value})"))
        raise AssertionError(f"unknown node {node!r}")

    # Values.

    def value(self, node: Node) -> _Pair:
        node = self.hoisted(node)
        if node.type is Type.BOOL:
            true, false = self.truth(node)
            return _Pair(self.assign(f"{true} | {false}"), true)
        match node:
            case Const():
                return self.constant(node)
            case Slot():
                return _Pair(self.is_present(node) if node.nullable else "", self.slot(node))
            case Choice():
                condition, (yes, no) = self.truth(node.condition), (self.value(node.yes), self.value(node.no))
                sides = ((condition.true, yes.present), (condition.false, no.present))
                present = " | ".join(f"({side} & {there})" if there else side for side, there in sides)
                return _Pair(self.assign(present), self.assign(f"{yes.code} if {condition.true} else {no.code}"))
            case Apply():
                present, code = self.operation(node)
                return _Pair(present, code)
        raise AssertionError(f"unknown node {node!r}")

    def constant(self, node: Const) -> _Pair:
        if node.type is Type.LIST:
            raise _Unsupported
        if node.value is None:
            return _Pair("False", "np.nan" if node.type is Type.DOUBLE else "INT64_MIN")
        if isinstance(node.value, str):
            return _Pair("", self.code(node.value))
        return _Pair("", repr(node.value))

    def code(self, text: str) -> str:
        place = self.module.constant(text)
        read = f"c{place} = codes[{place}]"
        if read not in self.before:
            self.before.append(read)
        return f"c{place}"

    def operation(self, node: Apply) -> _Pair:
        """The presence and the value of an operation; the value is arbitrary where it is missing."""
        operation = node.operation
        if not operation.column:
            raise _Unsupported
        if operation.name == "in":
            return self.membership(node)
        free = len(node.arguments) - operation.bound_arguments
        arguments = [self.value(argument) for argument in node.arguments[:free]]
        names: dict[str, str] = {}
        for argument in node.arguments[free:]:
            assert isinstance(argument, Const), "bound arguments are constants"
            table = zone_table(str(argument.value))
            names["starts"] = self.module.table(table.starts, "int64")
            names["offsets"] = self.module.table(table.offsets, "int64")
        codes = [argument.code for argument in arguments]
        value = self.assign(operation.column.format(*codes, **names))
        conditions = [argument.present for argument in arguments if argument.present]
        if operation.fits:
            conditions.append("(" + operation.fits.format(*codes, v=value) + ")")
        unique = list(dict.fromkeys(conditions))
        return _Pair(self.assign(" & ".join(unique)) if unique else "", value)

    def membership(self, node: Apply) -> _Pair:
        value, items = self.value(node.arguments[0]), node.arguments[1]
        assert isinstance(items, Const), items
        assert isinstance(items.value, tuple), items
        kind = node.arguments[0].type
        if not items.value:
            return _Pair(value.present, "False")
        if kind is Type.BOOL:
            return _Pair(value.present, " | ".join(f"({value.code} == {item!r})" for item in set(items.value)))
        if kind in TEXTS:
            places = [self.module.constant(item) for item in items.value]
            return _Pair(value.present, f"member_code({value.code}, codes, {self.module.table(places, 'int64')})")
        numbers = sorted(_as_column(items.value, kind))
        if not numbers:
            return _Pair(value.present, "False")
        table = self.module.table(numbers, "float64" if kind is Type.DOUBLE else "int64")
        return _Pair(value.present, f"member({value.code}, {table})")

    def hoisted(self, node: Node) -> Node:
        """`node`, or the slot that stands for it when it looks inside one string."""
        if not isinstance(node, Apply) or not all(isinstance(part, Apply | Const | Slot) for part in walk(node)):
            return node
        slots = {part.name: part.type for part in walk(node) if isinstance(part, Slot)}
        looks_inside = any(isinstance(part, Apply) and not part.operation.column for part in walk(node))
        if not looks_inside or len(slots) != 1:
            return node
        [(field, kind)] = slots.items()
        return self.module.hoist(node, field) if kind in TEXTS else node


def _as_column(items: Sequence[float | int], kind: Type) -> set[float | int]:
    """The items a column of this kind can be equal to, in its own representation."""
    if kind is Type.DOUBLE:
        return {float(item) for item in items if float(item) == item}
    assert kind in INTEGRAL
    return {int(item) for item in items if INT64_MIN < item <= INT64_MAX and int(item) == item}
