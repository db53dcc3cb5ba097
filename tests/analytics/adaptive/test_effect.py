"""Newcombe's interval against published figures, its coverage by simulation, and what is said about a tip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.analytics.adaptive import effect


def test_the_published_examples() -> None:
    # Newcombe 1998 (interval estimation for the difference), table II, method 10
    for counts, low, high in (
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((10, 10, 0, 20), 0.6791, 1.0000),
    ):
        found = effect(*counts)
        assert found is not None
        assert found.interval == pytest.approx((low, high), abs=6e-5)


def test_a_tip_that_works() -> None:
    found = effect(30, 10_000, 60, 10_000)
    assert found is not None
    assert (found.direction, found.relative) == (-1, -0.5)
    assert found.avoided == pytest.approx(30)
    low, high = found.avoided_interval
    assert 0 < low < 30 < high


def test_what_cannot_be_told_is_left_open() -> None:
    found = effect(30, 10_000, 33, 10_000)
    assert found is not None
    assert found.direction == 0
    worse = effect(90, 1000, 30, 1000)
    assert worse is not None
    assert worse.direction == 1
    assert worse.avoided < 0
    none = effect(1, 100, 0, 100)
    assert none is not None
    assert none.relative is None
    assert effect(0, 0, 3, 10) is None
    assert effect(3, 10, 0, 0) is None
    with pytest.raises(ValueError, match="cannot be"):
        effect(11, 10, 0, 10)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_sides_exchanged_the_interval_mirrors(hits: int, rest: int, others: int, left: int) -> None:
    if hits + rest and others + left:
        one, two = effect(hits, hits + rest, others, others + left), effect(others, others + left, hits, hits + rest)
        assert one is not None
        assert two is not None
        assert one.interval.low <= one.difference <= one.interval.high
        assert one.interval == pytest.approx((-two.interval.high, -two.interval.low), abs=1e-12)


def test_the_interval_holds_the_truth_as_often_as_stated() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.binomial(800, 0.02, 1000), rng.binomial(400, 0.05, 1000)
    held = 0
    for hits, others in zip(a.tolist(), b.tolist(), strict=True):
        found = effect(hits, 800, others, 400)
        held += found is not None and found.interval.low <= -0.03 <= found.interval.high
    assert held / 1000 == pytest.approx(0.95, abs=0.025)
