"""What one policy says to the events of a period, gathered while it goes through the history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from seawall.engine.columns import Ints
from seawall.engine.policy import CompiledPolicy
from seawall.engine.relive import Reliving, Stretch

Observe = Callable[[int, Stretch, Any], None]  # (0 for A, 1 for B; a stretch; bool[n]: decisions inside the period)


class Side:
    """What one policy said."""

    def __init__(self, policy: CompiledPolicy, first: int, end: int, hashes: bool, cache_dir: Path | None) -> None:
        self.reliving = Reliving(policy, hashes=hashes, cache_dir=cache_dir)
        self._first, self._end = first, end
        self._combinations: dict[tuple[str, ...], int] = {}
        self._parts: list[tuple[Ints, Ints, Ints, Ints]] = []

    def columns(self) -> list[str]:
        """The columns of tables it reads."""
        return self.reliving.view.columns()

    def take(self, table: Any, number: int, observe: Observe | None) -> None:
        """Decide the next table's events; keep those of the period."""
        for stretch in self.reliving.take(table):
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
