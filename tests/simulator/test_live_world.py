from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator.behaviour import card, transfer
from seawall.simulator.live_world import LiveWorld
from seawall.simulator.places import UTC_OFFSET_MS
from seawall.simulator.randomness import stream
from tests.simulator.conftest import START_MS


def world(customers: int = 2_000) -> LiveWorld:
    return LiveWorld(5, customers, START_MS)


def test_steps_stay_within_their_days_and_follow_one_another() -> None:
    lived = world(200)
    lived.begin_step(START_MS, START_MS + r.HOUR)
    for begin, end in ((START_MS, START_MS + 2 * r.HOUR), (START_MS + 23 * r.HOUR, START_MS + 25 * r.HOUR)):
        with pytest.raises(AssertionError, match="follow one another"):
            lived.begin_step(begin, end)


def test_a_gap_of_days_is_lived_through() -> None:
    lived = world(200)
    lived.begin_step(START_MS, START_MS + r.HOUR)
    lived.begin_step(START_MS + 3 * r.DAY + r.HOUR, START_MS + 3 * r.DAY + 2 * r.HOUR)
    assert (lived.day, lived.step, lived.is_new_day) == (3, 1, True)
    lived.begin_step(START_MS + 3 * r.DAY + 2 * r.HOUR, START_MS + 3 * r.DAY + 3 * r.HOUR)
    assert not lived.is_new_day


def test_natural_is_what_a_week_holds_at_density_one() -> None:
    lived, expected, made = world(), 0.0, 0
    for begin in range(START_MS, START_MS + 7 * r.DAY, r.HOUR):
        lived.begin_step(begin, begin + r.HOUR)
        expected += lived.natural([lived.people.card_rate])
        made += len(lived.occasions(lived.people.card_rate, stream(1, "o", lived.step))[0])
    assert expected == pytest.approx(7 * lived.people.card_rate.sum(), rel=0.02)
    assert made == pytest.approx(expected, rel=0.05)


def test_density_multiplies_and_the_awake_act() -> None:
    lived = world()
    lived.begin_step(START_MS + 19 * r.HOUR, START_MS + 20 * r.HOUR)  # 03:00 in China
    lived.density = 50.0
    customer, times = lived.occasions(lived.people.card_rate, stream(1, "o"))
    assert len(customer) == pytest.approx(50 * lived.natural([lived.people.card_rate]), rel=0.15)
    assert lived.step_begin <= times.min() <= times.max() < lived.step_end
    at_home = UTC_OFFSET_MS[lived.people.city] == 8 * r.HOUR
    owls = lived.people.habit == 2
    assert owls[customer].mean() > 2 * owls.mean()
    assert at_home[customer].mean() < at_home.mean()


def test_attacks_begin_within_the_step_or_at_their_hour_next() -> None:
    lived = world(200)
    begin = START_MS + 10 * r.HOUR
    lived.begin_step(begin, begin + r.MINUTE)
    assert begin <= lived.moment(13 * r.HOUR, 0, any_hour=True) < begin + r.MINUTE
    assert lived.moment(13 * r.HOUR, 0, any_hour=False) == START_MS + 13 * r.HOUR
    assert lived.moment(9 * r.HOUR, 0, any_hour=False) == START_MS + 33 * r.HOUR
    assert lived.moment(19 * r.HOUR, 8 * r.HOUR, any_hour=False) == START_MS + 11 * r.HOUR


def test_salaries_come_once_a_day() -> None:
    lived, paid = world(), []
    for begin in range(START_MS, START_MS + 31 * r.DAY, 12 * r.HOUR):
        lived.begin_step(begin, begin + 12 * r.HOUR)
        rows = transfer.day(lived, stream(1, "t", lived.step))
        paid.append(rows["customer"][rows["direction"] == r.IN])
    counts = np.bincount(np.concatenate(paid), minlength=2_000)
    assert counts.max() == 1
    assert counts.sum() == (lived.people.payday > 0).sum()


def test_what_is_recent_is_bounded() -> None:
    lived = world(200)
    lived.density = 5_000.0
    for begin in range(START_MS, START_MS + r.DAY, 6 * r.HOUR):
        lived.begin_step(begin, begin + 6 * r.HOUR)
        lived.paid(card.day(lived, stream(1, "c", lived.step)))
    assert [len(day) for day in lived.recent] == [20_000]
