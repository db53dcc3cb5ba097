"""Figures of one side and of two, from counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

APPROVE = "approve"
_FLOOR = 1e-4  # of a share in PSI, so that an empty band costs a lot but not everything


@dataclass(frozen=True)
class Side:
    """What one policy said to the events it is judged by.

    `outcomes`: outcome -> decisions; `bands`: score band -> decisions; `amount`: all decided amounts in minor units;
    `frauds` and `lost`: labelled decisions that were approved, and their amounts; `labelled`: all labelled decisions.
    """

    outcomes: Mapping[str, int] = field(default_factory=dict)
    bands: Mapping[int, int] = field(default_factory=dict)
    amount: int = 0
    labelled: int = 0
    frauds: int = 0
    lost: int = 0

    @property
    def decisions(self) -> int:
        """All of them."""
        return sum(self.outcomes.values())


def approval(side: Side) -> float:
    """Share of decisions that were approved, a fraction; 0 without decisions."""
    return side.outcomes.get(APPROVE, 0) / side.decisions if side.decisions else 0.0


def alert_share(side: Side) -> float:
    """Share of decisions that were not approved: what somebody or something must look at."""
    return 1.0 - approval(side) if side.decisions else 0.0


def loss_rate(side: Side) -> float:
    """Labelled amounts that were approved, as a fraction of all decided amounts; 0 without amounts."""
    return side.lost / side.amount if side.amount else 0.0


def two_proportion_z(hits_a: int, n_a: int, hits_b: int, n_b: int) -> float:
    """Pooled two-proportion z of b against a, positive where b's share is higher; 0 where it cannot be told.

    The decisions are taken as independent. They are drawn by entity, so an entity with many decisions makes the
    figure look surer than it is.
    """
    if not n_a or not n_b:
        return 0.0
    pooled = (hits_a + hits_b) / (n_a + n_b)
    variance = pooled * (1.0 - pooled) * (1.0 / n_a + 1.0 / n_b)
    return (hits_b / n_b - hits_a / n_a) / math.sqrt(variance) if variance > 0.0 else 0.0


def psi(expected: Mapping[int, int], actual: Mapping[int, int]) -> float:
    """Population stability index of two score distributions over the same bands; 0 where one is empty."""
    bands: Sequence[int] = sorted({*expected, *actual})
    totals = sum(expected.values()), sum(actual.values())
    if not all(totals):
        return 0.0
    found = 0.0
    for band in bands:
        a, b = (max(side.get(band, 0) / total, _FLOOR) for side, total in zip((expected, actual), totals, strict=True))
        found += (b - a) * math.log(b / a)
    return found
