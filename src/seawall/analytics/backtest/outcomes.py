"""How many events had which outcome, and how much money they moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.backtest.decisions import DAY, OUTCOMES, Decisions, Ints, share


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """Events of one outcome. share: of all events. amount: minor units. frauds: known ones."""

    outcome: str
    events: int
    share: float | None
    amount: int
    frauds: int


def count_outcomes(decisions: Decisions) -> list[OutcomeCount]:
    """One count an outcome, mildest first."""
    money, counts = decisions.money, []
    for code, name in enumerate(OUTCOMES):
        has = decisions.outcomes == code
        events = int(has.sum())
        counts.append(
            OutcomeCount(
                name, events, share(events, len(decisions)), int(money[has].sum()), int((has & decisions.bad).sum())
            )
        )
    return counts


def outcomes_by_day(decisions: Decisions) -> tuple[Ints, Ints]:
    """(days int64[d], ms of UTC midnights without gaps; counts int64[d, 4], a column an outcome)."""
    if not len(decisions):
        return np.empty(0, np.int64), np.empty((0, len(OUTCOMES)), np.int64)
    day = decisions.times // DAY
    first, last = int(day.min()), int(day.max())
    cells = (day - first) * len(OUTCOMES) + decisions.outcomes
    counts = np.bincount(cells, minlength=(last - first + 1) * len(OUTCOMES)).reshape(-1, len(OUTCOMES))
    return np.arange(first, last + 1, dtype=np.int64) * DAY, counts.astype(np.int64)
