"""The figures of a comparison against hand-worked and independent ones; when a challenger stops."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.analytics.challenger import Limits, Side, approval, check, loss_rate, psi, two_proportion_z


def side(approved: int, declined: int, **more: Any) -> Side:
    return Side({"approve": approved, "decline": declined}, **more)


def test_z_of_a_textbook_case() -> None:
    # 45 of 100 against 60 of 100: pooled 0.525, standard error 0.070622, z = 0.15 / 0.070622
    assert two_proportion_z(45, 100, 60, 100) == pytest.approx(2.12397, abs=1e-5)
    assert two_proportion_z(0, 0, 5, 10) == 0.0
    assert two_proportion_z(10, 10, 10, 10) == 0.0


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_z_turns_its_sign_with_the_sides(n_a: int, n_b: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, n_a)), data.draw(st.integers(0, n_b))
    assert two_proportion_z(a, n_a, b, n_b) == pytest.approx(-two_proportion_z(b, n_b, a, n_a))


def test_psi_of_two_bands() -> None:
    expected = (0.6 - 0.5) * math.log(0.6 / 0.5) + (0.4 - 0.5) * math.log(0.4 / 0.5)
    assert psi({0: 50, 10: 50}, {0: 60, 10: 40}) == pytest.approx(expected)
    assert psi({0: 5}, {0: 50}) == 0.0
    assert psi({}, {0: 50}) == 0.0
    assert psi({0: 50}, {10: 50}) > 5


def test_a_challenger_that_does_the_same_goes_on() -> None:
    assert check(side(9_000, 1_000), side(900, 100), Limits()) is None


def test_too_few_decisions_say_nothing() -> None:
    assert check(side(9_000, 1_000), side(100, 300), Limits(decisions=500)) is None
    stopped = check(side(9_000, 1_000), side(100, 300), Limits(decisions=400))
    assert stopped is not None
    assert stopped.limit == "approval_points"


def test_a_difference_within_the_limit_goes_on_however_sure_it_is() -> None:
    assert check(side(900_000, 100_000), side(88_000, 12_000), Limits(approval_points=3, alert_ratio=0)) is None


def test_a_difference_that_may_be_chance_goes_on() -> None:
    assert check(side(540, 60), side(520, 80), Limits(approval_points=3, alert_ratio=0)) is None  # z = -1.8


def test_more_approvals_than_the_champion_stop_it_too() -> None:
    stopped = check(side(8_000, 2_000), side(950, 50), Limits())
    assert stopped is not None
    assert stopped.z > 3
    assert stopped.challenger == pytest.approx(0.95)


def test_alert_load_is_a_ratio() -> None:
    limits = Limits(approval_points=0, alert_ratio=1.5)
    assert check(side(99_000, 1_000), side(9_870, 130), limits) is None  # 1.3 times
    stopped = check(side(99_000, 1_000), side(9_840, 160), limits)
    assert stopped is not None
    assert stopped.limit == "alert_ratio"
    assert check(side(9_000, 1_000), side(1_000, 0), limits) is None  # fewer alerts are no load


def test_loss_needs_labels_and_no_number_of_decisions() -> None:
    limits = Limits(loss_points=0.5, labels=10)
    champion = side(900, 100, amount=1_000_000, frauds=2, lost=1_000)
    few = side(90, 10, amount=100_000, frauds=9, lost=20_000)
    assert check(champion, few, limits) is None
    enough = side(90, 10, amount=100_000, frauds=10, lost=20_000)
    stopped = check(champion, enough, limits)
    assert stopped is not None
    assert (stopped.limit, stopped.champion, stopped.challenger) == ("loss_points", 0.001, 0.2)
    assert loss_rate(Side()) == approval(Side()) == 0.0


@pytest.mark.parametrize("wrong", [
    {"decisions": 5}, {"approval_points": 101}, {"alert_ratio": 0.5}, {"loss_points": -1}, {"labels": 0},
])  # fmt: skip
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Limits(**wrong)
