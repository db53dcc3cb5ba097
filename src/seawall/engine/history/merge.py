"""Labels put into the sequence of events: before the events of their millisecond, after the event they speak of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seawall.engine.columns import MISSING, Block, Column, IntColumn, Ints, NumberColumn, TextColumn
from seawall.engine.history.convert import Rows


@dataclass(slots=True)
class _Waiting:
    """Labels not yet due, by (time, row of the event, label). keys: a list of texts (None: absent) by key field."""

    times: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    rows: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    labels: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    event_ids: list[str] = field(default_factory=list)
    keys: dict[str, list[str | None]] = field(default_factory=dict)

    def taken(self, which: Ints) -> _Waiting:
        ids = [self.event_ids[i] for i in which.tolist()]
        keys = {name: [texts[i] for i in which.tolist()] for name, texts in self.keys.items()}
        return _Waiting(self.times[which], self.rows[which], self.labels[which], ids, keys)


class LabelMerger:
    """Turns batches of events into blocks with the labels that fall due between them.

    A label comes before the first event whose effective time (the running maximum of event times) reaches the label's
    time, but after its own event; labels between two events are in the order (time, row of the event, label). So the
    sequence does not depend on how the file is cut into batches. Labels that fall due after the last event never come.
    """

    def __init__(self, type_names: tuple[str, ...], labels: tuple[str, ...], keys: tuple[tuple[str, ...], ...]) -> None:
        """`labels`: one name a mapped label, "" for one that is no record; `keys`: the entity keys each carries."""
        self.type_names = [*type_names, *(f"label.{name}" for name in dict.fromkeys(filter(None, labels)))]
        self._codes = [self.type_names.index(f"label.{name}") if name else -1 for name in labels]
        self._keys = keys
        self._key_names = tuple(dict.fromkeys(key for names in keys for key in names))
        self._waiting = _Waiting(keys={name: [] for name in self._key_names})
        self._clock = 0

    def merge(self, rows: Rows, first_row: int) -> tuple[Block, Ints]:
        """The block of a batch whose first event is row `first_row` of the file, and where its events stand in it."""
        count = len(rows.times)
        clock = np.maximum(np.maximum.accumulate(rows.times), self._clock)
        self._clock = int(clock[-1]) if count else self._clock
        new = self._labels_of(rows, first_row)
        waiting = _joined(self._waiting, new)
        earliest = np.maximum(waiting.rows + 1 - first_row, 0)
        places = np.maximum(np.searchsorted(clock, waiting.times, side="left"), earliest)
        order = np.lexsort((waiting.labels, waiting.rows, waiting.times, places))
        due = order[places[order] < count]
        self._waiting = waiting.taken(np.sort(order[places[order] >= count]))
        if not len(due):
            return self._block(rows.types, rows.times, rows.event_ids, rows.columns), np.arange(count, dtype=np.int64)
        return self._merged(rows, waiting.taken(due), places[due])

    def _block(self, types: Ints, times: Ints, event_ids: list[str], columns: dict[str, Column] | object) -> Block:
        return Block(self.type_names, types, times, event_ids, columns)  # type: ignore[arg-type]

    def _labels_of(self, rows: Rows, first_row: int) -> _Waiting:
        times, at, labels = [], [], []
        for index, known in enumerate(rows.labels):
            if self._codes[index] >= 0:
                marked = np.flatnonzero(known != MISSING)
                times.append(known[marked])
                at.append(marked)
                labels.append(np.full(len(marked), index, dtype=np.int64))
        if not times:
            return _Waiting(keys={name: [] for name in self._key_names})
        places, kinds = np.concatenate(at), np.concatenate(labels)
        keys = {name: self._key_texts(name, rows.columns.get(name), places, kinds) for name in self._key_names}
        ids = [rows.event_ids[i] for i in places.tolist()]
        return _Waiting(np.concatenate(times), places + first_row, kinds, ids, keys)

    def _key_texts(self, name: str, column: Column | None, places: Ints, labels: Ints) -> list[str | None]:
        if not isinstance(column, TextColumn):
            return [None] * len(places)
        carries = np.array([name in keys for keys in self._keys], dtype=bool)[labels]
        codes = np.where(carries, column.codes[places], -1).tolist()
        return [column.texts[code] if code >= 0 else None for code in codes]

    def _merged(self, rows: Rows, due: _Waiting, places: Ints) -> tuple[Block, Ints]:
        """Events and due labels side by side, each label before the event at its place."""
        count, more = len(rows.times), len(due.event_ids)
        label_at = places + np.arange(more)
        is_event = np.ones(count + more, dtype=bool)
        is_event[label_at] = False
        event_at = np.flatnonzero(is_event)

        def spread(events: Ints, labels: Ints | int) -> Ints:
            values = np.empty(count + more, dtype=np.int64)
            values[event_at], values[label_at] = events, labels
            return values

        columns: dict[str, Column] = {}
        for name, column in rows.columns.items():
            if isinstance(column, NumberColumn):
                numbers = np.full(count + more, np.nan)
                numbers[event_at] = column.values
                columns[name] = NumberColumn(numbers)
            elif isinstance(column, IntColumn):
                columns[name] = IntColumn(spread(column.values, MISSING))
            elif name in due.keys:
                codes, texts = _coded(due.keys[name], column.texts)
                columns[name] = TextColumn(spread(column.codes, codes), texts)
            else:
                columns[name] = TextColumn(spread(column.codes, -1), column.texts)
        ids = np.empty(count + more, dtype=object)
        ids[event_at], ids[label_at] = rows.event_ids, due.event_ids
        types = spread(rows.types, np.array(self._codes, dtype=np.int64)[due.labels])
        return self._block(types, spread(rows.times, due.times), ids.tolist(), columns), event_at


def _joined(first: _Waiting, second: _Waiting) -> _Waiting:
    if not second.event_ids:
        return first
    return _Waiting(
        np.concatenate([first.times, second.times]),
        np.concatenate([first.rows, second.rows]),
        np.concatenate([first.labels, second.labels]),
        first.event_ids + second.event_ids,
        {name: first.keys[name] + second.keys[name] for name in first.keys},
    )


def _coded(texts: list[str | None], known: object) -> tuple[Ints, list[str]]:
    """Codes of label keys into the column's texts, extended by those it lacks."""
    all_texts: list[str] = list(known)  # type: ignore[call-overload]
    codes = {text: code for code, text in enumerate(all_texts)}
    result = [-1 if text is None else codes.setdefault(text, len(codes)) for text in texts]
    return np.array(result, dtype=np.int64), list(codes)
