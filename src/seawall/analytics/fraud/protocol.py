"""The card benchmark's protocol: train on a week, wait until its labels are in, test on the week after that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .metrics import CARDS, Floats, Ints, average_precision, card_precision, roc_auc

UNKNOWN = -1  # a transaction whose label nobody has told


@dataclass(frozen=True, slots=True)
class Transactions:
    """n transactions: the day of each (whole days since any origin), its customer, and fraud: 1, 0 or UNKNOWN."""

    days: Ints
    customers: Ints
    fraud: Ints

    def __post_init__(self) -> None:
        assert len(self.days) == len(self.customers) == len(self.fraud), "one value a transaction"


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of one evaluation, ascending. `tested` are those of `test_week` that are left to judge by."""

    train: Ints
    test_week: Ints
    tested: Ints


@dataclass(frozen=True, slots=True)
class Metrics:
    """None where labels of the tested transactions are missing, or there is no fraud among them."""

    auc_roc: float | None
    average_precision: float | None
    card_precision_100: float | None


def split(transactions: Transactions, start: int, *, train: int = 7, delay: int = 7, test: int = 7) -> Split:
    """Rows of the week from day `start`, and of the test week, which begins `train` + `delay` days later.

    From each day of the test are removed the customers with a fraud in the training week, and those whose fraud of a
    later day is known when the test day begins: `delay` whole days have passed. Labels of the test week are not read.
    """
    days, customers = transactions.days, transactions.customers
    is_fraud = transactions.fraud == 1
    first = start + train + delay
    tested = []
    for day in range(first, first + test):
        known = is_fraud & (days >= start) & (days < day - delay)
        rows = np.flatnonzero(days == day)
        tested.append(rows[~np.isin(customers[rows], np.unique(customers[known]))])
    return Split(
        train=np.flatnonzero((days >= start) & (days < start + train) & (transactions.fraud != UNKNOWN)),
        test_week=np.flatnonzero((days >= first) & (days < first + test)),
        tested=np.sort(np.concatenate(tested)),
    )


def measure(transactions: Transactions, rows: Ints, scores: Floats) -> Metrics:
    """The benchmark's three figures of `scores`, one for each of `rows`."""
    fraud = transactions.fraud[rows]
    if (fraud == UNKNOWN).any():
        return Metrics(None, None, None)
    days, cards, is_fraud = transactions.days[rows], transactions.customers[rows], fraud == 1
    return Metrics(
        roc_auc(is_fraud, scores),
        average_precision(is_fraud, scores),
        card_precision(days, cards, is_fraud, scores, CARDS),
    )
