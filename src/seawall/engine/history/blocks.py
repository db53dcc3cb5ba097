"""A mapped history file as a stream of blocks: converted, deduplicated, perhaps sorted, with its labels merged in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from seawall.engine.columns import Block, Column, Ints
from seawall.engine.history.convert import Converter, Rows
from seawall.engine.history.instants import instants
from seawall.engine.history.mapping import HistoryMapping
from seawall.engine.history.merge import LabelMerger
from seawall.engine.history.problems import HistoryError, RowProblem
from seawall.engine.history.rates import load_rates
from seawall.engine.history.readers import HistoryFile
from seawall.engine.history.seen import SeenIds
from seawall.engine.money import Rates
from seawall.engine.pack.model import Pack

BLOCK_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class HistoryBlock:
    """One block and what a backtest wants to know of its n events.

    rows: int64[n], rows of the file (from 0). event_at: int64[n], where the events stand in the block, ascending.
    labels: for each label of the mapping int64[n], when it is known (ms), MISSING where the event has none. events:
    the columns of the events alone, without labels.
    """

    block: Block
    rows: Ints
    event_at: Ints
    times: Ints
    event_ids: list[str]
    labels: tuple[Ints, ...]
    events: Mapping[str, Column]


def read_blocks(
    history: HistoryFile, mapping: HistoryMapping, pack: Pack, size: int = BLOCK_ROWS
) -> Iterator[HistoryBlock]:
    """Blocks of up to `size` events in sequence order, the same whenever the same file is read.

    HistoryError names the row (from 1) and column of the first value that the door would refuse; PackError a column
    that the mapping names and the file lacks. Bounded memory, except that `sort` holds the mapped columns at once.
    """
    found = [name for name in mapping.columns() if name not in history.names and history.has_column(name)]
    mapping.check_columns([*history.names, *found], history.path.name)
    rates = load_rates(mapping.rates, pack.base_currency) if mapping.rates else Rates()
    converter = Converter(pack, mapping, rates)
    seen = SeenIds()
    records = tuple(label.label if label.record else "" for label in mapping.labels)
    merger = LabelMerger(mapping.types, records, tuple(pack.labels[name].keys if name else () for name in records))
    taken = 0
    for table, at in _tables(history, mapping, converter, size):
        try:
            rows = converter.rows(table)
        except RowProblem as problem:
            raise _named(history, problem, at) from None
        repeated, earlier = seen.add(rows.event_ids, taken)
        if len(repeated):
            if not mapping.skip_duplicates:
                raise _repeated(history, mapping, rows, int(repeated[0]), at, int(earlier[0]))
            kept = np.setdiff1d(np.arange(len(rows.times)), repeated)
            rows, at = converter.rows(table.take(pa.array(kept))), at[kept]
        block, event_at = merger.merge(rows, taken)
        yield HistoryBlock(block, at, event_at, rows.times, rows.event_ids, rows.labels, rows.columns)
        taken += len(table)


def _tables(
    history: HistoryFile, mapping: HistoryMapping, converter: Converter, size: int
) -> Iterator[tuple[Any, Ints]]:
    """Tables in sequence order with the rows of the file they hold."""
    batches = history.batches(converter.expected(), size)
    if not mapping.sort:
        start = 0
        for table in batches:
            yield table, np.arange(start, start + len(table), dtype=np.int64)
            start += len(table)
        return
    tables = list(batches)
    if not tables:
        return
    whole = pa.concat_tables(tables)
    column = whole.column(mapping.event_time.column)
    try:
        times = np.concatenate([instants(chunk, mapping.event_time) for chunk in column.chunks])
    except RowProblem as problem:
        starts = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
        raise _located(history, problem, mapping, column.chunks, starts) from None
    order = np.argsort(times, kind="stable")
    for start in range(0, len(order), size):
        at = order[start : start + size]
        yield whole.take(pa.array(at)), at


def _located(
    history: HistoryFile, problem: RowProblem, mapping: HistoryMapping, chunks: list[Any], starts: Ints
) -> HistoryError:
    """The problem of a chunk with its row in the file: the first chunk that fails again."""
    for chunk, start in zip(chunks, starts.tolist(), strict=False):
        try:
            instants(chunk, mapping.event_time)
        except RowProblem:
            return _named(history, problem, np.arange(start, start + len(chunk)))
    return _named(history, problem, np.arange(0))


def _named(history: HistoryFile, problem: RowProblem, at: Ints) -> HistoryError:
    row = int(at[problem.index]) + 1 if 0 <= problem.index < len(at) else 0
    return HistoryError(str(history.path), problem.message, row, problem.column)


def _repeated(
    history: HistoryFile, mapping: HistoryMapping, rows: Rows, index: int, at: Ints, earlier: int
) -> HistoryError:
    shown = rows.event_ids[index][:60]
    where = "an earlier row" if mapping.sort else f"row {earlier + 1:,}"
    message = f"{shown!r} stands in {where} too; make ids unique, or map duplicates: skip"
    return HistoryError(str(history.path), message, int(at[index]) + 1, mapping.event_id.column)
