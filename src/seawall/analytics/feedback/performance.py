"""Precision and recall of each rule, over all labelled events on which it was evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.feedback.interval import LEVEL, Interval, wilson
from seawall.analytics.feedback.tally import AMOUNT, EVENTS, FRAUD_AMOUNT, FRAUDS, KNOWN, Bools, Ints, Tally


@dataclass(frozen=True, slots=True)
class Performance:
    """One rule. evaluated, fired: events. known_hits: fired and labelled; caught: of these fraud, with caught_amount.

    labelled, frauds: events with a label, and frauds among them, on which the rule was evaluated, whether or not it
    fired. alone_*: those of its hits on which no other rule fired. Amounts in minor units.
    """

    rule: str
    evaluated: int
    fired: int
    fired_amount: int
    known_hits: int
    caught: int
    caught_amount: int
    labelled: int
    frauds: int
    alone: int
    alone_caught: int
    alone_caught_amount: int
    level: float = LEVEL

    @property
    def precision(self) -> float | None:
        """caught / known_hits; None without a labelled hit."""
        return self.caught / self.known_hits if self.known_hits else None

    @property
    def recall(self) -> float | None:
        """caught / frauds; None without a fraud."""
        return self.caught / self.frauds if self.frauds else None

    @property
    def precision_interval(self) -> Interval:
        """Wilson's, at `level`."""
        return wilson(self.caught, self.known_hits, self.level)

    @property
    def recall_interval(self) -> Interval:
        """Wilson's, at `level`."""
        return wilson(self.caught, self.frauds, self.level)

    @property
    def hit_interval(self) -> Interval:
        """Wilson's, of fired / evaluated."""
        return wilson(self.fired, self.evaluated, self.level)


def performance(tally: Tally, level: float = LEVEL) -> list[Performance]:
    """One for each rule, in the tally's order."""
    fired, counts = tally.fired, tally.counts
    evaluated = _by_rule(tally.evaluated, counts)
    hits = _by_rule(fired, counts)
    single = fired & (fired.sum(axis=1) == 1)[:, None]
    alone = _by_rule(single, counts)
    return [
        Performance(
            rule,
            evaluated=int(evaluated[at, EVENTS]),
            fired=int(hits[at, EVENTS]),
            fired_amount=int(hits[at, AMOUNT]),
            known_hits=int(hits[at, KNOWN]),
            caught=int(hits[at, FRAUDS]),
            caught_amount=int(hits[at, FRAUD_AMOUNT]),
            labelled=int(evaluated[at, KNOWN]),
            frauds=int(evaluated[at, FRAUDS]),
            alone=int(alone[at, EVENTS]),
            alone_caught=int(alone[at, FRAUDS]),
            alone_caught_amount=int(alone[at, FRAUD_AMOUNT]),
            level=level,
        )
        for at, rule in enumerate(tally.rules)
    ]


def _by_rule(member: Bools, counts: Ints) -> Ints:
    """int64[r, 5]: counts of the combinations with each rule; rule by rule, as integers have no fast matrix product."""
    return np.array([counts[member[:, at]].sum(axis=0) for at in range(member.shape[1])], dtype=np.int64)
