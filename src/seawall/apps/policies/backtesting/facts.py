"""What a backtest knows of each event of the period besides its decisions: time, money, customer, label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from seawall.analytics.backtest import Decisions
from seawall.analytics.backtest.quality import known_by
from seawall.engine.columns import MISSING, Ints
from seawall.engine.history.lived import Labelled
from seawall.engine.history.texts import codes_of, integers
from seawall.engine.journal import Kind
from seawall.engine.policy import CompiledPolicy


class Facts:
    """Facts of the events with first <= sequence < end, whatever their type, in sequence order."""

    def __init__(self, policies: Sequence[CompiledPolicy], labelled: Labelled, first: int, end: int) -> None:
        self._labelled, self._first, self._end = labelled, first, end
        self._judged = bool(len(labelled.times))
        self._customers: dict[str, int] = {}
        self._fields = customer_fields(policies)
        self._parts: list[tuple[Ints, ...]] = []

    def columns(self) -> list[str]:
        """The columns of tables it reads."""
        own = ["sequence", "kind", "time", "i.base_amount", *(f"t.{name}" for name in self._fields)]
        return [*own, "event_id"] if self._judged else own

    def take(self, table: Any) -> None:
        """Take in the next table."""
        sequences = _whole(table, "sequence")
        kinds = integers(_array(table, "kind").cast(pa.int64()))
        inside = (kinds == Kind.EVENT) & (sequences >= self._first) & (sequences < self._end)
        if not inside.any():
            return
        rows = table if inside.all() else table.filter(pa.array(inside))
        held = rows.column_names
        amounts = _whole(rows, "i.base_amount") if "i.base_amount" in held else np.full(len(rows), MISSING)
        labels = self._labelled.known(_array(rows, "event_id")) if self._judged else np.full(len(rows), -1)
        times = _whole(rows, "time")
        self._parts.append((sequences[inside], times, amounts, self._codes(rows), labels))

    def count(self) -> int:
        """Events of the period, known to the policies or not."""
        return sum(len(part[0]) for part in self._parts)

    def longest_delay(self, common: Ints) -> int:
        """ms from an event to its label, the longest seen."""
        _, times, _, _, labels = self._of(common)
        return max(0, int((labels - times)[labels >= 0].max(initial=0)))

    def amounts_of(self, common: Ints) -> Ints:
        """Money of these events, 0 where it has none."""
        amounts = self._of(common)[2]
        return np.where(amounts == MISSING, 0, amounts)

    def decisions(
        self, common: Ints, outcomes: Ints, scores: Ints, fired: Ints, sets: list[tuple[str, ...]], delay: int, end: int
    ) -> Decisions:
        """These events as the statistics read them; judged are those old enough for a label by `end`."""
        _, times, amounts, customers, labels = self._of(common)
        known = known_by(times, delay, end) if self._judged else np.zeros(len(common), bool)
        return Decisions(times, outcomes, scores, fired, sets, amounts, customers, labels >= 0, known)

    def _of(self, common: Ints) -> list[Ints]:
        if len(self._parts) > 1:
            self._parts = [tuple(np.concatenate(column) for column in zip(*self._parts, strict=True))]
        at = np.searchsorted(self._parts[0][0], common)
        return [column[at] for column in self._parts[0]]

    def _codes(self, rows: Any) -> Ints:
        """A code a customer: the first of the fields that the event has."""
        found = np.full(len(rows), -1, np.int64)
        for name in self._fields:
            if f"t.{name}" in rows.column_names:
                array = _array(rows, f"t.{name}")
                encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
                codes, texts = codes_of(encoded.indices), encoded.dictionary.to_pylist()
                wanted = np.unique(codes[(found < 0) & (codes >= 0)])
                table = np.full(len(texts) + 1, -1, np.int64)
                for code in wanted.tolist():
                    table[code] = self._customers.setdefault(texts[code], len(self._customers))
                found = np.where(found < 0, table[codes], found)
        return found


def customer_fields(policies: Sequence[CompiledPolicy]) -> list[str]:
    """The keys that stand for a customer: subjects of the event types, then the policies' split keys."""
    subjects = [kind.subject for policy in policies for kind in policy.pack.events.values()]
    splits = [policy.pack.policy.split_key for policy in policies]
    return [name for name in dict.fromkeys([*subjects, *splits]) if name]


def _array(table: Any, name: str) -> Any:
    column = table.column(name)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _whole(table: Any, name: str) -> Ints:
    return integers(_array(table, name))
