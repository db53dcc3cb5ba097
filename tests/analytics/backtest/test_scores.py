import dataclasses

import numpy as np

from seawall.analytics.backtest import Decisions, ScoreBin, ThresholdPoint, score_distribution, threshold_curve


def test_bins_hold_every_judged_event_once(twelve: Decisions) -> None:
    assert score_distribution(twelve, 3) == [ScoreBin(0, 30, 1, 3), ScoreBin(30, 60, 0, 2), ScoreBin(60, 90, 2, 2)]
    assert sum(piece.frauds + piece.others for piece in score_distribution(twelve, 7)) == 10


def test_bins_are_whole_numbers_and_cover_the_top(twelve: Decisions) -> None:
    scores = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 0, 0])
    bins = score_distribution(dataclasses.replace(twelve, scores=scores), 4)
    assert [(piece.low, piece.high) for piece in bins] == [(0, 3), (3, 6), (6, 9), (9, 12)]
    assert [piece.frauds + piece.others for piece in bins] == [3, 3, 3, 1]


def test_one_score_is_one_bin_and_no_threshold(twelve: Decisions) -> None:
    same = dataclasses.replace(twelve, scores=np.zeros(12, np.int64))
    assert score_distribution(same) == [ScoreBin(0, 1, 3, 7)]
    assert threshold_curve(same) == []


def test_the_curve_takes_every_score_as_a_threshold(twelve: Decisions) -> None:
    assert threshold_curve(twelve) == [
        ThresholdPoint(30, 6, 2, 2 / 6, 2 / 3, 900),
        ThresholdPoint(60, 4, 2, 2 / 4, 2 / 3, 900),
        ThresholdPoint(90, 2, 1, 1 / 2, 1 / 3, 500),
    ]


def test_nothing(nothing: Decisions) -> None:
    assert (score_distribution(nothing), threshold_curve(nothing)) == ([], [])
