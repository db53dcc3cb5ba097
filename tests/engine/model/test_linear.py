"""Linear and logistic models from JSON: exact scores, contributions, and refusals."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.model import ModelError, model_hash, parse_model
from seawall.engine.model.linear import LinearModel

DOCUMENT: dict[str, Any] = {
    "kind": "logistic",
    "intercept": -1.0,
    "features": [
        {"name": "ratio", "weight": 0.5, "reference": 1.0, "missing": 3.0},
        {"name": "age", "weight": -0.25},
    ],
}


def load(document: Any) -> LinearModel:
    data = json.dumps(document).encode()
    model = parse_model(data, model_hash(data))
    assert isinstance(model, LinearModel)
    return model


def changed(**keys: Any) -> dict[str, Any]:
    return {**DOCUMENT, **keys}


def test_scores_and_contributions_by_hand() -> None:
    linear, logistic = load(changed(kind="linear")), load(DOCUMENT)
    assert linear.features == ("ratio", "age")
    assert linear.bias == -0.5
    for row, total, parts in (
        ((4.0, 2.0), 0.5, [1.5, -0.5]),
        ((1.0, 0.0), -0.5, [0.0, 0.0]),
        ((math.nan, 2.0), 0.0, [1.0, -0.5]),
    ):
        assert linear.score(np.array(row)) == total
        assert linear.contributions(np.array(row)).tolist() == parts
        assert logistic.score(np.array(row)) == 1.0 / (1.0 + math.exp(-total))


def test_a_missing_value_without_a_stand_in_gives_no_score() -> None:
    for kind in ("linear", "logistic"):
        assert math.isnan(load(changed(kind=kind)).score(np.array([1.0, math.nan])))


def test_far_scores_do_not_overflow() -> None:
    model = load(DOCUMENT)
    assert model.score(np.array([1e300, 0.0])) == 1.0
    assert model.score(np.array([-1e300, 0.0])) == 0.0
    assert math.isnan(model.score(np.array([math.inf, math.inf])))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(width=64), st.floats(width=64)), min_size=1, max_size=20))
def test_a_row_scores_the_same_alone_and_in_a_batch(rows: list[tuple[float, float]]) -> None:
    model, matrix = load(DOCUMENT), np.array(rows)
    alone = np.array([model.score(row) for row in matrix])
    assert np.array_equal(model.score_rows(matrix), alone, equal_nan=True)


def test_a_scikit_learn_model_scores_as_it_does_there() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed (extra train)")
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(300, 3))
    fitted = linear_model.LogisticRegression().fit(rows, rows @ [1.0, -2.0, 0.5] > 0.1)
    terms = [{"name": f"f{index}", "weight": weight} for index, weight in enumerate(fitted.coef_[0].tolist())]
    model = load({"kind": "logistic", "intercept": float(fitted.intercept_[0]), "features": terms})
    assert np.allclose(model.score_rows(rows), fitted.predict_proba(rows)[:, 1], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed(kind="tree"), "kind must be one of linear, logistic, random_forest, isolation_forest, not 'tree'"),
        (changed(intercept="0"), "the model: intercept must be a number"),
        (changed(intercept=True), "the model: intercept must be a number"),
        (changed(intercept=math.nan), "the model: intercept must be a number"),
        (changed(features=[]), "the model has 0 features"),
        (changed(features={}), "features must be a list"),
        (changed(features=["a"]), r"features\[0\] must be an object"),
        (changed(features=[{"weight": 1}]), r"features\[0\]: name must be a string"),
        (changed(features=[{"name": "a"}]), "a: weight must be a number"),
        (changed(features=[{"name": "a", "weight": 10**400}]), "a: weight must be a number"),
        (changed(features=[{"name": "a", "weight": 1, "missing": None}]), "a: missing must be a number"),
        (changed(features=[{"name": "a", "weight": 1, "wieght": 1}]), r"features\[0\] has no 'wieght'"),
        (changed(features=[{"name": "a", "weight": 1}] * 2), "feature name 'a' is repeated"),
        (changed(slope=1), "the model has no 'slope'"),
    ],
)
def test_what_is_wrong_is_named(document: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load(document)


@pytest.mark.parametrize("text", ['{"kind": "linear", "kind": "linear"}', '{"kind": ', "{" * 3, '{"a":' * 100_000])
def test_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match=r"is not JSON|given twice"):
        parse_model(text.encode(), model_hash(text.encode()))
