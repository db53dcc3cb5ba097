"""What a backtest knows of each event besides its decision: gathered while the history is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from seawall.analytics.backtest import OUTCOMES, Decisions
from seawall.analytics.backtest.decisions import Ints
from seawall.analytics.backtest.quality import known_by
from seawall.engine.columns import MISSING, Column, IntColumn, TextColumn
from seawall.engine.history import HistoryBlock, HistoryMapping
from seawall.engine.pack import Pack

_SEPARATOR = "\x1f"


class Facts:
    """Times, amounts, customers and labels of the events of one mapped history, in the file's order once read.

    `label` is the place, in the mapping, of the label that tells frauds; -1 where the mapping has none.
    """

    def __init__(self, pack: Pack, mapping: HistoryMapping, label: str = "") -> None:
        names = [source.label for source in mapping.labels]
        self.label = names.index(label) if label in names else (0 if names else -1)
        self.label_name = names[self.label] if names else ""
        self._fixed_delay = mapping.labels[self.label].delay_ms if names else 0
        self.customer = customer_field(pack, mapping)
        self._customers: dict[str, int] = {}
        self._parts: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []

    def observe(self, block: HistoryBlock) -> None:
        """Take in one block."""
        count = len(block.rows)
        absent = np.full(count, MISSING, dtype=np.int64)
        amount = block.events.get("base_amount")
        known = block.labels[self.label] if self.label >= 0 else absent
        amounts = amount.values if isinstance(amount, IntColumn) else absent
        self._parts.append(
            (block.rows, block.times, amounts, self._codes(block.events.get(self.customer), count), known)
        )

    def decisions(self, path: Path) -> Decisions:
        """The decisions in `path` beside these facts. Events are known when their label had the time to arrive."""
        table = pq.read_table(path, columns=["outcome", "score", "rules"])
        rows, times, amounts, customers, labels = self._columns()
        order = np.argsort(rows, kind="stable")
        times, labels = times[order], labels[order]
        fraud = labels != MISSING
        end = int(times.max(initial=0))
        known = known_by(times, self.delay_ms, end) if self.label >= 0 else np.zeros(len(times), dtype=bool)
        fired, combinations = _combinations(table.column("rules"))
        outcomes = pc.index_in(table.column("outcome"), pa.array(OUTCOMES)).to_numpy()
        return Decisions(
            times=times,
            outcomes=outcomes.astype(np.int64),
            scores=table.column("score").to_numpy(),
            fired=fired,
            combinations=combinations,
            amounts=amounts[order],
            customers=customers[order],
            fraud=fraud,
            known=known,
        )

    @property
    def delay_ms(self) -> int:
        """How long a label takes: the mapping's delay, else the longest seen."""
        if self._fixed_delay or self.label < 0:
            return self._fixed_delay
        _, times, _, _, labels = self._columns()
        marked = labels != MISSING
        return max(0, int((labels - times)[marked].max(initial=0)))

    def _columns(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        empty = np.empty(0, dtype=np.int64)
        if not self._parts:
            return empty, empty, empty, empty, empty
        rows, times, amounts, customers, labels = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return rows, times, amounts, customers, labels

    def _codes(self, column: Column | None, count: int) -> Ints:
        if not isinstance(column, TextColumn):
            return np.full(count, -1, dtype=np.int64)
        codes = self._customers
        table = np.array([*(codes.setdefault(text, len(codes)) for text in column.texts), -1], dtype=np.int64)
        return table[column.codes]


def customer_field(pack: Pack, mapping: HistoryMapping) -> str:
    """The key that stands for a customer: the subject of the mapped events, else split_key, else "" (none)."""
    subjects = [pack.events[name].subject for name in mapping.types]
    return next((name for name in [*subjects, pack.policy.split_key] if name), "")


def _combinations(rules: Any) -> tuple[Ints, list[tuple[str, ...]]]:
    """Lists of rule ids as places in the distinct ones."""
    joined = pc.binary_join(rules.combine_chunks(), _SEPARATOR)
    encoded = (joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    return encoded.indices.to_numpy().astype(np.int64), [tuple(filter(None, text.split(_SEPARATOR))) for text in texts]
