"""Decided events as columns: what every statistic of a backtest is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

OUTCOMES = ("approve", "challenge", "review", "decline")  # from mildest to worst; codes are places in it
CHALLENGE, REVIEW, DECLINE = 1, 2, 3
DAY = 86_400_000
UNKNOWN_AMOUNT = -0x8000000000000000


@dataclass(frozen=True, slots=True)
class Decisions:
    """n decided events.

    times: event_time, int64[n] ms. outcomes: int64[n], codes into OUTCOMES. scores: int64[n]. fired: int64[n], places
    in `combinations`, each a tuple of distinct rule ids. amounts: int64[n], minor units of the base currency,
    UNKNOWN_AMOUNT where the event has none. customers: int64[n], a code a customer, -1 where unknown. fraud: bool[n],
    the event was labelled. known: bool[n], the event is old enough for its label to be known by the end of the
    history; the others are never counted as right or wrong.
    """

    times: Ints
    outcomes: Ints
    scores: Ints
    fired: Ints
    combinations: Sequence[tuple[str, ...]]
    amounts: Ints
    customers: Ints
    fraud: Bools
    known: Bools

    def __post_init__(self) -> None:
        columns = (self.outcomes, self.scores, self.fired, self.amounts, self.customers, self.fraud, self.known)
        assert all(len(column) == len(self.times) for column in columns), "every column has a value an event"

    def __len__(self) -> int:
        return len(self.times)

    @property
    def money(self) -> Ints:
        """Amounts with unknown ones as 0."""
        return np.where(self.amounts == UNKNOWN_AMOUNT, 0, self.amounts)

    @property
    def good(self) -> Bools:
        """Known not to be fraud."""
        return self.known & ~self.fraud

    @property
    def bad(self) -> Bools:
        """Known to be fraud."""
        return self.known & self.fraud

    def rule_hits(self) -> dict[str, Bools]:
        """For every rule that fired at all, bool[n]: where it did."""
        names = sorted({name for rules in self.combinations for name in rules})
        hits = {}
        for name in names:
            has = np.array([name in rules for rules in self.combinations], dtype=bool)
            if (where := has[self.fired]).any():
                hits[name] = where
        return hits


def share(part: int | float, whole: int | float) -> float | None:
    """part / whole; None where there is nothing to divide by."""
    return part / whole if whole else None
