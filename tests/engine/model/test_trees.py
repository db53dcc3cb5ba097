"""Tree scores: bit-equal to LightGBM's, alone and in any batch; and to answers worked out by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.model import ModelError, model_hash, parse_model
from seawall.engine.model.base import Matrix
from seawall.engine.model.trees import TreeModel

from . import by_hand

FEATURES = 6
ROWS = 1_500
EDGES = (0.0, -0.0, 1e-36, -1e-36, 1.1e-35, 5e-324, 1e300, -1e300, np.inf, -np.inf, np.nan, -0.5, -1.0, 2.0**31, 3.0)
KINDS = {"binary": 2, "zero as missing": 1, "missing not used": 0, "categorical": 3, "one-hot categorical": 3}
CASES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary"},
    "steep sigmoid": {"objective": "binary", "sigmoid": 2.5},
    "zero as missing": {"objective": "binary", "zero_as_missing": True},
    "missing not used": {"objective": "binary", "use_missing": False},
    "categorical": {"objective": "binary", "categories": [0, 1], "min_data_per_group": 5, "cat_smooth": 1},
    "one-hot categorical": {"objective": "binary", "categories": [1], "max_cat_to_onehot": 100},
    "regression": {"objective": "regression"},
    "absolute error": {"objective": "regression_l1"},
    "poisson": {"objective": "poisson"},
    "tweedie": {"objective": "tweedie"},
    "cross entropy": {"objective": "cross_entropy"},
    "random forest": {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    "dart": {"objective": "binary", "boosting": "dart", "drop_rate": 0.5},
    "deep": {"objective": "binary", "num_leaves": 255, "min_data_in_leaf": 1},
    "stumps": {"objective": "binary", "num_leaves": 2},
    "no split possible": {"objective": "binary", "min_data_in_leaf": 10_000},
    "early leaves": {"objective": "binary", "min_gain_to_split": 25.0, "learning_rate": 0.5},
}


def sample(seed: int) -> Matrix:
    """Rows with small categories in columns 0 and 1, zeros in 2, missing values in 3, both in 4."""
    rng = np.random.default_rng(seed)
    rows = rng.gamma(2.0, 2.0, (ROWS, FEATURES))
    rows[:, 0] = rng.integers(0, 70, ROWS)
    rows[:, 1] = rng.integers(0, 5, ROWS)
    rows[rng.random(ROWS) < 0.4, 2] = 0.0
    rows[rng.random(ROWS) < 0.3, 3] = np.nan
    rows[rng.random(ROWS) < 0.2, 4] = 0.0
    rows[rng.random(ROWS) < 0.2, 4] = np.nan
    return rows


def trained(params: dict[str, Any], trees: int = 21) -> tuple[TreeModel, Any]:
    """Our model and LightGBM's, both read from the same text."""
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed (extra train)")
    rows = sample(1)
    odd = np.isin(rows[:, 0] % 7, (1, 3, 4)) * 3.0
    wanted = np.nan_to_num(rows[:, 3], nan=6.0) + odd + rows[:, 5] - rows[:, 2] + (rows[:, 1] == 2) > 8
    options = {"verbose": -1, "num_threads": 1, "deterministic": True, "seed": 3, **params}
    data = lightgbm.Dataset(rows, wanted.astype(float), categorical_feature=options.pop("categories", []))
    text = lightgbm.train(options, data, trees).model_to_string()
    model = parse_model(text.encode(), model_hash(text.encode()))
    assert isinstance(model, TreeModel)
    return model, lightgbm.Booster(model_str=text)


def hard_rows(model: TreeModel) -> Matrix:
    """New rows, some with edge values, some that lie exactly on thresholds or one step beside them."""
    rng = np.random.default_rng(2)
    rows = sample(2)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    rows[:600][rng.random((600, FEATURES)) < 0.3] = rng.choice(EDGES)
    edge = rng.random((ROWS, FEATURES)) < 0.1
    rows[edge] = rng.choice(EDGES, edge.sum())
    forest = model.forest
    splits = np.flatnonzero(forest.child != np.arange(len(forest.child)))
    for row in range(600, 1_200) if len(splits) else ():
        node = rng.choice(splits)
        threshold = forest.threshold[node]
        rows[row, forest.source[forest.column[node]]] = rng.choice(
            (threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf))
        )
    return rows


