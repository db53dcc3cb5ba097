"""Damaged, hostile and unsupported LightGBM text is refused in one clear line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.model import ModelError
from seawall.engine.model.lightgbm_text import parse_lightgbm

from .by_hand import TEXT

BROKEN = [
    ("leaf_value=1 2 4", "leaf_value=1 nan 4", "tree 0: leaf_value holds a NaN"),
    ("leaf_value=1 2 4", "leaf_value=1 inf 4", "tree 0: leaf_value holds a NaN or an infinity"),
    ("leaf_value=1 2 4", "leaf_value=1 2", "tree 0: leaf_value has 2 values, not 3"),
    ("leaf_value=1 2 4", "leaf_value=1 x 4", "tree 0: leaf_value holds something that is no number"),
    ("leaf_value=0.25", "leaf_value=1\nleaf_value=1", "tree 1: 'leaf_value' is given twice"),
    ("threshold=10.5 2.5", "threshold=10.5 nan", "tree 0: threshold holds a NaN"),
    ("internal_value=2.5 3.5\n", "", "tree 0: internal_value is missing"),
    ("split_feature=0 1", "split_feature=0 2", "tree 0: split_feature holds '2', not an integer from 0 to 1"),
    ("split_feature=0 1", "split_feature=0 -1", "tree 0: split_feature holds '-1'"),
    ("decision_type=10 8", "decision_type=10 12", "tree 0: decision_type holds '12'"),
    ("decision_type=10 8", "decision_type=10 9", "tree 0: a categorical split names no set"),
    ("left_child=-1 -2", "left_child=1 -2", "tree 0: its children do not form a tree"),
    ("left_child=-1 -2", "left_child=-1 0", "tree 0: its children do not form a tree"),
    ("left_child=-1 -2", "left_child=-1 -9", "tree 0: left_child holds '-9'"),
    ("right_child=1 -3", "right_child=0 -3", "tree 0: its children do not form a tree"),
    ("num_leaves=3", "num_leaves=99999999", "tree 0: has 99,999,999 leaves"),
    ("num_leaves=3", "num_leaves=0", "tree 0: has 0 leaves"),
    ("num_leaves=3", "num_leaves=three", "tree 0: num_leaves must be an integer, not 'three'"),
    ("num_cat=0\nsplit", "num_cat=1\nsplit", "tree 0: cat_boundaries is missing"),
    ("num_cat=0\nsplit", "num_cat=1\ncat_boundaries=0 9\ncat_threshold=1\nsplit", "tree 0: cat_threshold has 1 values"),
    ("num_cat=0\nsplit", "num_cat=1\ncat_boundaries=2 1\ncat_threshold=1\nsplit", "cat_boundaries must rise from 0"),
    ("is_linear=0", "is_linear=1", "tree 0: has linear leaves"),
    ("Tree=1", "Tree=7", "tree 1: is numbered '7'"),
    ("tree_sizes=1 1", "tree_sizes=1 1 1", "tree_sizes does not count the trees"),
    ("version=v4", "version=v2", "version v2 is not read"),
    ("num_class=1", "num_class=3", "num_class must be 1"),
    ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "num_tree_per_iteration must be 1"),
    ("objective=regression", "objective=lambdarank", "objective lambdarank is not supported"),
    ("objective=regression", "objective=regression sqrt", "option sqrt is not supported"),
    ("objective=regression", "objective=binary sigmoid:-1", "sigmoid must be positive"),
    ("objective=regression", "objective=binary sigmoid:", "sigmoid has 0 values"),
    ("amount device_age", "amount amount", "feature name 'amount' is repeated"),
    ("amount device_age", "amount", "feature_names and max_feature_idx disagree"),
    ("pandas_categorical:null", 'pandas_categorical:[["a"]]', "pandas categories"),
    ("end of trees", "", "the file is cut off"),
]


@pytest.mark.parametrize(("old", "new", "message"), BROKEN)
def test_what_is_wrong_is_named(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ModelError) as caught:
        parse_lightgbm(TEXT.replace(old, new, 1))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_leaves_whose_sum_could_overflow_are_refused() -> None:
    one = TEXT.replace("leaf_value=1 2 4", "leaf_value=1 1.7e308 4")
    assert len(parse_lightgbm(one).trees) == 2
    with pytest.raises(ModelError, match="add up past the largest double"):
        parse_lightgbm(one.replace("leaf_value=0.25", "leaf_value=-1.7e308"))


def test_whole_text_is_read() -> None:
    ensemble = parse_lightgbm(TEXT)
    assert ensemble.features == ("amount", "device_age")
    assert [len(tree.leaf_value) for tree in ensemble.trees] == [3, 1]
    assert parse_lightgbm(TEXT.replace("objective=regression\n", "")).objective == "none"


def test_a_text_cut_off_anywhere_in_its_trees_is_refused() -> None:
    for end in range(TEXT.index("end of trees") + len("end of trees") - 1):
        with pytest.raises(ModelError):
            parse_lightgbm(TEXT[:end])


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(TEXT) - 1), junk=st.text(max_size=6), drop=st.integers(0, 12))
def test_damage_ends_in_a_model_error_or_a_model(place: int, junk: str, drop: int) -> None:
    try:
        ensemble = parse_lightgbm(TEXT[:place] + junk + TEXT[place + drop :])
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017 - a model is a fine end too
    else:
        assert ensemble.trees
