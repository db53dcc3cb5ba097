import dataclasses

import numpy as np
import pytest

from seawall.analytics.backtest import Decisions, SideChange, compare

from .conftest import A, C, D, R


def test_who_changes_side(twelve: Decisions) -> None:
    #                 A  A  C  R  D  D  A  C  R  A  D  D   under A
    other = np.array([A, D, C, A, D, R, A, R, A, A, D, A])
    found = compare(twelve, dataclasses.replace(twelve, outcomes=other))
    assert found.transitions.tolist() == [[3, 0, 0, 1], [0, 1, 1, 0], [2, 0, 0, 0], [1, 0, 1, 2]]
    assert found.stricter == SideChange(2, 1000, 2, 1, 1 / 2)
    assert found.milder == SideChange(4, 3100, 3, 1, 1 / 3)
    assert found.newly_stopped == SideChange(2, 1000, 2, 1, 1 / 2)
    assert found.no_longer_stopped == SideChange(3, 2500, 2, 1, 1 / 2)
    assert found.agreement == 6 / 12
    assert found.alerts_jaccard == 3 / 8


def test_a_policy_agrees_with_itself(twelve: Decisions) -> None:
    found = compare(twelve, twelve)
    assert (found.agreement, found.alerts_jaccard, found.stricter.events) == (1.0, 1.0, 0)
    assert np.diag(found.transitions).tolist() == [4, 2, 2, 4]


def test_other_events_cannot_be_compared(twelve: Decisions) -> None:
    with pytest.raises(AssertionError, match="same events"):
        compare(twelve, dataclasses.replace(twelve, times=twelve.times + 1))
