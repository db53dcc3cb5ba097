"""The events and labels of one step of a live stream, merged in time order and handed out as they fall due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seawall.simulator import render
from seawall.simulator import rows as r
from seawall.simulator.fields import Field, Naming
from seawall.simulator.randomness import Ints

_BLOCK = 500


class Step:
    """Rows in time order, and labelled rows, of this step or earlier ones, whose labels come in it."""

    def __init__(self, rows: r.Rows, labelled: r.Rows, fields: Sequence[Field], naming: Naming) -> None:
        self._fields, self._naming = fields, naming
        self._taken = 0
        self._ready: list[dict[str, Any]] = []  # rendered, from the position taken on
        self._merge(rows, labelled)

    def __len__(self) -> int:
        """How many events and labels are still to come."""
        return int(len(self._times) - self._taken)

    @property
    def next(self) -> int:
        """The time (ms) of the next event or label."""
        return int(self._times[self._taken])

    @property
    def next_event(self) -> int | None:
        """The time (ms) of the next event; None where only labels are left."""
        coming = int(self._events_after[self._taken])
        return int(self._rows["time"][-coming]) if coming else None

    def take(self, until: int, most: int) -> list[dict[str, Any]]:
        """At most `most` of the events and labels up to `until` (ms), in time order."""
        end = min(int(np.searchsorted(self._times, until, side="right")), self._taken + most)
        while self._taken + len(self._ready) < end:
            self._ready += self._render(self._taken + len(self._ready))
        records, self._ready = self._ready[: end - self._taken], self._ready[end - self._taken :]
        self._taken = end
        return records

    def _render(self, begin: int) -> list[dict[str, Any]]:
        """A block of records from position `begin` on: one by one they would cost ten times as much."""
        chosen = self._order[begin : begin + _BLOCK]
        is_event = chosen < len(self._rows)
        events = render.events(self._rows[chosen[is_event]], self._fields, self._naming)
        labels = render.labels(self._labelled[chosen[~is_event] - len(self._rows)], self._naming)
        if not labels:
            return events
        one_by_one = {True: iter(events), False: iter(labels)}
        return [next(one_by_one[which]) for which in is_event.tolist()]

    def forget(self, begin: int, end: int) -> None:
        """Leave out the events that are still to come in [begin, end) ms, and their labels."""
        coming = self._order[self._taken :]
        rows = self._rows[coming[coming < len(self._rows)]]
        labelled = self._labelled[coming[coming >= len(self._rows)] - len(self._rows)]
        self._merge(outside(rows, begin, end), outside(labelled, begin, end))

    def _merge(self, rows: r.Rows, labelled: r.Rows) -> None:
        self._taken, self._ready = 0, []
        times = np.concatenate([rows["time"], render.label_times(labelled)])
        self._rows, self._labelled = rows, labelled
        self._order: Ints = np.argsort(times, kind="stable")  # on one instant, events before labels
        self._times: Ints = times[self._order]
        events_before = np.concatenate([[0], np.cumsum(self._order < len(rows))])
        self._events_after: Ints = len(rows) - events_before


def outside(rows: r.Rows, begin: int, end: int) -> r.Rows:
    """The rows that do not lie in [begin, end) ms."""
    return np.asarray(rows[(rows["time"] < begin) | (rows["time"] >= end)])
