"""How well scores rank frauds: by transaction, and by the cards that a team of investigators would look at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CARDS = 100  # cards that are looked at a day


def roc_auc(fraud: Flags, scores: Floats) -> float | None:
    """Area under the ROC curve: how often a fraud scores above a good transaction, a tie counting half.

    fraud, scores: (n,), scores finite. None where one of the two kinds is absent.
    """
    _check(fraud, scores)
    frauds = int(fraud.sum())
    goods = len(fraud) - frauds
    if not frauds or not goods:
        return None
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(count) - (count - 1) / 2
    above = float(middle_rank[place[fraud]].sum()) - frauds * (frauds + 1) / 2
    return above / (frauds * goods)


def average_precision(fraud: Flags, scores: Floats) -> float | None:
    """Precision at each score that is reached, weighted by the recall it adds. None where there is no fraud."""
    _check(fraud, scores)
    frauds = int(fraud.sum())
    if not frauds:
        return None
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    found = np.cumsum(fraud[order])[ends]
    precision, recall = found / (ends + 1), found / frauds
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def card_precision(days: Ints, cards: Ints, fraud: Flags, scores: Floats, top: int = CARDS) -> float | None:
    """Card precision@top: the mean over days of the share of frauds among the `top` cards with the highest scores.

    days, cards, fraud, scores: (n,), one row a transaction. A card's score of a day is its highest; equal ones stand in
    the order of `cards`. A card found is removed from the days after. None where there is no transaction, or no fraud.
    """
    _check(fraud, scores)
    assert top > 0, "at least one card is looked at"
    if not fraud.any():
        return None
    found = np.empty(0, np.int64)
    shares = []
    for day in np.unique(days):
        rows = np.flatnonzero((days == day) & ~np.isin(cards, found))
        names, place = np.unique(cards[rows], return_inverse=True)
        highest, is_fraud = np.full(len(names), -np.inf), np.zeros(len(names), bool)
        np.maximum.at(highest, place, scores[rows])
        np.logical_or.at(is_fraud, place, fraud[rows])
        chosen = np.argsort(-highest, kind="stable")[:top]
        shares.append(float(is_fraud[chosen].sum()) / top)
        found = np.append(found, names[chosen][is_fraud[chosen]])
    return float(np.mean(shares))


def _check(fraud: Flags, scores: Floats) -> None:
    assert fraud.shape == scores.shape, "one score a transaction"
    assert bool(np.isfinite(scores).all()), "scores are finite"
