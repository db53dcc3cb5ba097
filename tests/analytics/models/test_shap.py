"""Exact Shapley values: LightGBM's, and those of the definition by enumeration of all coalitions."""

from __future__ import annotations

import json
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.analytics.models import export
from seawall.analytics.models.shap import Explainer
from seawall.engine.model import model_hash, parse_model
from seawall.engine.model.trees import TreeModel
from tests.engine.model.by_hand import TEXT
from tests.engine.model.test_trees import CASES, hard_rows, trained

Floats = npt.NDArray[np.float64]


def load(text: str) -> TreeModel:
    model = parse_model(text.encode(), model_hash(text.encode()))
    assert isinstance(model, TreeModel)
    return model


def by_definition(model: TreeModel, row: Floats) -> Floats:
    """The weighted mean over all coalitions of what a feature adds, each answer by walking the trees."""
    forest, cover, x = model.forest, model.cover, model.columns(row[None])[0]

    def answer(node: int, known: frozenset[int]) -> float:
        left = int(forest.child[node])
        if left == node:
            return float(forest.value[node])
        if int(forest.source[forest.column[node]]) in known:
            return answer(left + int(not x[forest.column[node]] <= forest.threshold[node]), known)
        parts = [cover[one] / cover[node] * answer(one, known) for one in (left, left + 1)]
        return float(sum(parts))

    def game(known: tuple[int, ...]) -> float:
        return sum(answer(int(root), frozenset(known)) for root in forest.root)

    count = len(model.features)
    worth = {one: game(one) for size in range(count + 1) for one in combinations(range(count), size)}
    found = np.zeros(count)
    for coalition, before in worth.items():
        if len(coalition) == count:
            continue
        weight = factorial(len(coalition)) * factorial(count - len(coalition) - 1) / factorial(count)
        for feature in set(range(count)) - set(coalition):
            found[feature] += weight * (worth[tuple(sorted((*coalition, feature)))] - before)
    return found / model.divisor


@pytest.mark.parametrize(
    "case", ["binary", "categorical", "zero as missing", "deep", "stumps", "no split possible", "early leaves", "dart"]
)
def test_values_are_lightgbms(case: str) -> None:
    model, booster = trained(CASES[case])
    rows = hard_rows(model)[::5]
    expected = booster.predict(rows, pred_contrib=True, num_threads=1)
    found = Explainer(model).explain(rows)
    assert np.allclose(found.values, expected[:, :-1], rtol=0, atol=1e-9)
    assert found.expected == pytest.approx(expected[0, -1], abs=1e-9)
    assert np.allclose(found.expected + found.values.sum(1), model.raw_rows(rows), rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", ["binary", "categorical", "missing not used", "random forest"])
def test_values_are_those_of_the_definition(case: str) -> None:
    model, _ = trained(CASES[case], trees=6)
    rows = hard_rows(model)[::100]
    found = Explainer(model).explain(rows).values
    for row, values in zip(rows, found, strict=True):
        assert np.allclose(values, by_definition(model, row), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["random_forest", "isolation_forest"])
def test_values_of_scikit_learns_forests_are_those_of_the_definition(kind: str) -> None:
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed (extra train)")
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(300, 5))
    if kind == "random_forest":
        learner = ensemble.RandomForestClassifier(5, max_depth=5, random_state=1)
        text = export.forest_artefact(learner.fit(rows, rows[:, 0] * rows[:, 1] > rows[:, 2]), list("abcde"))
    else:
        text = export.isolation_artefact(ensemble.IsolationForest(n_estimators=5, random_state=1).fit(rows), "abcde")
    model = load(text)
    found = Explainer(model).explain(rows[:8])
    for row, values in zip(rows[:8], found.values, strict=True):
        assert np.allclose(values, by_definition(model, row), rtol=0, atol=1e-12)
    sums = found.expected + found.values.sum(1)
    assert np.allclose(sums, model.raw_rows(rows[:8]) / model.divisor, rtol=0, atol=1e-12)


def forest_of(draws: Any) -> str:
    """A random forest artefact whose splits, covers and shape are drawn; features come back on the same path."""

    def grow(cover: int, depth: int) -> dict[str, Any] | float:
        if depth == 0 or cover < 2 or draws(st.integers(0, 4)) == 0:
            return draws(st.integers(0, 8)) / 8
        left = draws(st.integers(1, cover - 1))
        sides = [grow(left, depth - 1), grow(cover - left, depth - 1)]
        return {"feature": draws(st.integers(0, 3)), "cover": cover, "covers": [left, cover - left], "sides": sides}

    def flat(tree: dict[str, Any] | float) -> dict[str, list[Any]]:
        keys = ("feature", "threshold", "missing_left", "left", "right", "split_value", "split_cover")
        out: dict[str, list[Any]] = {key: [] for key in (*keys, "leaf_value", "leaf_cover")}

        def place(node: dict[str, Any] | float, cover: int) -> int:
            if not isinstance(node, dict):
                out["leaf_value"].append(node)
                out["leaf_cover"].append(cover)
                return ~(len(out["leaf_value"]) - 1)
            number = len(out["feature"])
            draw = (node["feature"], draws(st.integers(-2, 2)), draws(st.integers(0, 1)), 0, 0, 0.5, node["cover"])
            for key, one in zip(keys, draw, strict=True):
                out[key].append(one)
            for side, below, its in zip(("left", "right"), node["sides"], node["covers"], strict=True):
                out[side][number] = place(below, its)
            return number

        place(tree, 100)
        return out

    trees = [flat(grow(100, 6)) for _ in range(2)]
    return json.dumps({"kind": "random_forest", "library": "drawn", "features": list("abcd"), "trees": trees})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_values_of_any_forest_are_those_of_the_definition(data: st.DataObject) -> None:
    model = load(forest_of(data.draw))
    row = np.array(data.draw(st.lists(st.sampled_from([-2.5, -1.0, 0.0, 0.5, 2.0, np.nan]), min_size=4, max_size=4)))
    found = Explainer(model).explain(row[None])
    assert np.allclose(found.values[0], by_definition(model, row), rtol=0, atol=1e-12)
    assert found.expected + found.values[0].sum() == pytest.approx(model.score(row), abs=1e-12)


def test_an_artefact_without_counts_cannot_be_explained() -> None:
    with pytest.raises(ValueError, match="lacks the counts of training data"):
        Explainer(load(TEXT))
