"""Forests from JSON: answers worked out by hand, and what is damaged or hostile refused in one line."""

import copy
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.model import ModelError, documents, ensemble, model_hash, parse_model
from seawall.engine.model.trees import TreeModel

STUMP = {
    "feature": [0], "threshold": [10.5], "missing_left": [0], "left": [-1], "right": [-2],
    "split_value": [0.25], "split_cover": [8], "leaf_value": [0.125, 0.375], "leaf_cover": [4, 4],
}  # fmt: skip
DEEPER = {
    "feature": [1, 0], "threshold": [0.0, 3.0], "missing_left": [1, 0], "left": [-1, -2], "right": [1, -3],
    "split_value": [0.5, 0.75], "split_cover": [8, 4], "leaf_value": [0.25, 0.5, 1.0], "leaf_cover": [4, 2, 2],
}  # fmt: skip
LEAF: dict[str, list[float]] = {
    "feature": [], "threshold": [], "missing_left": [], "left": [], "right": [],
    "split_value": [], "split_cover": [], "leaf_value": [0.5], "leaf_cover": [8],
}  # fmt: skip
FOREST: dict[str, Any] = {
    "kind": "random_forest", "library": "by hand", "features": ["amount", "age"], "trees": [STUMP, DEEPER]
}  # fmt: skip
ISOLATION = FOREST | {"kind": "isolation_forest", "path_length": 0.25}
# amount, age: the trees' values
ROWS = [
    ((10.5, 0.0), (0.125, 0.25)),
    ((11.0, 1e-300), (0.375, 1.0)),  # next to 0 is not 0
    ((3.0, 1.0), (0.125, 0.5)),
    ((math.nan, math.nan), (0.375, 0.25)),
    ((math.nan, 1.0), (0.375, 1.0)),
]


def load(document: Any) -> TreeModel:
    data = json.dumps(document).encode()
    model = parse_model(data, model_hash(data))
    assert isinstance(model, TreeModel)
    return model


def changed(member: str, value: Any, tree: int | None = 1, of: dict[str, Any] = FOREST) -> dict[str, Any]:
    document = copy.deepcopy(of)
    holder = document if tree is None else document["trees"][tree]
    holder[member] = value
    return document


@pytest.mark.parametrize(("row", "values"), ROWS)
def test_a_random_forest_answers_the_mean(row: tuple[float, float], values: tuple[float, float]) -> None:
    model, given = load(FOREST), np.array(row)
    assert model.score(given) == model.score_rows(given[None])[0] == sum(values) / 2
    assert model.bias + model.contributions(given).sum() == sum(values)
    assert model.features == ("amount", "age")


@pytest.mark.parametrize(("row", "values"), ROWS)
def test_an_isolation_forest_halves_with_each_length(row: tuple[float, float], values: tuple[float, float]) -> None:
    model, given = load(ISOLATION), np.array(row)
    expected = 2.0 ** (-sum(values) / 2 / 0.25)
    assert model.score(given) == model.score_rows(given[None])[0] == expected
    assert model.bias + model.contributions(given).sum() == -sum(values)


def test_a_tree_that_is_one_leaf() -> None:
    assert load(FOREST | {"trees": [LEAF, STUMP]}).score(np.array([1.0, 1.0])) == (0.5 + 0.125) / 2


def test_the_cover_of_each_node_is_kept() -> None:
    model = load(FOREST)
    leaves = model.forest.child == np.arange(len(model.forest.child))
    assert sorted(model.cover[leaves]) == [2, 2, 4, 4, 4]
    assert model.cover[model.forest.root].tolist() == [8, 8]


BROKEN: list[tuple[Any, str]] = [
    (changed("kind", ["random_forest"], None), "kind must be one of linear"),
    (changed("library", None, None), "library must be text"),
    (changed("features", ["amount", 7], None), "features must be a list of names"),
    (changed("features", ["amount", "amount"], None), "'amount' is repeated"),
    (changed("features", [], None), "0 features"),
    (changed("trees", [], None), "0 trees; 1 to"),
    (changed("trees", "many", None), "trees must be a list"),
    (changed("trees", [[]], None), "tree 0 must be an object"),
    (changed("path_length", 1.0, None), "has no 'path_length'"),
    (changed("path_length", 0.0, None, ISOLATION), "path_length must be above 0"),
    (changed("path_length", "1", None, ISOLATION), "path_length must be a number"),
    (changed("gain", [1, 2]), "tree 1 has no 'gain'"),
    (changed("feature", [1, 2]), "tree 1: feature must hold integers from 0 to 1"),
    (changed("feature", [1, -1]), "feature must hold integers"),
    (changed("feature", [1, 0.0]), "feature must hold integers"),
    (changed("feature", [1, True]), "feature must hold integers"),
    (changed("threshold", [0.0]), "threshold has 1 values, not 2"),
    (changed("threshold", [0.0, math.nan]), "threshold must hold numbers"),
    (changed("threshold", [0.0, math.inf]), "threshold must hold numbers"),
    (changed("threshold", [0.0, 10**400]), "threshold must hold numbers"),
    (changed("threshold", [0.0, "3.0"]), "threshold holds something that is no number"),
    (changed("threshold", [0.0, None]), "threshold holds something that is no number"),
    (changed("threshold", [0.0, [3.0]]), "threshold holds something that is no number"),
    (changed("missing_left", [0, 2]), "missing_left must hold integers from 0 to 1"),
    (changed("left", [0, -2]), "tree 1: its children do not form a tree"),  # a cycle
    (changed("right", [-1, -3]), "tree 1: its children do not form a tree"),  # a leaf twice
    (changed("right", [1, 1]), "tree 1: its children do not form a tree"),
    (changed("right", [1, -4]), "right must hold integers from -3 to 1"),
    (changed("right", [1, 10**30]), "right must hold integers from -3 to 1"),
    (changed("leaf_value", [0.25, 0.5, 1.5]), "leaf_value must hold numbers from 0 to 1"),
    (changed("leaf_value", [0.25, 0.5, -0.5]), "leaf_value must hold numbers from 0 to 1"),
    (changed("leaf_value", [0.25, 0.5, math.nan]), "leaf_value must hold numbers"),
    (changed("leaf_value", [0.25, 0.5]), "leaf_value has 2 values, not 3"),
    (changed("leaf_cover", [4, 2, -2]), "leaf_cover must hold numbers from 0"),
    (changed("leaf_value", [1.0, 2.0, 2e6], 1, ISOLATION), "leaf_value must hold numbers from 0 to 1e\\+06"),
]


@pytest.mark.parametrize(("document", "message"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_wrong_is_named(document: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load(document)
    assert "\n" not in str(caught.value)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="the model has 10,001 trees"):
        load(FOREST | {"trees": [LEAF] * 10_001})
    monkeypatch.setattr(ensemble, "MAX_NODES", 9)
    with pytest.raises(ModelError, match="more than 9 nodes"):
        load(FOREST)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 700), junk=st.text('0123456789.,[]-+e{}":NaInfity', max_size=6), drop=st.integers(0, 9))
def test_damage_ends_in_a_model_error_or_a_model_that_scores(place: int, junk: str, drop: int) -> None:
    text = json.dumps(FOREST)
    data = (text[:place] + junk + text[place + drop :]).encode()
    try:
        model = parse_model(data, model_hash(data))
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017 - a model is a fine end too
    else:
        assert math.isfinite(model.score(np.zeros(len(model.features))))


def test_documents_that_are_no_object_are_refused() -> None:
    with pytest.raises(ModelError, match="is not a JSON object"):
        documents.read("[]")
