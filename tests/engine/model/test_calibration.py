"""Calibrations: maps worked out by hand and scikit-learn's, never falling, the same alone and among others."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.model import CalibratedModel, Calibration, ModelError, model_hash, parse_calibration

from .by_hand import ANSWERS
from .by_hand import load as load_model

ISOTONIC: dict[str, Any] = {"kind": "isotonic", "library": "by hand", "x": [0.25, 0.5, 1.0], "y": [0.0, 0.125, 0.625]}
PLATT: dict[str, Any] = {"kind": "platt", "library": "by hand", "of": "score", "slope": 2.0, "intercept": -1.0}


def load(document: Any) -> Calibration:
    data = json.dumps(document).encode()
    return parse_calibration(data, model_hash(data))


@pytest.mark.parametrize(
    ("score", "expected"),
    [(-9.0, 0.0), (0.25, 0.0), (0.375, 0.0625), (0.5, 0.125), (0.75, 0.375), (1.0, 0.625), (math.inf, 0.625)],
)
def test_isotonic_is_linear_between_its_points(score: float, expected: float) -> None:
    assert load(ISOTONIC).one(score) == expected


def test_one_point_is_a_constant() -> None:
    assert load(ISOTONIC | {"x": [0.5], "y": [0.125]}).many(np.array([0.0, 0.5, 1.0])).tolist() == [0.125] * 3


def test_platt_by_hand() -> None:
    score, odds = load(PLATT), load(PLATT | {"of": "log_odds"})
    assert score.one(0.5) == 0.5
    assert score.one(3.0) == 1.0 / (1.0 + math.exp(-5.0))
    assert odds.one(0.5) == 1.0 / (1.0 + math.exp(1.0))
    assert odds.many(np.array([0.0, 1.0])).tolist() == [0.0, 1.0]
    assert math.isnan(odds.one(1.5))
    assert odds.one(0.8) == pytest.approx(1.0 / (1.0 + math.exp(1.0) / 16.0), rel=1e-15)


@pytest.mark.parametrize("document", [ISOTONIC, PLATT, PLATT | {"of": "log_odds"}])
def test_a_missing_score_stays_missing(document: Any) -> None:
    assert math.isnan(load(document).one(math.nan))
    assert np.isnan(load(document).many(np.array([math.nan, 0.5]))).tolist() == [True, False]


def test_isotonic_is_scikit_learns() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic", reason="scikit-learn is not installed (extra train)")
    rng = np.random.default_rng(2)
    scores = rng.random(500)
    fitted = isotonic.IsotonicRegression(out_of_bounds="clip").fit(scores, rng.random(500) < scores**2)
    points = {"x": fitted.X_thresholds_.tolist(), "y": fitted.y_thresholds_.tolist()}
    fresh = np.concatenate([rng.uniform(-0.1, 1.1, 2_000), fitted.X_thresholds_])
    assert np.allclose(load(ISOTONIC | points).many(fresh), fitted.predict(fresh), rtol=0, atol=1e-13)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1)), min_size=1, max_size=12, unique_by=lambda one: one[0]),
    st.lists(st.floats(-2e6, 2e6), min_size=2, max_size=40),
)
def test_no_isotonic_map_falls_and_each_score_maps_alone_as_among_others(
    points: list[tuple[float, float]], scores: list[float]
) -> None:
    x, y = sorted(one for one, _ in points), sorted(one for _, one in points)
    made = load(ISOTONIC | {"x": x, "y": y})
    given_scores = np.sort(np.array(scores + x))
    found = made.many(given_scores)
    assert np.all(np.diff(found) >= 0)
    assert found.tolist() == [made.one(score) for score in given_scores.tolist()]


def test_a_calibrated_model_maps_the_score_and_leaves_the_contributions() -> None:
    plain = load_model()
    model = CalibratedModel(plain, load(ISOTONIC | {"x": [1.0, 5.0], "y": [0.0, 1.0]}))
    rows = np.array([row for row, _, _ in ANSWERS])
    expected = [(answer - 1.0) / 4.0 for _, answer, _ in ANSWERS]
    assert model.score_rows(rows).tolist() == [model.score(row) for row in rows] == expected
    assert [model.contributions(row).tolist() for row in rows] == [list(parts) for _, _, parts in ANSWERS]
    assert (model.features, model.hash, model.bias) == (plain.features, plain.hash, plain.bias)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (ISOTONIC | {"kind": "beta"}, "kind must be one of isotonic, platt, not 'beta'"),
        (ISOTONIC | {"kind": ["platt"]}, "kind must be one of isotonic, platt"),
        (ISOTONIC | {"slope": 1.0}, "the calibration has no 'slope'"),
        (ISOTONIC | {"x": []}, "0 points; 1 to"),
        (ISOTONIC | {"x": 0.5}, "x must be a list of numbers"),
        (ISOTONIC | {"x": [0.25, 0.5]}, "y has 3 values, not 2"),
        (ISOTONIC | {"x": [0.25, 0.25, 1.0]}, "x must rise from point to point"),
        (ISOTONIC | {"x": [0.25, math.nan, 1.0]}, "x must hold numbers"),
        (ISOTONIC | {"y": [0.0, 0.5, 0.25]}, "y must not fall"),
        (ISOTONIC | {"y": [0.0, 0.5, 1.25]}, "y must hold numbers from 0 to 1"),
        (PLATT | {"of": "odds"}, "of must be one of score, log_odds"),
        (PLATT | {"slope": -1.0}, "slope must be above 0"),
        (PLATT | {"slope": 0}, "slope must be above 0"),
        (PLATT | {"intercept": math.inf}, "intercept must be a number"),
    ],
)
def test_what_is_wrong_is_named(document: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load(document)


def test_another_hash_is_refused() -> None:
    with pytest.raises(ModelError, match="not the expected"):
        parse_calibration(json.dumps(PLATT).encode(), "0" * 64)
