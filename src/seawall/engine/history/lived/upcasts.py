"""Columns of records of older event versions, brought to the versions that a policy reads; see `event.upcast`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seawall.engine.columns import MISSING, Column, IntColumn, Ints, NumberColumn, TextColumn
from seawall.engine.event import EventType
from seawall.engine.history.texts import merged

Bools = npt.NDArray[np.bool_]


def upcast_columns(
    kinds: Sequence[EventType], columns: dict[str, Column], types: Ints, versions: Ints
) -> dict[str, Column]:
    """The columns with every row at its type's newest version. types: codes into `kinds` (beyond: labels)."""
    for code, kind in enumerate(kinds):
        for step in kind.upcasts:
            rows = (types == code) & (versions < step.to)
            if not rows.any():
                continue
            moved = {new: columns[old] for old, new in step.rename if old in columns}
            for old, _ in step.rename:
                if old in columns:
                    columns[old] = _chosen(columns[old], ~rows)
            for new, column in moved.items():
                columns[new] = _put(columns.get(new), _chosen(column, rows), rows)
            for name, value in step.set:
                given = _constant(value, len(types))
                here = columns.get(name)
                gone = rows if here is None else rows & ~_present(here)
                columns[name] = _put(here, _chosen(given, gone), gone)
    return columns


def _present(column: Column) -> Bools:
    if isinstance(column, TextColumn):
        return column.codes >= 0
    return column.values != MISSING if isinstance(column, IntColumn) else ~np.isnan(column.values)


def _chosen(column: Column, rows: Bools) -> Column:
    """The column where `rows` is true, absent elsewhere."""
    if isinstance(column, TextColumn):
        return TextColumn(np.where(rows, column.codes, -1), column.texts)
    if isinstance(column, IntColumn):
        return IntColumn(np.where(rows, column.values, MISSING))
    return NumberColumn(np.where(rows, column.values, np.nan))


def _put(here: Column | None, given: Column, rows: Bools) -> Column:
    """`given` on the rows, what is here elsewhere; a column of another kind than what is given goes."""
    if isinstance(here, NumberColumn) and isinstance(given, IntColumn):
        given = NumberColumn(np.where(given.values == MISSING, np.nan, given.values.astype(np.float64)))
    if isinstance(here, TextColumn) and isinstance(given, TextColumn):
        codes = np.where(rows & (given.codes >= 0), given.codes + len(here.texts), np.where(rows, -1, here.codes))
        return merged(codes, [*here.texts, *given.texts])
    if isinstance(here, IntColumn) and isinstance(given, IntColumn):
        return IntColumn(np.where(rows, given.values, here.values))
    if isinstance(here, NumberColumn) and isinstance(given, NumberColumn):
        return NumberColumn(np.where(rows, given.values, here.values))
    return given


def _constant(value: str | int | float | bool, rows: int) -> Column:
    if isinstance(value, str):
        return TextColumn(np.zeros(rows, np.int64), [value])
    if isinstance(value, float):
        return NumberColumn(np.full(rows, value))
    return IntColumn(np.full(rows, int(value), np.int64))
