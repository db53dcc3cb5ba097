"""The stated false-alarm rate holds and real drops are found, both by simulation with fixed seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.analytics.feedback import Baseline, Decay, overdispersion, threshold


def run_length(rng: np.random.Generator, baseline: Baseline, share: float, limit: int, periods: float = 100) -> int:
    """Periods until the alarm, or `limit`; sizes differ, shares vary by period as the baseline's correlation says."""
    watched = Decay(baseline, threshold(periods))
    for _ in range(limit):
        n = int(rng.integers(0, 40))
        p = share
        if baseline.correlation:
            weight = (1 - baseline.correlation) / baseline.correlation
            p = rng.beta(share * weight, (1 - share) * weight)
        watched = watched.step(int(rng.binomial(n, p)), n)
        if watched.alarm is not None:
            return watched.alarm
    return limit


@pytest.mark.parametrize("correlation", [0.0, 0.1])
def test_false_alarms_are_as_rare_as_stated(correlation: float) -> None:
    """One in 100 periods or more rarely; runs are cut at 400, which only lowers their mean."""
    rng = np.random.default_rng(5)
    baseline = Baseline(0.4, 0.3, correlation)
    runs = np.array([run_length(rng, baseline, 0.4, 400) for _ in range(150)])
    assert runs.mean() - 3 * runs.std() / math.sqrt(len(runs)) > 100


def test_clustered_events_need_the_correlation() -> None:
    """The same clustered world, watched as if events were independent, alarms far too often: what the term is for."""
    rng = np.random.default_rng(6)
    blind, aware = Baseline(0.4, 0.3), Baseline(0.4, 0.3, 0.2)
    lengths = []
    for used in (blind, aware):
        runs = []
        for _ in range(60):
            watched = Decay(used, threshold(100))
            while watched.alarm is None and watched.periods < 300:
                n = int(rng.integers(10, 40))
                watched = watched.step(int(rng.binomial(n, rng.beta(0.4 * 4, 0.6 * 4))), n)
            runs.append(watched.periods)
        lengths.append(float(np.mean(runs)))
    assert lengths[0] < 60
    assert lengths[1] > 100


def test_a_better_share_alarms_more_rarely_still() -> None:
    rng = np.random.default_rng(7)
    runs = [run_length(rng, Baseline(0.4, 0.3), 0.5, 400) for _ in range(60)]
    assert np.mean(runs) > 350


def test_a_drop_is_found_and_dated() -> None:
    rng = np.random.default_rng(8)
    delays, starts = [], []
    for _ in range(60):
        watched = Decay(Baseline(0.4, 0.3), threshold(1000))
        for period in range(60):
            n = 20
            watched = watched.step(int(rng.binomial(n, 0.4 if period < 20 else 0.2)), n)
        if watched.alarm is not None and watched.alarm > 20:
            delays.append(watched.alarm - 20)
            starts.append(watched.quiet)
    assert len(delays) >= 57
    assert np.median(delays) < 12
    assert 12 <= np.median(starts) <= 22


def test_the_log_ratio_is_that_of_the_two_distributions() -> None:
    base = Baseline(0.4, 0.5)
    before, after = (math.comb(10, 3) * p**3 * (1 - p) ** 7 for p in (0.4, 0.2))
    assert base.log_ratio(3, 10) == pytest.approx(math.log(after / before))
    clustered = Baseline(0.4, 0.5, 0.1)
    total = sum(math.exp(clustered.log_ratio(k, 10)) * beta_binomial(k, 10, 0.4, 0.1) for k in range(11))
    assert total == pytest.approx(1.0)  # mean 1 where nothing has dropped: what the false-alarm rate rests on
    near = Baseline(0.4, 0.5, 1e-7)
    assert near.log_ratio(3, 10) == pytest.approx(base.log_ratio(3, 10), abs=1e-3)


def beta_binomial(k: int, n: int, share: float, correlation: float) -> float:
    """By the urn: each draw adds a ball of its colour."""
    weight = (1 - correlation) / correlation
    found = float(math.comb(n, k))
    for at in range(n):
        drawn, ball = (at, share) if at < k else (at - k, 1 - share)
        found *= (ball * weight + drawn) / (weight + at)
    return found


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.9), st.floats(0.0, 0.5), st.integers(1, 30), st.data())
def test_more_hits_are_less_of_a_drop(
    share: float, drop: float, correlation: float, n: int, data: st.DataObject
) -> None:
    base = Baseline(share, drop, correlation)
    assert base.log_ratio(0, 0) == pytest.approx(0.0, abs=1e-7)  # rounding of large log gammas
    hits = data.draw(st.integers(1, n))
    assert base.log_ratio(hits, n) < base.log_ratio(hits - 1, n)


def test_overdispersion_finds_what_was_put_in() -> None:
    rng = np.random.default_rng(9)
    sizes = rng.integers(10, 60, 400)
    for correlation in (0.05, 0.2):
        weight = (1 - correlation) / correlation
        hits = rng.binomial(sizes, rng.beta(0.3 * weight, 0.7 * weight, 400))
        assert overdispersion(hits.tolist(), sizes.tolist()) == pytest.approx(correlation, rel=0.25)
    assert overdispersion(rng.binomial(sizes, 0.3).tolist(), sizes.tolist()) < 0.01
    assert overdispersion([3], [10]) == overdispersion([], []) == overdispersion([0, 0], [5, 5]) == 0.0
    with pytest.raises(ValueError, match="one length"):
        overdispersion([1], [1, 2])


def test_a_measured_baseline_is_cautious() -> None:
    base = Baseline.measured([40] * 10, [100] * 10)
    assert base is not None
    assert 0.36 < base.share < 0.4
    clustered = Baseline.measured([10, 70] * 5, [100] * 10)
    assert clustered is not None
    assert clustered.correlation > 0.2
    assert clustered.share < base.share - 0.05
    assert Baseline.measured([0, 0], [10, 10]) is None
    assert Baseline.measured([], []) is None


def test_an_alarm_stays_and_arguments_are_checked() -> None:
    watched = Decay(Baseline(0.5), threshold(10))
    for _ in range(5):
        watched = watched.step(0, 10)
    assert watched.alarm == 1
    assert watched.step(10, 10).alarm == 1
    assert watched.quiet == 0
    for wrong in (
        lambda: threshold(1),
        lambda: Baseline(0.0),
        lambda: Baseline(0.5, 1.0),
        lambda: Baseline(0.5, 0.3, 0.9),
    ):
        with pytest.raises(ValueError, match=r"must be|periods between"):
            wrong()
    with pytest.raises(ValueError, match="cannot be"):
        watched.step(3, 2)
    with pytest.raises(ValueError, match="threshold"):
        Decay(Baseline(0.5), 0.0)
