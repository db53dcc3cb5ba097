"""A first look over a journal's history: when which record came, and which events were labelled when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seawall.engine.columns import Ints
from seawall.engine.history.lived.source import JournalHistory
from seawall.engine.history.texts import integers
from seawall.engine.journal import Kind

_COLUMNS = ("sequence", "kind", "type", "time", "received_at", "event_id")


@dataclass(slots=True)
class Labelled:
    """Event ids with the effective time from which each is labelled (ms), ids distinct, the earliest label of each."""

    event_ids: Any  # pyarrow strings
    times: Ints

    def known(self, event_ids: Any) -> Ints:
        """int64[n]: for each event id when its label came, -1 where it has none."""
        places = pc.fill_null(pc.index_in(event_ids, value_set=self.event_ids), -1).to_numpy(zero_copy_only=False)
        times: Ints = np.append(self.times, -1)[places]
        return times


@dataclass(slots=True)
class Survey:
    """sequences and clock: int64[n], numbers and effective times (ms, rising) of all events and labels."""

    sequences: Ints
    clock: Ints
    labels: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def end_ms(self) -> int:
        """Effective time of the newest record, 0 where there is none."""
        return int(self.clock[-1]) if len(self.clock) else 0

    def first_at(self, time: int) -> int:
        """The number of the first record at or after an effective time; one past the newest where none is."""
        place = int(np.searchsorted(self.clock, time, side="left"))
        if place < len(self.sequences):
            return int(self.sequences[place])
        return int(self.sequences[-1]) + 1 if len(self.sequences) else 0

    def clock_before(self, sequence: int) -> int:
        """Effective time when the record of that number came, before it moved the clock; 0 at the beginning."""
        place = int(np.searchsorted(self.sequences, sequence, side="left"))
        return int(self.clock[place - 1]) if place else 0

    def labelled(self, names: tuple[str, ...]) -> Labelled:
        """Events that carry any of these labels."""
        tables = [table for name in names for table in self.labels.get(name, [])]
        if not tables:
            return Labelled(pa.array([], pa.string()), np.empty(0, np.int64))
        whole = pa.concat_tables(tables).combine_chunks().sort_by("time")
        first = whole.group_by("event_id", use_threads=False).aggregate([("time", "first")])
        return Labelled(
            first.column("event_id").combine_chunks(), integers(first.column("time_first").combine_chunks())
        )


def survey(history: JournalHistory) -> Survey:
    """Read times and labels of the whole history."""
    sequences, wanted = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    labels: dict[str, list[Any]] = {}
    for table in history.tables(_COLUMNS):
        rows = table.filter(pc.is_valid(table.column("time"))).combine_chunks()
        if not len(rows):
            continue
        sequences.append(_whole(rows, "sequence"))
        wanted.append(np.minimum(_whole(rows, "time"), _whole(rows, "received_at")))
        found = rows.filter(pc.equal(rows.column("kind"), int(Kind.LABEL)))
        for name in pc.unique(found.column("type")).to_pylist():
            of_name = found.filter(pc.equal(found.column("type").cast(pa.string()), name))
            labels.setdefault(name, []).append(of_name.select(["event_id", "time"]))
    return Survey(np.concatenate(sequences), np.maximum.accumulate(np.concatenate(wanted)), labels)


def _whole(table: Any, name: str) -> Ints:
    column = table.column(name)
    return integers(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks())
