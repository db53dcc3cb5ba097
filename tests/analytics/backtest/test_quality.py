import numpy as np

from seawall.analytics.backtest import Coverage, Decisions, Quality, coverage, quality, quality_at_levels
from seawall.analytics.backtest.quality import known_by


def test_coverage_is_the_share_old_enough(twelve: Decisions) -> None:
    assert coverage(twelve) == Coverage(12, 10, 10 / 12, 3, 3 / 10)


def test_recall_counts_frauds_that_raised_no_alert(twelve: Decisions) -> None:
    levels = quality_at_levels(twelve)
    assert levels["challenge"] == Quality(6, 2, 4, 1, 2 / 6, 2 / 3, 4 / 9)
    assert levels["review"] == Quality(4, 2, 2, 1, 2 / 4, 2 / 3, 4 / 7)
    assert levels["decline"] == Quality(2, 1, 1, 2, 1 / 2, 1 / 3, 2 / 5)


def test_events_too_young_count_neither_way(twelve: Decisions) -> None:
    only_young = ~twelve.known
    assert quality(twelve, only_young) == Quality(0, 0, 0, 3, None, 0.0, 0.0)


def test_labels_have_had_time_up_to_the_delay_itself() -> None:
    assert known_by(np.array([0, 10, 11]), 90, 100).tolist() == [True, True, False]


def test_nothing_to_judge_is_said_not_divided(nothing: Decisions) -> None:
    assert quality(nothing, nothing.fraud) == Quality(0, 0, 0, 0, None, None, None)
