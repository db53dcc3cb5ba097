"""The score from which on an alert is raised: what alerts and misses cost, and how many alerts people can work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a mistake costs, in minor units: an alert's work, and the share of a bad row's amount that is lost when
    nobody looks. `per_day`: alerts that people can work (None: any number)."""

    alert: float
    lost: float = 1.0
    per_day: float | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Alerts are rows of at least `score` (inf: none). Costs in minor units; `binding`: more alerts would cost less,
    but nobody could work them."""

    score: float
    alerts: int
    per_day: float
    cost: float
    cost_without: float
    precision: float | None
    recall: float | None
    binding: bool


def choose(scores: Floats, bad: Flags, amounts: Floats, days: float, terms: Terms) -> Threshold:
    """The cheapest threshold that people can keep up with; of equal ones the one with fewer alerts.

    scores, bad, amounts: (n,), one row a transaction over `days` days, amounts in minor units. ValueError for a score
    that is not finite, for costs below 0, and for no time.
    """
    if not days > 0 or terms.alert < 0 or not 0 <= terms.lost <= 1:
        raise ValueError("days must be above 0, an alert's cost not below 0, the lost share from 0 to 1")
    if not len(scores) == len(bad) == len(amounts) or not np.all(np.isfinite(scores)):
        raise ValueError("each row needs a finite score, an outcome and an amount")
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if len(scores) else np.zeros(0, np.int64)
    alerts = np.append(0, ends + 1)  # rows above each candidate; none first
    saved = np.append(0.0, np.cumsum(np.where(bad, amounts, 0.0)[order])[ends]) * terms.lost
    hits = np.append(0, np.cumsum(bad[order])[ends])
    cost_without = float(amounts[bad].sum() * terms.lost)
    costs = cost_without - saved + alerts * terms.alert
    workable = np.ones(len(costs), bool) if terms.per_day is None else alerts <= terms.per_day * days
    best = int(np.flatnonzero(workable)[np.argmin(costs[workable])])
    frauds, raised = int(bad.sum()), int(alerts[best])
    return Threshold(
        score=float(scores[order][raised - 1]) if raised else float("inf"),
        alerts=raised,
        per_day=raised / days,
        cost=float(costs[best]),
        cost_without=cost_without,
        precision=int(hits[best]) / raised if raised else None,
        recall=int(hits[best]) / frauds if frauds else None,
        binding=bool(costs.min() < costs[best]),
    )
