"""The daily work a policy makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.backtest.decisions import OUTCOMES, Decisions
from seawall.analytics.backtest.outcomes import outcomes_by_day


@dataclass(frozen=True, slots=True)
class AlertLoad:
    """Alerts a calendar day (UTC) at one level; p95 is the nearest-rank percentile; days without events count as 0."""

    level: str
    days: int
    alerts: int
    mean: float
    p95: int
    most: int


def alerts_per_day(decisions: Decisions, level: int) -> AlertLoad:
    """Alerts with an outcome of at least OUTCOMES[level]."""
    _, counts = outcomes_by_day(decisions)
    daily = np.sort(counts[:, level:].sum(axis=1))
    days = len(daily)
    if not days:
        return AlertLoad(OUTCOMES[level], 0, 0, 0.0, 0, 0)
    rank = -(-95 * days // 100)
    return AlertLoad(OUTCOMES[level], days, int(daily.sum()), float(daily.mean()), int(daily[rank - 1]), int(daily[-1]))
