from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator.world import RECENT_DAYS, World
from tests.simulator.conftest import START_MS, live


def test_days_follow_one_another() -> None:
    world = World(1, 200, START_MS, 5)
    world.begin_day(0)
    with pytest.raises(AssertionError, match="one after another"):
        world.begin_day(2)


def test_some_travel_and_come_home() -> None:
    world = World(1, 2_000, START_MS, 40)
    away = []
    for day in range(30):
        world.begin_day(day)
        away.append(int((world.city != world.people.city).sum()))
    assert away[0] == away[-1] == 0
    assert 20 < max(away) < 200


def test_devices_are_replaced_one_by_one_and_never_shared() -> None:
    world = World(1, 2_000, START_MS, 60)
    before = world.devices.copy()
    for day in range(50):
        world.begin_day(day)
    changed = (world.devices[:, 0] != before[:, 0]).mean()
    assert 0.06 < changed < 0.14
    assert len(np.unique(world.devices[:, 0])) == 2_000
    assert not np.isin(world.new_devices(5_000), world.devices).any()


def test_what_is_recent_is_bounded(lived: tuple[World, r.Rows]) -> None:
    world, payments = lived
    assert len(world.recent) == RECENT_DAYS
    since = world.day_start - (RECENT_DAYS - 1) * r.DAY
    in_shops = payments[(payments["channel"] == r.IN_STORE) & (payments["time"] >= since)]
    assert sum(map(len, world.recent)) == len(in_shops)


def test_strangers_do_not_shift_what_customers_hold() -> None:
    quiet, attacked = World(1, 500, START_MS, 40), World(1, 500, START_MS, 40)
    for world in (quiet, attacked):
        for day in range(30):
            world.begin_day(day)
            if world is attacked:
                world.new_devices(3)
    assert np.array_equal(quiet.devices, attacked.devices)
    assert np.array_equal(live(quiet, 2), live(attacked, 2))
