"""A policy's column programs with what they need around them: codes of texts, hoisted columns, the row-wise rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import MISSING, Floats, Ints, TextColumn
from .language import Expression, Type, compile_columns, compile_row
from .language.column_program import ColumnProgram
from .language.tree import Slot, walk

_TEXT_TYPES = (Type.STRING, Type.KEY)


class Texts:
    """Codes that are equal exactly when the texts are, over every text column of one block."""

    def __init__(self, columns: Mapping[str, object]) -> None:
        self.columns = columns
        self.codes: dict[str, int] = {}
        self._done: dict[str, Ints] = {}

    def code(self, text: str) -> int:
        return self.codes.setdefault(text, len(self.codes))

    def of_column(self, name: str) -> Ints:
        if name not in self._done:
            column = self.columns[name]
            assert isinstance(column, TextColumn)
            table = np.full(len(column.texts) + 1, MISSING, np.int64)  # code -1 finds the last
            used = column.used()
            table[used] = [self.code(column.texts[code]) for code in used]
            self._done[name] = table[column.codes]
        return self._done[name]

    def of_values(self, values: Sequence[str]) -> Ints:
        return np.array([self.code(value) for value in values], np.int64)


class _Program:
    """A column program with what it needs around it: constants' codes, hoisted columns, the row-wise fallback."""

    def __init__(self, expressions: Sequence[Expression], slots: Mapping[str, int], cache_dir: Any) -> None:
        self.expressions = list(expressions)
        self.slots = slots
        self.program: ColumnProgram = compile_columns(self.expressions, slots, cache_dir)
        self.width = max(self.program.slots.values(), default=-1) + 1
        self._rest = [self.expressions[index] for index in self.program.fallback]
        self._fallback = compile_row(self._rest, slots)

    def prepare(self, rows: Ints, texts: Texts) -> Ints:
        for hoisted in self.program.hoisted:
            column = rows[:, self.slots[hoisted.field]]
            target = rows[:, self.program.slots[hoisted.slot_name]]
            by_code = {code: text for text, code in texts.codes.items()}
            used, inverse = np.unique(column, return_inverse=True)
            table = np.array(
                [
                    _encoded(None if code == MISSING else hoisted.function(by_code[int(code)]), hoisted.type)
                    for code in used
                ],
                np.int64,
            )
            target[:] = table[inverse.reshape(-1)]
        return np.array([texts.code(text) for text in self.program.constants], np.int64)

    def rest(self, rows: Ints, texts: Texts) -> list[tuple[object | None, ...]]:
        """Results of the expressions that columns cannot run, row by row."""
        names = {leaf for expression in self._rest for leaf in expression.names}
        types = {leaf: kind for expression in self._rest for leaf, kind in _leaf_types(expression).items()}
        by_code = {code: text for text, code in texts.codes.items()}
        places = [(self.slots[name], types[name]) for name in names]
        width = max(self.slots.values()) + 1
        results = []
        for row in rows:
            values: list[object] = [None] * width
            for place, kind in places:
                values[place] = _decoded(int(row[place]), kind, by_code)
            results.append(self._fallback(values))
        return results


class Conditions(_Program):
    def run(self, rows: Ints, texts: Texts) -> npt.NDArray[np.uint8]:
        """uint8[n, k]: 1 true, 0 false, 2 missing."""
        out = np.zeros((len(rows), len(self.expressions)), np.uint8)
        if not self.expressions or not len(rows):
            return out
        self.program.run_conditions(rows, self.prepare(rows, texts), out)
        if self._rest:
            for row, results in enumerate(self.rest(rows, texts)):
                for index, result in zip(self.program.fallback, results, strict=True):
                    out[row, index] = 2 if result is None else int(result is True)
        return out


class Values(_Program):
    def __init__(self, expression: Expression, slots: Mapping[str, int], cache_dir: Any) -> None:
        super().__init__([expression], slots, cache_dir)

    def run(self, rows: Ints, texts: Texts, index: int, vectors: Floats | None) -> None:
        """Put one value feature into its slot and into the vectors."""
        kind = self.expressions[0].type
        out = np.zeros((len(rows), 1), np.int64)
        codes = self.prepare(rows, texts)
        if self._rest:
            out[:, 0] = [_encoded(result, kind) for (result,) in self.rest(rows, texts)]
        elif kind is Type.BOOL:
            found = np.zeros((len(rows), 1), np.uint8)
            self.program.run_conditions(rows, codes, found)
            out[:, 0] = np.where(found[:, 0] == 2, np.int64(MISSING), found[:, 0])  # a plain int becomes a uint8
        else:
            self.program.run_values(rows, codes, out)
        rows[:, index] = out[:, 0]
        if vectors is not None:
            if kind is Type.DOUBLE:
                vectors[:, index] = out[:, 0].view(np.float64) + 0.0
            else:
                vectors[:, index] = np.where(out[:, 0] == MISSING, np.nan, out[:, 0].astype(np.float64))


def _leaf_types(expression: Expression) -> dict[str, Type]:
    return {node.name: node.type for node in walk(expression.tree) if isinstance(node, Slot)}


def _encoded(value: Any, kind: Type) -> int:
    if kind is Type.DOUBLE:
        return int(np.float64(np.nan if value is None else value).view(np.int64))
    return MISSING if value is None else int(value)


def _decoded(word: int, kind: Type, by_code: Mapping[int, str]) -> object | None:
    if kind is Type.DOUBLE:
        value = float(np.int64(word).view(np.float64))
        return None if value != value else value
    if word == MISSING:
        return None
    if kind in _TEXT_TYPES:
        return by_code[word]
    return bool(word) if kind is Type.BOOL else word
