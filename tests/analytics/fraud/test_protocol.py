from dataclasses import replace

import numpy as np
import pytest

from seawall.analytics.fraud import UNKNOWN, Transactions, measure, split

DAYS = 30


def _transactions(frauds: list[tuple[int, int]]) -> Transactions:
    """Ten customers, each with one payment a day; (day, customer) are frauds."""
    days = np.repeat(np.arange(100, 100 + DAYS), 10)
    customers = np.tile(np.arange(10), DAYS)
    fraud = np.zeros(len(days), np.int64)
    for day, customer in frauds:
        fraud[(days == day) & (customers == customer)] = 1
    return Transactions(days, customers, fraud)


def _tested(transactions: Transactions, customer: int, start: int = 100) -> list[int]:
    rows = split(transactions, start).tested
    return [int(day) for day in transactions.days[rows[transactions.customers[rows] == customer]]]


def test_weeks() -> None:
    transactions = _transactions([])
    parts = split(transactions, 102)
    assert set(transactions.days[parts.train]) == set(range(102, 109))
    assert set(transactions.days[parts.test_week]) == set(range(116, 123))
    assert np.array_equal(parts.tested, parts.test_week)


@pytest.mark.parametrize(
    ("fraud", "tested"),
    [
        (99, range(114, 121)),  # before the training week: nobody removes it
        (100, range(0)),  # in the training week: out for good
        (106, range(0)),
        (107, range(114, 115)),  # known when day 115 begins, 7 whole days after day 107
        (112, range(114, 120)),
        (113, range(114, 121)),  # known on day 121: too late
        (115, range(114, 121)),  # in the test week: its label is not read
    ],
)
def test_customers_are_removed_when_their_fraud_is_known(fraud: int, tested: range) -> None:
    transactions = _transactions([(fraud, 3)])
    assert _tested(transactions, 3) == list(tested)
    assert _tested(transactions, 4) == list(range(114, 121))


def test_labels_of_the_test_week_and_after_change_no_row() -> None:
    known = _transactions([(105, 1), (109, 2), (115, 3), (122, 4)])
    blank = replace(known, fraud=np.where(known.days >= 114, UNKNOWN, known.fraud))
    for one, other in zip(_rows(known), _rows(blank), strict=True):
        assert np.array_equal(one, other)


def test_training_leaves_out_what_is_not_known() -> None:
    transactions = _transactions([(105, 1)])
    transactions.fraud[:5] = UNKNOWN
    assert len(split(transactions, 100).train) == 65


def test_measure_says_nothing_where_a_label_is_missing() -> None:
    transactions = _transactions([(115, 3), (116, 4)])
    rows = split(transactions, 100).tested
    scores = (transactions.fraud[rows] == 1).astype(float)
    perfect = measure(transactions, rows, scores)
    assert (perfect.auc_roc, perfect.average_precision) == (1.0, 1.0)
    assert perfect.card_precision_100 == pytest.approx(2 / 7 / 100)
    transactions.fraud[rows[0]] = UNKNOWN
    assert measure(transactions, rows, scores).auc_roc is None


def _rows(transactions: Transactions) -> list[np.ndarray]:
    parts = split(transactions, 100)
    return [parts.train, parts.test_week, parts.tested]