@pytest.mark.parametrize("case", CASES)
def test_scores_are_lightgbms_to_the_bit(case: str) -> None:
    model, booster = trained(CASES[case])
    rows = hard_rows(model)
    raw = booster.predict(rows, raw_score=True, num_threads=1)
    scores = booster.predict(rows, num_threads=1)
    assert np.array_equal(model.raw_rows(rows), raw)
    assert np.array_equal(model.score_rows(rows), scores)
    assert [model.score(row) for row in rows[:400]] == scores[:400].tolist()


def test_the_cases_are_what_they_are_named_for() -> None:
    assert len(trained(CASES["no split possible"])[0].forest.value) < 21 * 2
    kinds = {case: set(trained(CASES[case])[0].forest.kind.tolist()) for case in KINDS}
    assert all(kind in kinds[case] for case, kind in KINDS.items()), kinds


_numbers = st.one_of(
    st.floats(width=64), st.sampled_from(EDGES), st.integers(-3, 80).map(float), st.floats(0, 20, width=64)
)


@pytest.fixture(scope="module")
def mixed() -> tuple[TreeModel, Any]:
    return trained({**CASES["categorical"], "zero_as_missing": True})


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.lists(_numbers, min_size=FEATURES, max_size=FEATURES), min_size=1, max_size=5))
def test_any_row_scores_as_lightgbm_scores_it(mixed: tuple[TreeModel, Any], rows: list[list[float]]) -> None:
    model, booster = mixed
    matrix = np.array(rows)
    scores = booster.predict(matrix, num_threads=1).tolist()
    assert model.score_rows(matrix).tolist() == scores
    assert [model.score(row) for row in matrix] == scores


def test_a_row_scores_the_same_in_any_batch() -> None:
    model = by_hand.load()
    rows = np.array([row for row, _, _ in by_hand.ANSWERS] * 40)
    whole = model.score_rows(rows)
    for size in (1, 7, 8, 63, 64, 65, 200):
        parts = [model.score_rows(rows[start : start + size]) for start in range(0, len(rows), size)]
        assert np.array_equal(np.concatenate(parts), whole), size
    assert model.score_rows(rows[:0]).shape == (0,)
    assert np.array_equal(model.score_rows(np.asfortranarray(rows)), whole)


@pytest.mark.parametrize(("row", "answer", "contributions"), by_hand.ANSWERS)
def test_answers_worked_out_by_hand(
    row: tuple[float, float], answer: float, contributions: tuple[float, float]
) -> None:
    model = by_hand.load()
    assert model.score(np.array(row)) == answer
    assert model.score_rows(np.array([row])).tolist() == [answer]
    assert model.contributions(np.array(row)).tolist() == list(contributions)
    assert model.bias == by_hand.BIAS


def test_the_sum_follows_the_order_of_the_trees() -> None:
    values = ("1e16", "1", "-1e16", "1")
    head = by_hand.TEXT.partition("\nTree=0")[0].replace("tree_sizes=1 1", "tree_sizes=1 1 1 1")
    trees = "\n".join(f"Tree={number}\nnum_leaves=1\nnum_cat=0\nleaf_value={v}\n" for number, v in enumerate(values))
    model = by_hand.load(f"{head}\n{trees}\nend of trees\n")
    expected = ((0.0 + 1e16 + 1.0) - 1e16) + 1.0
    assert model.score(np.zeros(2)) == expected != 2.0
    assert model.score_rows(np.zeros((3, 2))).tolist() == [expected] * 3


def test_rows_of_another_shape_are_refused() -> None:
    model = by_hand.load()
    for wrong in (np.zeros(3), np.zeros(1), np.zeros((1, 2))):
        with pytest.raises(ModelError, match=r"the model takes \(2,\)"):
            model.score(wrong)
        with pytest.raises(ModelError, match=r"the model takes \(2,\)"):
            model.contributions(wrong)
    for wrong in (np.zeros(2), np.zeros((2, 3))):
        with pytest.raises(ModelError, match=r"the model takes \(rows, 2\)"):
            model.score_rows(wrong)
