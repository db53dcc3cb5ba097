from seawall.analytics.backtest import (
    AlertLoad,
    Decisions,
    OutcomeCount,
    alerts_per_day,
    count_outcomes,
    outcomes_by_day,
)
from seawall.analytics.backtest.decisions import DAY


def test_outcomes_are_counted_with_their_money(twelve: Decisions) -> None:
    assert count_outcomes(twelve) == [
        OutcomeCount("approve", 4, 4 / 12, 1300, 1),
        OutcomeCount("challenge", 2, 2 / 12, 1100, 0),
        OutcomeCount("review", 2, 2 / 12, 1300, 1),
        OutcomeCount("decline", 4, 4 / 12, 3400, 1),
    ]


def test_days_without_events_are_there(twelve: Decisions) -> None:
    days, counts = outcomes_by_day(twelve)
    assert days.tolist() == [0, DAY, 2 * DAY, 3 * DAY]
    assert counts.tolist() == [[2, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 2], [1, 0, 1, 2]]


def test_alerts_a_day(twelve: Decisions) -> None:
    assert alerts_per_day(twelve, 2) == AlertLoad("review", 4, 6, 1.5, 3, 3)
    assert alerts_per_day(twelve, 1) == AlertLoad("challenge", 4, 8, 2.0, 3, 3)


def test_nothing_is_no_error(nothing: Decisions) -> None:
    assert [count.events for count in count_outcomes(nothing)] == [0, 0, 0, 0]
    assert count_outcomes(nothing)[0].share is None
    assert alerts_per_day(nothing, 2) == AlertLoad("review", 0, 0, 0.0, 0, 0)
