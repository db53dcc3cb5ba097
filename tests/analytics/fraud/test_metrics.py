import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from seawall.analytics.fraud import average_precision, card_precision, roc_auc

ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])), min_size=2, max_size=60)


@given(ROWS)
def test_as_scikit_learn_has_them_ties_and_all(rows: list[tuple[bool, float]]) -> None:
    fraud, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    if fraud.any():
        assert average_precision(fraud, scores) == pytest.approx(average_precision_score(fraud, scores), abs=1e-12)
    else:
        assert average_precision(fraud, scores) is None
    if fraud.any() and not fraud.all():
        assert roc_auc(fraud, scores) == pytest.approx(roc_auc_score(fraud, scores), abs=1e-12)
    else:
        assert roc_auc(fraud, scores) is None


def _cards(rows: list[tuple[int, int, int, float]], top: int) -> float | None:
    days, cards, fraud, scores = zip(*rows, strict=True)
    return card_precision(np.array(days), np.array(cards), np.array(fraud) == 1, np.array(scores), top)


def test_a_card_counts_with_its_highest_score_of_the_day() -> None:
    rows = [(1, 10, 0, 0.9), (1, 10, 1, 0.1), (1, 11, 0, 0.5), (1, 12, 1, 0.2)]
    assert _cards(rows, 1) == 1.0  # card 10 comes first by a good payment; it had a fraud that day
    assert _cards(rows, 2) == 0.5


def test_a_card_that_was_found_is_out_on_later_days() -> None:
    first = [(1, 10, 1, 0.9), (1, 11, 0, 0.1)]
    second = [(2, 10, 1, 0.9), (2, 11, 0, 0.5)]
    assert _cards(first + second, 1) == 0.5  # day 2 looks at card 11
    assert _cards([(1, 10, 0, 0.9), *second], 1) == 0.5  # not found on day 1: looked at again


def test_too_few_cards_still_divide_by_top() -> None:
    assert _cards([(1, 10, 1, 0.9), (1, 11, 0, 0.1)], 4) == 0.25


def test_without_a_fraud_there_is_no_figure() -> None:
    assert _cards([(1, 10, 0, 0.9)], 1) is None


def test_equal_scores_stand_in_the_order_of_cards() -> None:
    rows = [(1, 12, 1, 0.5), (1, 11, 0, 0.5)]
    assert _cards(rows, 1) == 0.0
    assert _cards(rows[::-1], 1) == 0.0


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(AssertionError, match="finite"):
        roc_auc(np.array([True, False]), np.array([0.1, np.nan]))
