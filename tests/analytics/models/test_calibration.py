"""Calibration: maps as the engine reads them, the likelihood at its top, measures by their definitions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from seawall.analytics.models import calibration
from seawall.analytics.models.calibration import LOG_ODDS, SCORE, Reliability
from seawall.engine.model import Calibration, model_hash, parse_calibration

RNG = np.random.default_rng(6)
TRUTH = RNG.beta(1.0, 4.0, 6_000)
BAD = RNG.random(6_000) < TRUTH
SURE = TRUTH**3 / (TRUTH**3 + (1 - TRUTH) ** 3)  # three times too sure, in log-odds


def load(text: str) -> Calibration:
    return parse_calibration(text.encode(), model_hash(text.encode()))


def error(scores: np.ndarray) -> float:
    made = Reliability.empty()
    made.add(scores, BAD)
    assert made.ece is not None
    return made.ece


def test_both_maps_bring_scores_back_to_what_came_of_them() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra train)")
    assert error(SURE) > 0.08
    for text in (calibration.fit_isotonic(SURE, BAD), calibration.fit_platt(SURE, BAD)):
        assert error(load(text).many(SURE)) < 0.015


def test_platt_finds_the_slope_that_was_put_in() -> None:
    document = json.loads(calibration.fit_platt(SURE, BAD))
    assert document["slope"] == pytest.approx(1 / 3, rel=0.05)
    assert document["intercept"] == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("of", [SCORE, LOG_ODDS])
def test_platt_stands_where_the_likelihood_is_greatest(of: str) -> None:
    document = json.loads(calibration.fit_platt(SURE, BAD, of))
    frauds, goods = int(BAD.sum()), int((~BAD).sum())
    target = np.where(BAD, (frauds + 1) / (frauds + 2), 1 / (goods + 2))
    s = SURE if of == SCORE else np.log(np.clip(SURE, 1e-12, 1 - 1e-12) / (1 - np.clip(SURE, 1e-12, 1 - 1e-12)))

    def loss(slope: float, intercept: float) -> float:
        p = 1 / (1 + np.exp(-(slope * s + intercept)))
        return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).sum())

    best = loss(document["slope"], document["intercept"])
    for d_slope, d_intercept in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        assert loss(document["slope"] + d_slope, document["intercept"] + d_intercept) > best


def test_measures_by_their_definitions_in_blocks_and_whole() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed (extra train)")
    whole, parts, other = Reliability.empty(), Reliability.empty(), Reliability.empty()
    whole.add(SURE, BAD)
    for start in range(0, 4_000, 333):
        stop = min(start + 333, 4_000)
        parts.add(SURE[start:stop], BAD[start:stop])
    other.add(SURE[4_000:], BAD[4_000:])
    parts.join(other)
    assert whole.brier == pytest.approx(metrics.brier_score_loss(BAD, SURE), rel=1e-12)
    expected = 0.0
    for low in range(10):
        inside = (np.floor(SURE * 10) == low) | ((low == 9) & (SURE == 1.0))
        if inside.any():
            expected += inside.mean() * abs(SURE[inside].mean() - BAD[inside].mean())
    assert whole.ece == pytest.approx(expected, rel=1e-12)
    assert parts.brier == pytest.approx(whole.brier, rel=1e-12)
    assert parts.ece == pytest.approx(whole.ece, rel=1e-12)
    assert [one.rows for one in parts.bins()] == [one.rows for one in whole.bins()]


def test_bins_by_hand() -> None:
    made = Reliability.empty(4)
    made.add(np.array([0.0, 0.25, 0.3, 1.0]), np.array([False, True, False, True]))
    assert [tuple(one) for one in made.bins()] == [
        (0.0, 0.25, 1, 0.0, 0.0), (0.25, 0.5, 2, pytest.approx(0.275), 0.5), (0.75, 1.0, 1, 1.0, 1.0)
    ]  # fmt: skip
    assert made.ece == pytest.approx((abs(0.55 - 1) + 0 + 0) / 4)
    assert made.as_dict()["bins"][0] == {"low": 0.0, "high": 0.25, "rows": 1, "mean": 0.0, "bad": 0.0}
    assert (Reliability.empty().ece, Reliability.empty().brier) == (None, None)


def test_what_cannot_be_calibrated_is_named() -> None:
    for one in (np.zeros(3, bool), np.ones(3, bool)):
        with pytest.raises(ValueError, match="all rows are of one kind"):
            calibration.fit_platt(np.array([0.1, 0.2, 0.3]), one)
    with pytest.raises(ValueError, match="a finite score"):
        calibration.fit_platt(np.array([0.1, np.nan]), np.array([True, False]))
    with pytest.raises(ValueError, match="risk falls"):
        calibration.fit_platt(1 - SURE, BAD)
    with pytest.raises(ValueError, match="all scores are the same"):
        calibration.fit_platt(np.full(6_000, 0.5), BAD)
    with pytest.raises(ValueError, match="log-odds need scores from 0 to 1"):
        calibration.fit_platt(SURE * 2, BAD)
    with pytest.raises(ValueError, match="must be probabilities"):
        Reliability.empty().add(np.array([1.5]), np.array([True]))
