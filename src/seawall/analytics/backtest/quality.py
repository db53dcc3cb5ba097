"""Precision, recall and F1, over events old enough for their label to be known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seawall.analytics.backtest.decisions import OUTCOMES, Bools, Decisions, Ints, share


@dataclass(frozen=True, slots=True)
class Coverage:
    """known of all events are old enough to be judged; frauds is the number of labelled ones among them."""

    events: int
    known: int
    share: float | None
    frauds: int
    fraud_rate: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """Judged events by alert and label. precision = hit / alerts; recall = hit / frauds, of all judged frauds."""

    alerts: int
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float | None
    recall: float | None
    f1: float | None


def known_by(times: Ints, delay_ms: int, end_ms: int) -> Bools:
    """bool[n]: whether a label that takes `delay_ms` has had the time to arrive by `end_ms`."""
    return np.asarray(times + delay_ms <= end_ms)


def coverage(decisions: Decisions) -> Coverage:
    """How much of the history can be judged."""
    known, frauds = int(decisions.known.sum()), int(decisions.bad.sum())
    return Coverage(len(decisions), known, share(known, len(decisions)), frauds, share(frauds, known))


def quality(decisions: Decisions, alerts: Bools) -> Quality:
    """Quality of alerts (bool[n]). Frauds that raised no alert count, wherever in the judged history they lie."""
    hit = int((alerts & decisions.bad).sum())
    wrong = int((alerts & decisions.good).sum())
    missed = int((~alerts & decisions.bad).sum())
    return Quality(
        alerts=hit + wrong,
        true_positives=hit,
        false_positives=wrong,
        false_negatives=missed,
        precision=share(hit, hit + wrong),
        recall=share(hit, hit + missed),
        f1=share(2 * hit, 2 * hit + wrong + missed),
    )


def quality_at_levels(decisions: Decisions) -> dict[str, Quality]:
    """By alert level: outcomes of challenge or worse, of review or worse, and declines."""
    return {name: quality(decisions, decisions.outcomes >= code) for code, name in enumerate(OUTCOMES) if code}
