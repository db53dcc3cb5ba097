"""What one policy says to the events of a period, gathered while it goes through the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seawall.engine.columns import Ints
from seawall.engine.history.lived import JournalHistory
from seawall.engine.policy import CompiledPolicy
from seawall.engine.relive import Reliving, Stretch, alike

Observe = Callable[[int, Stretch, Any], None]  # (0 for A, 1 for B; a stretch; bool[n]: decisions inside the period)


class Going:
    """One or two policies on their way through a history: one run of the windows where they are alike."""

    def __init__(self, policies: Sequence[CompiledPolicy], hashes: bool, cache_dir: Path | None) -> None:
        options: Any = {"hashes": hashes, "cache_dir": cache_dir}
        if len(policies) > 1 and alike(*policies):
            self.runs = [Reliving(policies[0], beside=policies[1:], **options)]
        else:
            self.runs = [Reliving(one, **options) for one in policies]

    def columns(self) -> set[str]:
        """The columns of tables that they read."""
        return {name for one in self.runs for name in one.view.columns()}

    def begin(self, history: JournalHistory, sequence: int, clock_ms: int) -> None:
        """Stand before the record of that number at that effective time."""
        for one in self.runs:
            one.begin(history, sequence, clock_ms)

    def take(self, table: Any) -> Iterator[tuple[int, Stretch]]:
        """(place of the policy, what it decides), over the next table."""
        for place, one in enumerate(self.runs):
            for stretches in one.take_beside(table):
                yield from enumerate(stretches, place)


class Side:
    """What one policy said."""

    def __init__(self, first: int, end: int) -> None:
        self._first, self._end = first, end
        self._combinations: dict[tuple[str, ...], int] = {}
        self._parts: list[tuple[Ints, Ints, Ints, Ints]] = []

    def add(self, stretch: Stretch, number: int, observe: Observe | None) -> None:
        """Keep what it decided of the period."""
        decided = stretch.decided
        inside = (decided.sequences >= self._first) & (decided.sequences < self._end)
        places = [self._combinations.setdefault(one, len(self._combinations)) for one in decided.combinations]
        fired = np.array([*places, 0], np.int64)[decided.fired]
        columns = (decided.sequences, decided.outcomes, decided.scores, fired)
        one, two, three, four = (column[inside] for column in columns)
        self._parts.append((one, two, three, four))
        if observe is not None:
            observe(number, stretch, inside)

    def sequences(self) -> Ints:
        """Numbers of the events of the period that it decided."""
        self._join()
        return self._parts[0][0]

    def of(self, common: Ints) -> tuple[Ints, Ints, Ints, list[tuple[str, ...]]]:
        """Outcomes, scores, fired sets of these events, and the sets."""
        self._join()
        sequences, outcomes, scores, fired = self._parts[0]
        at = np.searchsorted(sequences, common)
        return outcomes[at], scores[at], fired[at], list(self._combinations)

    def _join(self) -> None:
        if len(self._parts) != 1:
            empty = np.empty(0, np.int64)
            columns = zip(*self._parts, strict=True) if self._parts else [(empty,)] * 4
            one, two, three, four = (np.concatenate(column) for column in columns)
            self._parts = [(one, two, three, four)]
