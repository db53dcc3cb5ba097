"""Two policies over the same events: who changes side, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.backtest.decisions import OUTCOMES, REVIEW, Bools, Decisions, Ints, share


@dataclass(frozen=True, slots=True)
class SideChange:
    """Events that move one way. amount: minor units; known: those that can be judged; frauds: of these."""

    events: int
    amount: int
    known: int
    frauds: int
    fraud_rate: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """transitions: int64[4, 4], events by outcome under A (row) and B (column).

    stricter: B's outcome is worse than A's; milder: the other way. newly_stopped and no_longer_stopped: those of them
    that cross from below review to review or decline, and back. agreement: share of events with one outcome under both.
    alerts_jaccard: alerts (review or worse) of both over alerts of either.
    """

    transitions: Ints
    stricter: SideChange
    milder: SideChange
    newly_stopped: SideChange
    no_longer_stopped: SideChange
    agreement: float | None
    alerts_jaccard: float | None


def compare(a: Decisions, b: Decisions) -> Comparison:
    """A and B hold the same events in the same order; labels and money are taken from A."""
    assert np.array_equal(a.times, b.times), "both policies decided the same events"
    size = len(OUTCOMES)
    transitions = np.bincount(a.outcomes * size + b.outcomes, minlength=size * size).reshape(size, size)
    stopped_a, stopped_b = a.outcomes >= REVIEW, b.outcomes >= REVIEW
    both, either = int((stopped_a & stopped_b).sum()), int((stopped_a | stopped_b).sum())
    return Comparison(
        transitions=transitions.astype(np.int64),
        stricter=_change(a, b.outcomes > a.outcomes),
        milder=_change(a, b.outcomes < a.outcomes),
        newly_stopped=_change(a, stopped_b & ~stopped_a),
        no_longer_stopped=_change(a, stopped_a & ~stopped_b),
        agreement=share(int(np.trace(transitions)), len(a)),
        alerts_jaccard=share(both, either),
    )


def _change(decisions: Decisions, events: Bools) -> SideChange:
    known, frauds = int((events & decisions.known).sum()), int((events & decisions.bad).sum())
    return SideChange(int(events.sum()), int(decisions.money[events].sum()), known, frauds, share(frauds, known))
