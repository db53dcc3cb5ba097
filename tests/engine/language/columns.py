"""Rows as column programs take them, and results back: the part a caller of compile_columns plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seawall.engine.language import Expression, Type, compile_columns

MISSING = -(2**63)
NAN = int(np.array([np.nan]).view(np.int64)[0])
TEXTS = (Type.STRING, Type.KEY)


class Codes:
    """Strings to ints and back."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def encode(self, value: Any, kind: Type) -> int:
        if value is None:
            return NAN if kind is Type.DOUBLE else MISSING
        if kind in TEXTS:
            return self.codes.setdefault(value, 1000 + len(self.codes))
        return int(np.array([value], np.float64).view(np.int64)[0]) if kind is Type.DOUBLE else int(value)

    def decode(self, value: int, kind: Type) -> Any:
        if kind is Type.DOUBLE:
            number = float(np.array([value], np.int64).view(np.float64)[0])
            return None if number != number else number
        if value == MISSING:
            return None
        if kind in TEXTS:
            return next(text for text, code in self.codes.items() if code == value)
        return bool(value) if kind is Type.BOOL else value


class Columns:
    """A compiled program that takes plain rows and gives plain results; None for what it cannot run."""

    def __init__(self, expressions: Sequence[Expression], types: Mapping[str, Type], cache: Any = None) -> None:
        self.expressions, self.types = expressions, types
        self.slots = {name: place for place, name in enumerate(types)}
        self.program = compile_columns(expressions, self.slots, cache)

    def run(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[list[Any]], list[list[int]]]:
        """(values, conditions) per row."""
        codes, program = Codes(), self.program
        matrix = np.zeros((len(rows), max(len(program.slots), 1)), np.int64)
        for i, row in enumerate(rows):
            for name, place in self.slots.items():
                matrix[i, place] = codes.encode(row.get(name), self.types[name])
            for extra in program.hoisted:
                field = row.get(extra.field)
                value = None if field is None else extra.function(field)
                matrix[i, program.slots[extra.slot_name]] = codes.encode(value, extra.type)
        constants = np.array([codes.encode(text, Type.STRING) for text in program.constants], np.int64)
        out = np.zeros((len(rows), len(self.expressions)), np.int64)
        program.run_values(matrix, constants, out)
        conditions = np.full(out.shape, 9, np.uint8)
        program.run_conditions(matrix, constants, conditions)
        values = [
            [
                None if k in program.fallback else codes.decode(int(out[i, k]), expression.type)
                for k, expression in enumerate(self.expressions)
            ]
            for i in range(len(rows))
        ]
        return values, conditions.tolist()
