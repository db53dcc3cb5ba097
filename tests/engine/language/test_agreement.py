"""evaluate, compile_row, compile_rules and compile_columns give the same value, to the bit, for anything."""

from __future__ import annotations

import random
import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.language import Expression, Type, check, compile_row, compile_rules, evaluate

from .columns import Columns
from .generate import SCOPE, TYPES, Writer, row

SLOTS = {name: place for place, name in enumerate(TYPES)}
KINDS = (Type.BOOL, Type.BOOL, Type.BOOL, Type.INT, Type.MONEY, Type.DOUBLE, Type.STRING, Type.TIMESTAMP, Type.DURATION)


def bits(value: Any) -> Any:
    """Something equal exactly when two values are identical, -0.0 and 0.0 apart."""
    return (type(value), struct.pack("<d", value) if isinstance(value, float) else value)


def in_column(value: Any) -> Any:
    """INT64_MIN stands for missing in columns."""
    return bits(None if type(value) is int and value == -(2**63) else value)


def expressions(rng: random.Random, count: int, depth: int = 4) -> list[Expression]:
    writer = Writer(rng)
    return [check(writer.text(rng.choice(KINDS), depth), SCOPE) for _ in range(count)]


def disagreements(some: list[Expression], rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    run = compile_row(some, SLOTS)
    conditions = [expression for expression in some if expression.type is Type.BOOL]
    rules = compile_rules(conditions, SLOTS)
    wrong: list[tuple[Any, ...]] = []
    for values in rows:
        places = [values[name] for name in SLOTS]
        wanted = [evaluate(expression, values) for expression in some]
        found = run(places)
        wrong += [(e.text, w, f, values) for e, w, f in zip(some, wanted, found, strict=True) if bits(w) != bits(f)]
        fired = rules(places)
        wrong += [
            (expression.text, bool(fired >> i & 1), values)
            for i, expression in enumerate(conditions)
            if bool(fired >> i & 1) is not (evaluate(expression, values) is True)
        ]
    return wrong


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_rows_agree_with_the_oracle(seed: int) -> None:
    rng = random.Random(seed)
    rows = [row(rng) for _ in range(20)]
    assert disagreements(expressions(rng, 8), rows) == []


def test_deep_trees_agree_with_the_oracle() -> None:
    rng = random.Random(5)
    assert disagreements(expressions(rng, 20, depth=9), [row(rng) for _ in range(20)]) == []


def test_columns_agree_with_the_oracle() -> None:
    rng = random.Random(20261122)
    some = expressions(rng, 40, depth=3)
    columns = Columns(some, TYPES)
    rows = [row(rng) for _ in range(400)]
    values, conditions = columns.run(rows)
    runnable = [k for k in range(len(some)) if k not in columns.program.fallback]
    assert len(runnable) > 0.8 * len(some)
    assert columns.program.hoisted
    for i, values_of_row in enumerate(rows):
        for k in runnable:
            wanted = evaluate(some[k], values_of_row)
            assert in_column(values[i][k]) == in_column(wanted), (some[k].text, values_of_row)
            if some[k].type is Type.BOOL:
                assert conditions[i][k] == {True: 1, False: 0, None: 2}[wanted], (some[k].text, values_of_row)
