"""Scores: how they spread over frauds and others, and what another threshold would have given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.backtest.decisions import Decisions, share


@dataclass(frozen=True, slots=True)
class ScoreBin:
    """Judged events with low <= score < high (the last bin holds its high too)."""

    low: int
    high: int
    frauds: int
    others: int


@dataclass(frozen=True, slots=True)
class ThresholdPoint:
    """Alerts if every score >= threshold were one; over judged events. fraud_money: minor units of frauds caught."""

    threshold: int
    alerts: int
    true_positives: int
    precision: float | None
    recall: float | None
    fraud_money: int


def score_distribution(decisions: Decisions, bins: int = 20) -> list[ScoreBin]:
    """At most `bins` bins of equal whole width from the lowest to the highest score."""
    assert bins >= 1, "at least one bin"
    if not decisions.known.any():
        return []
    scores = decisions.scores[decisions.known]
    fraud = decisions.fraud[decisions.known]
    low, high = int(scores.min()), int(scores.max())
    width = max(1, -(-(high - low) // bins))
    count = max(1, -(-(high - low) // width))
    place = np.minimum((scores - low) // width, count - 1)
    frauds = np.bincount(place[fraud], minlength=count)
    others = np.bincount(place[~fraud], minlength=count)
    edges = [low + width * i for i in range(count + 1)]
    return [ScoreBin(edges[i], edges[i + 1], int(frauds[i]), int(others[i])) for i in range(count)]


def threshold_curve(decisions: Decisions) -> list[ThresholdPoint]:
    """One point a distinct score above the lowest, thresholds rising."""
    known = decisions.known
    values, place = np.unique(decisions.scores[known], return_inverse=True)
    place = place.reshape(-1)
    fraud = decisions.fraud[known]
    money = np.where(fraud, decisions.money[known], 0)
    alerts = _from_above(np.bincount(place, minlength=len(values)))
    hits = _from_above(np.bincount(place[fraud], minlength=len(values)))
    caught = np.zeros(len(values), dtype=np.int64)
    np.add.at(caught, place, money)
    caught = _from_above(caught)
    frauds = int(fraud.sum())
    return [
        ThresholdPoint(int(values[i]), int(alerts[i]), int(hits[i]), share(int(hits[i]), int(alerts[i])),
                       share(int(hits[i]), frauds), int(caught[i]))
        for i in range(1, len(values))
    ]  # fmt: skip


def _from_above(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.cumsum(counts[::-1], dtype=np.int64)[::-1]
