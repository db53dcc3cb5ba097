"""Thresholds: by hand, and against trying every one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.models.threshold import Terms, choose

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
BAD = np.array([True, False, True, False, True])
AMOUNTS = np.array([1_000.0, 50.0, 300.0, 20.0, 40.0])


def test_by_hand() -> None:
    found = choose(SCORES, BAD, AMOUNTS, 2.0, Terms(alert=100.0))
    assert (found.score, found.alerts, found.per_day) == (0.7, 3, 1.5)
    assert (found.cost, found.cost_without) == (40.0 + 300.0, 1_340.0)
    assert (found.precision, found.recall, found.binding) == (2 / 3, 2 / 3, False)


def test_capacity_binds() -> None:
    found = choose(SCORES, BAD, AMOUNTS, 2.0, Terms(alert=100.0, per_day=1.0))
    assert (found.score, found.alerts, found.binding) == (0.9, 1, True)
    assert choose(SCORES, BAD, AMOUNTS, 2.0, Terms(alert=100.0, per_day=0.0)).score == math.inf


def test_dear_alerts_raise_none() -> None:
    found = choose(SCORES, BAD, AMOUNTS, 1.0, Terms(alert=5_000.0))
    assert (found.score, found.alerts, found.cost, found.precision) == (math.inf, 0, 1_340.0, None)


def test_rows_of_one_score_are_raised_together() -> None:
    found = choose(np.full(5, 0.5), BAD, AMOUNTS, 1.0, Terms(alert=1.0, per_day=4.0))
    assert (found.alerts, found.binding) == (0, True)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 100)), max_size=20),
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_no_other_threshold_costs_less(rows: list[tuple[int, bool, int]], alert: int, per_day: int | None) -> None:
    scores, bad, amounts = (np.array([row[at] for row in rows], kind) for at, kind in enumerate((float, bool, float)))
    found = choose(scores, bad, amounts, 2.0, Terms(alert=float(alert), lost=0.5, per_day=per_day))
    costs = []
    for at in [math.inf, *scores.tolist()]:
        raised = scores >= at
        if per_day is None or raised.sum() <= per_day * 2:
            costs.append(raised.sum() * alert + 0.5 * amounts[bad & ~raised].sum())
    assert found.cost == pytest.approx(min(costs))
    assert found.alerts == (scores >= found.score).sum()


def test_terms_that_are_none_are_refused() -> None:
    for terms, days in ((Terms(-1.0), 1.0), (Terms(1.0, lost=2.0), 1.0), (Terms(1.0), 0.0)):
        with pytest.raises(ValueError, match="days must be above 0"):
            choose(SCORES, BAD, AMOUNTS, days, terms)
    with pytest.raises(ValueError, match="a finite score"):
        choose(SCORES * np.nan, BAD, AMOUNTS, 1.0, Terms(1.0))
