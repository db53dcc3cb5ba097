"""Contributions add up to the raw score; reasons are the largest of those that raised it."""

import numpy as np
import pytest

from seawall.engine.model import Reason, top_reasons

from .test_trees import CASES, hard_rows, trained


@pytest.mark.parametrize("case", ["binary", "categorical", "zero as missing", "no split possible", "random forest"])
def test_bias_and_contributions_add_up_to_the_raw_score(case: str) -> None:
    model, _ = trained(CASES[case])
    rows = hard_rows(model)[:200]
    sums = [model.bias + model.contributions(row).sum() for row in rows]
    assert np.allclose(sums, model.raw_rows(rows), rtol=1e-9, atol=1e-9)


def test_a_feature_no_tree_splits_on_contributes_nothing() -> None:
    model, _ = trained({"objective": "binary", "interaction_constraints": "[[3],[5]]"})
    rows = hard_rows(model)[:50]
    parts = np.array([model.contributions(row) for row in rows])
    assert not parts[:, [0, 1, 2, 4]].any()
    assert parts[:, 3].any()
    assert parts[:, 5].any()


def test_reasons_are_the_largest_first_then_in_the_order_of_features() -> None:
    names = ("a", "b", "c", "d", "e", "f")
    parts = np.array([0.5, -3.0, 2.0, 0.5, 0.0, np.nan])
    assert top_reasons(names, parts, 2) == [Reason("c", 2.0), Reason("a", 0.5)]
    assert [reason.feature for reason in top_reasons(names, parts)] == ["c", "a", "d"]
    assert top_reasons(names, -np.abs(parts)) == []
    assert top_reasons(names, parts, 0) == []
