"""The error level holds over all looks together, and true differences are found: by simulation with fixed seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.analytics.adaptive import Means, Moments, Proportions

ALPHA = 0.05
RUNS = 300
LIMIT = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)  # three standard errors above the level


def share_test(rng: np.random.Generator, a: float, b: float, looks: int, size: int) -> bool:
    """Whether it ever says that they differ."""
    test = Proportions()
    for _ in range(looks):
        n_a, n_b = int(rng.integers(0, 2 * size)), int(rng.integers(0, size))  # unequal sides
        test = test.step(int(rng.binomial(n_a, a)), n_a, int(rng.binomial(n_b, b)), n_b)
        if test.p_value <= ALPHA:
            return True
    return False


@pytest.mark.parametrize("share", [0.002, 0.05, 0.5])
def test_equal_shares_are_told_apart_no_more_often_than_stated(share: float) -> None:
    rng = np.random.default_rng(1)
    assert np.mean([share_test(rng, share, share, 100, 100) for _ in range(RUNS)]) <= LIMIT


def test_a_fixed_test_looked_at_as_often_would_not_hold() -> None:
    """That the simulation above can fail: z at 1.96, looked at 100 times, is wrong in far more than 5 %."""
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(100):
        a, b = (rng.binomial(100, 0.3, 100).cumsum() for _ in range(2))
        n = 100 * np.arange(1, 101)
        pooled = (a + b) / (2 * n)
        wrong += bool((np.abs(a - b) / n / np.sqrt(2 * pooled * (1 - pooled) / n) > 1.96).any())
    assert wrong > 20


def test_different_shares_are_found() -> None:
    rng = np.random.default_rng(3)
    assert np.mean([share_test(rng, 0.05, 0.08, 100, 100) for _ in range(100)]) >= 0.9
    assert np.mean([share_test(rng, 0.08, 0.05, 100, 100) for _ in range(100)]) >= 0.9


@given(
    st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(1, 12),
    st.integers(1, 12), st.floats(0.0, 1.0),
)  # fmt: skip
def test_a_batch_wins_nothing_on_average_where_shares_are_equal(
    hits_a: int, more_a: int, hits_b: int, more_b: int, n_a: int, n_b: int, share: float
) -> None:
    """Exactly, whatever was learned before: the mean of the betting score over all outcomes of a batch is at most 1."""
    before = Proportions(hits_a, hits_a + more_a, hits_b, hits_b + more_b)
    mean = sum(
        math.comb(n_a, i) * share**i * (1 - share) ** (n_a - i)
        * math.comb(n_b, j) * share**j * (1 - share) ** (n_b - j)
        * math.exp(before.step(i, n_a, j, n_b).evidence)
        for i in range(n_a + 1) for j in range(n_b + 1)
    )  # fmt: skip
    assert mean <= 1 + 1e-9


def test_proportions_by_hand() -> None:
    first = Proportions().step(3, 9, 7, 9)
    assert (first.evidence, first.p_value) == (0.0, 1.0)  # the first batch only teaches
    assert first.difference == pytest.approx(4 / 9)
    second = first.step(0, 1, 1, 1)
    assert second.evidence == pytest.approx(math.log(0.65 / 0.45 * 0.75 / 0.55))  # 3.5 / 10, 7.5 / 10, together 0.55
    assert second.p_value == pytest.approx(math.exp(-second.evidence))
    worse = second.step(1, 1, 0, 1)
    assert worse.evidence < second.evidence
    assert worse.p_value == second.p_value  # what was shown once stays shown
    assert Proportions().step(0, 5, 0, 0).difference is None
    for wrong in ((2, 1, 0, 0), (0, 0, -1, 1)):
        with pytest.raises(ValueError, match="hits must be"):
            Proportions().step(*wrong)


# --- means ------------------------------------------------------------------------------------------------------------


def mean_test(rng: np.random.Generator, apart: float, looks: int) -> tuple[bool, bool]:
    """Whether it ever says that they differ, and whether its interval ever lost the truth; skewed values."""
    test, lost, found = Means(scale=0.2), False, False
    for _ in range(looks):
        test = test.step(Moments.of(rng.exponential(1.0, 40)), Moments.of(rng.exponential(1.0, 20) + apart))
        interval = test.interval()
        lost |= interval is not None and not interval.low <= apart <= interval.high
        found |= test.p_value <= ALPHA
    return found, lost


def test_equal_means_are_told_apart_no_more_often_than_stated() -> None:
    rng = np.random.default_rng(4)
    runs = np.array([mean_test(rng, 0.0, 60) for _ in range(RUNS)])
    assert (runs.mean(axis=0) <= LIMIT).all()


def test_different_means_are_found_and_the_interval_holds_the_truth() -> None:
    rng = np.random.default_rng(5)
    runs = np.array([mean_test(rng, 0.2, 60) for _ in range(100)])
    assert runs[:, 0].mean() >= 0.9
    assert runs[:, 1].mean() <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / 100)


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=8), min_size=1, max_size=5))
def test_moments_of_parts_join_into_those_of_the_whole(parts: list[list[float]]) -> None:
    whole = Moments.of([one for part in parts for one in part])
    joined = Moments()
    for part in parts:
        joined = joined.join(Moments.of(part))
    assert joined.n == whole.n
    assert joined.mean == pytest.approx(whole.mean, abs=1e-6)
    assert joined.squares == pytest.approx(whole.squares, rel=1e-9, abs=1e-2)


def test_a_share_is_the_moments_of_zeros_and_ones() -> None:
    plain, counted = Moments.of([1, 1, 0, 0, 0]), Moments.of_share(2, 5)
    assert (plain.n, plain.mean) == (counted.n, counted.mean)
    assert plain.squares == pytest.approx(counted.squares)
    assert plain.variance == pytest.approx(0.3)


def test_p_value_and_interval_agree() -> None:
    """At one look, the interval leaves out 0 just where the ratio passes 1 / alpha."""
    for apart in np.linspace(0.0, 0.5, 101):
        test = Means(0.2).step(Moments(400, 1.0, 399.0), Moments(400, 1.0 + apart, 399.0))
        interval = test.interval(1 - ALPHA)
        assert interval is not None
        assert (interval.low > 0) == (test.evidence > math.log(1 / ALPHA))


def test_nothing_is_said_before_there_is_enough_or_where_nothing_varies() -> None:
    few = Means(1.0).step(Moments.of(np.arange(99.0)), Moments.of(np.arange(500.0)))
    flat = Means(1.0).step(Moments.of(np.ones(200)), Moments.of(np.zeros(200)))
    for test in (few, flat):
        assert (test.evidence, test.p_value, test.interval()) == (0.0, 1.0, None)


def test_arguments_of_means_are_checked() -> None:
    for wrong in (lambda: Means(0.0), lambda: Means(math.inf), lambda: Means(1.0, 5), lambda: Moments.of([math.nan])):
        with pytest.raises(ValueError, match=r"must be|not finite"):
            wrong()
    with pytest.raises(ValueError, match="level"):
        Means(1.0).interval(1.0)
