"""Twelve events small enough to check by hand."""

import numpy as np
import pytest

from seawall.analytics.backtest import Decisions
from seawall.analytics.backtest.decisions import DAY, UNKNOWN_AMOUNT

A, C, R, D = 0, 1, 2, 3  # approve, challenge, review, decline
#        day, outcome, score, rules, amount, customer, fraud, known
EVENTS = [
    (0, A, 0, (), 100, 0, False, True),
    (0, A, 0, (), 200, 1, True, True),  # a fraud that no rule saw
    (0, C, 30, ("x",), 300, 2, False, True),
    (0, R, 60, ("x", "y"), 400, 3, True, True),
    (2, D, 90, ("y",), 500, 1, True, True),
    (2, D, 90, ("y",), 600, 4, False, True),
    (2, A, 0, (), UNKNOWN_AMOUNT, 4, False, True),
    (2, C, 30, ("x",), 800, 4, False, True),
    (3, R, 60, ("z",), 900, -1, False, True),
    (3, A, 0, (), 1000, 0, False, True),
    (3, D, 90, ("y",), 1100, 5, True, False),  # too young to be judged
    (3, D, 90, ("y",), 1200, 0, False, False),
]


def decisions(events: list[tuple[int, int, int, tuple[str, ...], int, int, bool, bool]]) -> Decisions:
    combinations = list(dict.fromkeys(event[3] for event in events))
    columns = list(zip(*events, strict=True)) or [()] * 8
    return Decisions(
        times=np.array(columns[0], np.int64) * DAY + 7,
        outcomes=np.array(columns[1], np.int64),
        scores=np.array(columns[2], np.int64),
        fired=np.array([combinations.index(rules) for rules in columns[3]], np.int64),
        combinations=combinations,
        amounts=np.array(columns[4], np.int64),
        customers=np.array(columns[5], np.int64),
        fraud=np.array(columns[6], bool),
        known=np.array(columns[7], bool),
    )


@pytest.fixture
def twelve() -> Decisions:
    return decisions(EVENTS)


@pytest.fixture
def nothing() -> Decisions:
    return decisions([])
