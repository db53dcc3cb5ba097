"""Never outside the approved bounds, never more than a step; towards the target, without swinging."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.analytics.adaptive import Approved, Cause, Measured, decide

APPROVED = Approved(low=400, high=900, step=40, target=0.3, capacity=100, grain=10)


@st.composite
def approvals(draw: st.DrawFn) -> Approved:
    low = draw(st.integers(-1000, 1000))
    grain = draw(st.integers(1, 50))
    target = draw(st.floats(0.05, 0.95))
    return Approved(
        low=low,
        high=low + draw(st.integers(0, 2000)),
        step=grain * draw(st.integers(1, 20)),
        target=target,
        capacity=draw(st.integers(1, 1000)),
        band=draw(st.floats(0.0, 0.04)),
        grain=grain,
        rest=draw(st.integers(1, 5)),
        least_labels=draw(st.integers(1, 100)),
    )


@st.composite
def measurements(draw: st.DrawFn) -> Measured:
    known = draw(st.integers(0, 2000))
    return Measured(
        known, draw(st.integers(0, known)), draw(st.integers(0, 10_000)), draw(st.none() | st.integers(0, 10))
    )


@given(approvals(), st.integers(-5000, 5000), st.lists(measurements(), min_size=1, max_size=8))
def test_never_outside_the_bounds_and_never_more_than_a_step(
    approved: Approved, value: int, measured: list[Measured]
) -> None:
    for one in measured:
        move = decide(approved, value, one)
        assert approved.low <= move.after <= approved.high
        assert move.before == value
        if approved.low <= value <= approved.high:
            assert abs(move.after - value) <= approved.step
            inner = approved.low < move.after < approved.high
            assert not inner or (move.after - value) % approved.grain == 0
        else:
            assert (move.cause, move.moved) == (Cause.OUT_OF_BOUNDS, True)
        value = move.after


@given(approvals(), st.integers(0, 100), measurements(), st.integers(1, 500))
def test_a_larger_backlog_never_lowers_the_value_further(
    approved: Approved, percent: int, measured: Measured, more: int
) -> None:
    value = approved.low + (approved.high - approved.low) * percent // 100
    busier = replace(measured, backlog=measured.backlog + more)
    if decide(approved, value, measured).cause is not Cause.IMPRECISE:
        assert decide(approved, value, busier).after >= decide(approved, value, measured).after


@given(approvals(), st.integers(0, 100), measurements())
def test_nothing_moves_while_resting_or_without_evidence(approved: Approved, percent: int, measured: Measured) -> None:
    value = approved.low + (approved.high - approved.low) * percent // 100
    assert not decide(approved, value, replace(measured, since_move=approved.rest - 1)).moved
    blind = Measured(approved.least_labels - 1, 0, 0)
    assert decide(approved, value, blind).cause is Cause.TOO_FEW_LABELS


@pytest.mark.parametrize(
    ("measured", "after", "cause"),
    [
        (Measured(500, 150, 40), 600, Cause.IN_BAND),
        (Measured(500, 10, 40), 640, Cause.IMPRECISE),
        (Measured(500, 100, 40), 610, Cause.IMPRECISE),
        (Measured(500, 450, 40), 560, Cause.ROOM),
        (Measured(500, 450, 60), 600, Cause.IN_BAND),  # more than half a period of work waits: not the time for more
        (Measured(500, 450, 201), 610, Cause.BACKLOG),
        (Measured(500, 450, 400), 640, Cause.BACKLOG),
        (Measured(49, 0, 40), 600, Cause.TOO_FEW_LABELS),
        (Measured(49, 0, 900), 640, Cause.BACKLOG),
        (Measured(500, 10, 900, since_move=0), 600, Cause.RESTING),
    ],
)
def test_each_cause(measured: Measured, after: int, cause: Cause) -> None:
    move = decide(APPROVED, 600, measured)
    assert (move.after, move.cause) == (after, cause)


def test_at_its_bound_it_says_so_and_stays() -> None:
    imprecise = Measured(500, 10, 40)
    assert (decide(APPROVED, 890, imprecise).after, decide(APPROVED, 890, imprecise).cause) == (900, Cause.IMPRECISE)
    move = decide(APPROVED, 900, imprecise)
    assert (move.moved, move.cause) == (False, Cause.AT_BOUND)
    assert decide(APPROVED, 400, Measured(500, 450, 0)).cause is Cause.AT_BOUND


def test_a_new_approval_moves_a_value_into_its_bounds_even_while_resting() -> None:
    move = decide(APPROVED, 1500, Measured(0, 0, 0, since_move=0))
    assert (move.after, move.cause) == (900, Cause.OUT_OF_BOUNDS)
    assert decide(APPROVED, 100, Measured(0, 0, 0)).after == 400


# --- in a loop with a world -------------------------------------------------------------------------------------------


def live(approved: Approved, value: int, days: int, seed: int, events: int = 2000) -> list[tuple[int, float, int]]:
    """Each day's value, true precision, backlog: scores of good and bad events overlap, analysts close `capacity`."""
    rng = np.random.default_rng(seed)
    backlog, known, caught, since = 0, 0, 0, None
    seen = []
    for _ in range(days):
        fraud = rng.random(events) < 0.03
        score = np.where(fraud, rng.normal(750, 120, events), rng.normal(420, 120, events))
        alerts = score >= value
        hits = int((alerts & fraud).sum())
        backlog = max(0, backlog + int(alerts.sum()) - approved.capacity)
        known, caught = known + int(alerts.sum()), caught + hits
        seen.append((value, hits / max(1, int(alerts.sum())), backlog))
        move = decide(approved, value, Measured(known, caught, backlog, since))
        if move.moved:
            value, known, caught, since = move.after, 0, 0, 0
        since = None if since is None else since + 1
    return seen


@pytest.mark.parametrize("start", [400, 900])
def test_it_settles_near_the_target_without_swinging(start: int) -> None:
    approved = replace(APPROVED, target=0.6, band=0.05)
    days = live(approved, start, 120, seed=1)
    settled = days[60:]
    assert abs(np.mean([precision for _, precision, _ in settled]) - 0.6) < 0.12
    assert max(backlog for _, _, backlog in settled) <= 2 * approved.capacity
    values = [value for value, _, _ in days]
    moves = [after - before for before, after in pairwise(values) if after != before]
    turns = sum(first * second < 0 for first, second in pairwise(moves))
    assert turns <= 3
    assert len({value for value, _, _ in settled}) <= 4


def test_too_few_analysts_are_answered_within_the_bounds_only() -> None:
    approved = replace(APPROVED, target=0.6, capacity=10, high=700)
    days = live(approved, 500, 60, seed=2)
    assert {value for value, _, _ in days[20:]} == {700}
    assert days[-1][2] > days[20][2]  # the backlog still grows: people must decide, the bound holds


@pytest.mark.parametrize(
    "values",
    [
        {"low": 901},
        {"step": 45},
        {"step": 0},
        {"target": 1.0},
        {"target": 0.01},
        {"capacity": 0},
        {"backlog_low": 2.0},
        {"rest": 0},
        {"level": 0.0},
        {"target": float("nan")},
        {"backlog_high": float("nan")},
    ],
)
def test_approvals_are_checked(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|between"):
        replace(APPROVED, **values)  # type: ignore[arg-type]


def test_measurements_are_checked() -> None:
    for wrong in ((1, 2, 0), (1, 0, -1), (1, 0, 0, -1)):
        with pytest.raises(ValueError, match="counts must be"):
            Measured(*wrong)
