"""Drift: PSI by hand and by an independent reading of its definition, KS as scipy has it, blocks as the whole."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.models import drift
from seawall.analytics.models.drift import SCORE, SHIFTED, SHIFTING, STABLE, UNKNOWN, Baseline, Bins, Drift

RNG = np.random.default_rng(4)
VALUES = RNG.gamma(2.0, 2.0, 5_000)


def test_psi_by_hand() -> None:
    before, now = np.array([50, 30, 20]), np.array([20, 30, 50])
    expected = (0.2 - 0.5) * math.log(0.2 / 0.5) + (0.5 - 0.2) * math.log(0.5 / 0.2)
    assert drift.psi(before, now, smoothing=0.0) == pytest.approx(expected, rel=1e-12)
    assert drift.psi(before, before * 3, smoothing=0.0) == 0.0


def test_an_empty_bin_is_smoothed_and_one_empty_in_both_does_not_count() -> None:
    before, now = np.array([90, 10, 0]), np.array([100, 0, 0])
    p, q = (90.5 / 101, 10.5 / 101), (100.5 / 101, 0.5 / 101)
    expected = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert drift.psi(before, now) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=12))
def test_psi_is_symmetric_and_never_negative(counts: list[tuple[int, int]]) -> None:
    before, now = np.array(counts).T
    if before.sum() and now.sum():
        assert drift.psi(before, now) >= 0
        assert drift.psi(before, now) == pytest.approx(drift.psi(now, before), abs=1e-12)


def test_bins_hold_about_equal_shares_and_count_what_is_missing() -> None:
    made = drift.bins_of(np.concatenate([VALUES, np.full(500, np.nan)]))
    assert made.counts.tolist() == [500] * 10 + [500]
    assert np.histogram(VALUES, [-np.inf, *np.nextafter(made.edges, np.inf), np.inf])[0].tolist() == [500] * 10


def test_a_value_that_weighs_more_than_a_bin_makes_fewer_bins() -> None:
    zeros = drift.bins_of(np.concatenate([np.zeros(900), np.arange(1.0, 101.0)]))
    assert zeros.edges.tolist() == [0.0]
    assert zeros.counts.tolist() == [900, 100, 0]
    assert drift.bins_of(np.ones(7)).counts.tolist() == [7, 0]
    assert drift.bins_of(np.full(3, np.nan)).counts.tolist() == [0, 3]
    assert Bins(np.array([1.0, 2.0]), np.zeros(4, np.int64)).count(np.array([1.0, 1.5, 2.0, np.inf])).tolist() == [
        1,
        2,
        1,
        0,
    ]


def test_the_psi_to_expect_without_drift_is_what_samples_show() -> None:
    made = drift.bins_of(RNG.random(4_000))
    found = [drift.psi(made.counts, made.count(RNG.random(2_000))) for _ in range(200)]
    assert drift.noise(made.counts, made.count(RNG.random(2_000))) == pytest.approx(9 * (1 / 4_000 + 1 / 2_000))
    assert np.mean(found) == pytest.approx(9 * (1 / 4_000 + 1 / 2_000), rel=0.15)


def test_ks_is_scipys() -> None:
    stats = pytest.importorskip("scipy.stats")
    for shift in (0.0, 0.3, 5.0):
        one, two = np.round(RNG.normal(size=300), 1), np.round(RNG.normal(shift, 1, 200), 1)
        assert drift.ks(one, two) == pytest.approx(stats.ks_2samp(one, two).statistic, abs=1e-12)
    with pytest.raises(ValueError, match="both samples"):
        drift.ks(np.zeros(0), np.ones(1))


def test_ks_over_bins_is_that_of_values_on_the_edges() -> None:
    made = Bins(np.array([1.0, 2.0]), np.array([5, 3, 2, 0]))
    one = np.repeat([1.0, 2.0, 3.0], [5, 3, 2])
    two = np.repeat([1.0, 2.0, 3.0], [1, 1, 8])
    assert drift.ks_of_counts(made.counts, made.count(two)) == pytest.approx(drift.ks(one, two))


@pytest.mark.parametrize(
    ("shift", "state"), [(0.0, STABLE), (0.35, SHIFTING), (1.0, SHIFTED)],
)  # fmt: skip
def test_a_shift_is_named_by_the_thresholds(shift: float, state: str) -> None:
    train, now = RNG.normal(size=(8_000, 2)), RNG.normal(size=(8_000, 2))
    now[:, 1] += shift
    watch = Drift(Baseline.of(["still", "moving"], train, train.sum(1)))
    watch.add(now, now.sum(1))
    found = {one.name: one for one in watch.shifts()}
    assert (found["still"].state, found["moving"].state) == (STABLE, state)
    assert watch.shifts()[0].name == SCORE
    assert watch.shifts()[1].name == ("moving" if shift else watch.shifts()[1].name)


def test_few_rows_tell_nothing() -> None:
    train = RNG.normal(size=(8_000, 1))
    watch = Drift(Baseline.of(["one"], train, train[:, 0]))
    assert [(one.state, one.psi) for one in watch.shifts()] == [(UNKNOWN, None)] * 2
    watch.add(train[:100] + 3.0, train[:100, 0])
    assert {one.state for one in watch.shifts()} == {UNKNOWN}
    watch.add(train + 3.0, train[:, 0])
    assert {one.name: one.state for one in watch.shifts()} == {SCORE: STABLE, "one": SHIFTED}


def test_blocks_and_parts_count_as_the_whole_and_a_baseline_survives_json() -> None:
    train, now = RNG.gamma(2, 2, (3_000, 3)), RNG.gamma(2, 3, (1_000, 3))
    now[::7, 2] = np.nan
    scores = np.where(np.arange(1_000) % 9, now[:, 0], np.nan)
    baseline = Baseline.of(["a", "b", "c"], train, train[:, 0])
    whole, parts, other = (
        Drift(baseline),
        Drift(Baseline.from_dict(json.loads(json.dumps(baseline.as_dict())))),
        Drift(baseline),
    )
    whole.add(now, scores)
    for start in range(0, 600, 37):
        parts.add(now[start : min(start + 37, 600)], scores[start : min(start + 37, 600)])
    other.add(now[600:], scores[600:])
    parts.join(other)
    assert parts.shifts() == whole.shifts()
    (gone,) = [one for one in whole.shifts() if one.name == "c"]
    assert (gone.missing, gone.missing_before) == (pytest.approx(143 / 1_000), 0.0)


@pytest.mark.parametrize(
    "broken",
    [{}, {"edges": [1.0]}, {"edges": [2.0, 1.0], "counts": [1, 1, 1, 1]}, {"edges": [1.0], "counts": [1, 1]},
     {"edges": [1.0], "counts": [1, -1, 1]}, {"edges": [math.nan], "counts": [1, 1, 1]},
     {"edges": [1.0], "counts": [0, 0, 0]}, {"edges": ["a"], "counts": [1, 1, 1]}, 7],
)  # fmt: skip
def test_a_broken_baseline_is_named(broken: object) -> None:
    with pytest.raises(ValueError, match="the baseline of a must hold"):
        Baseline.from_dict({"a": broken})


def test_a_baseline_has_a_score_and_no_feature_of_its_name() -> None:
    with pytest.raises(ValueError, match="needs the bins of the score"):
        Baseline({"a": drift.bins_of(VALUES)})
    with pytest.raises(ValueError, match="a feature is named 'score'"):
        Baseline.of(["score"], VALUES[:, None], VALUES)
    with pytest.raises(ValueError, match="rows have shape"):
        Drift(Baseline.of(["a"], VALUES[:, None], VALUES)).add(VALUES[:, None], VALUES[:5])
