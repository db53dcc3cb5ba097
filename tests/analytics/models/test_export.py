"""Exported scikit-learn models score in the engine as they do in scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.models import export
from seawall.engine.model import Model, model_hash, parse_model

ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed (extra train)")
NAMES = ("amount", "age", "count", "rare")
Floats = npt.NDArray[np.float64]


def sample(seed: int, rows: int = 1_200, missing: float = 0.0) -> tuple[Floats, npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    found = rng.gamma(2.0, 2.0, (rows, len(NAMES)))
    found[:, 2] = rng.integers(0, 5, rows)
    found[:, 3] *= rng.random(rows) < 0.1
    target = (found[:, 0] * found[:, 1] + 3 * found[:, 2] + rng.normal(0, 2, rows) > 14).astype(np.int64)
    found[rng.random(found.shape) < missing] = np.nan
    return found, target


def load(text: str) -> Model:
    return parse_model(text.encode(), model_hash(text.encode()))


def on_thresholds(model: Any, rows: Floats) -> Floats:
    """The rows with values put on thresholds of single precision, beside them and half way to the next."""
    rng, forest = np.random.default_rng(9), model.forest
    inner = forest.child != np.arange(len(forest.child))
    splits = np.flatnonzero(inner & (np.abs(forest.threshold) < 1e30))
    for row in rows[: len(rows) // 2]:
        node = rng.choice(splits)
        at = forest.threshold[node]
        single = np.float32(at)
        row[forest.source[forest.column[node]]] = rng.choice(
            (
                at,
                np.nextafter(at, np.inf),
                np.nextafter(at, -np.inf),
                single,
                np.nextafter(single, np.float32(9e9)),
            )
        )
    return rows


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize(
    ("learner", "options"),
    [
        ("RandomForestClassifier", {"max_depth": 9}),
        ("RandomForestClassifier", {"class_weight": "balanced_subsample", "min_samples_leaf": 5}),
        ("RandomForestClassifier", {"max_leaf_nodes": 12}),
        ("ExtraTreesClassifier", {"max_depth": 6}),
    ],
)
def test_a_random_forest_scores_as_there_to_the_bit(learner: str, options: dict[str, Any], missing: float) -> None:
    rows, target = sample(1, missing=missing)
    fitted = getattr(ensemble, learner)(30, random_state=3, n_jobs=1, **options).fit(rows, target)
    model = load(export.forest_artefact(fitted, NAMES))
    fresh = on_thresholds(model, sample(2, missing=missing)[0])
    expected = fitted.predict_proba(fresh)[:, 1]
    assert np.array_equal(model.score_rows(fresh), expected)
    assert [model.score(row) for row in fresh[:200]] == expected[:200].tolist()
    assert len(set(expected.tolist())) > 50


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("options", [{}, {"max_samples": 64}, {"max_features": 0.5}, {"max_samples": 2}])
def test_an_isolation_forest_scores_as_there(options: dict[str, Any], missing: float) -> None:
    rows, _ = sample(1, missing=missing)
    fitted = ensemble.IsolationForest(n_estimators=40, random_state=5, **options).fit(rows)
    model = load(export.isolation_artefact(fitted, NAMES))
    fresh = on_thresholds(model, sample(2, missing=missing)[0])
    fresh[0] = 1e6
    scores = model.score_rows(fresh)
    assert np.allclose(scores, -fitted.score_samples(fresh), rtol=1e-12, atol=0)
    assert [model.score(row) for row in fresh[:200]] == scores[:200].tolist()
    assert scores[0] >= scores.max() - 0.1


def test_what_makes_a_row_strange_contributes_most() -> None:
    rows, _ = sample(1)
    fitted = ensemble.IsolationForest(n_estimators=100, random_state=5).fit(rows)
    model = load(export.isolation_artefact(fitted, NAMES))
    for place in range(2):
        odd = np.median(rows, axis=0)
        odd[place] = 60.0
        parts = model.contributions(odd)
        assert parts.argmax() == place
        raw = model.raw_rows(odd[None])[0]  # type: ignore[attr-defined]
        assert model.bias + parts.sum() == pytest.approx(raw, rel=1e-9)
        assert model.score(odd) == pytest.approx(2 ** (raw / model.divisor), rel=1e-12)  # type: ignore[attr-defined]


def test_contributions_of_a_random_forest_add_up() -> None:
    rows, target = sample(1)
    fitted = ensemble.RandomForestClassifier(20, max_depth=6, random_state=3).fit(rows, target)
    model = load(export.forest_artefact(fitted, NAMES))
    for row in sample(2)[0][:50]:
        total = model.bias + model.contributions(row).sum()
        assert total / 20 == pytest.approx(model.score(row), abs=1e-12)


def test_a_logistic_regression_scores_as_there() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rows, target = sample(1)
    fitted = linear_model.LogisticRegression(max_iter=500).fit(rows, target)
    model = load(export.logistic_artefact(fitted, NAMES, missing=[1.0, 2.0, 3.0, 4.0]))
    assert np.allclose(model.score_rows(rows), fitted.predict_proba(rows)[:, 1], rtol=1e-12, atol=1e-15)
    assert model.score(np.full(4, np.nan)) == model.score(np.array([1.0, 2.0, 3.0, 4.0]))


@settings(max_examples=300, deadline=None)
@given(threshold=st.floats(-1e30, 1e30), value=st.floats(-1e30, 1e30), near=st.integers(-3, 3))
def test_a_moved_threshold_compares_as_single_precision_does(threshold: float, value: float, near: int) -> None:
    moved = float(export.below(np.array([threshold]))[0])
    around = moved
    for _ in range(abs(near)):
        around = float(np.nextafter(around, np.inf if near > 0 else -np.inf))
    for one in (value, around):
        assert (one <= moved) == (float(np.float32(one)) <= threshold)


def test_what_cannot_be_exported_is_named() -> None:
    rows, target = sample(1, 300)
    fitted = ensemble.RandomForestClassifier(2, random_state=1).fit(rows, target)
    with pytest.raises(ValueError, match="3 names for 4 features"):
        export.forest_artefact(fitted, NAMES[:3])
    three = ensemble.RandomForestClassifier(2, random_state=1).fit(rows, np.arange(300) % 3)
    with pytest.raises(ValueError, match="two classes"):
        export.forest_artefact(three, NAMES)
