from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator import services
from seawall.simulator.behaviour import probe
from seawall.simulator.live_world import LiveWorld
from seawall.simulator.randomness import stream
from seawall.simulator.world import World
from tests.simulator.conftest import START_MS


def probed(days: int) -> r.Rows:
    world = World(3, 100, START_MS, days)
    made = []
    for day in range(days):
        world.begin_day(day)
        made.append(probe.day(world, stream(3, "probe", day)))
    return np.concatenate(made)


def test_each_service_is_probed_once_a_period_over_midnight_too() -> None:
    rows = probed(3)
    for service, period in enumerate(services.PERIOD):
        times = np.sort(rows["time"][rows["service"] == service])
        assert 0.79 * period <= np.diff(times).min() <= np.diff(times).max() <= 1.21 * period


def test_regions_take_turns() -> None:
    rows = r.in_time_order(probed(1))
    for service in range(len(services.SERVICES)):
        regions = rows["region"][rows["service"] == service]
        assert set(np.diff(regions).tolist()) == {1, -2}


def test_hardly_any_probe_fails_and_busy_hours_are_slower() -> None:
    rows = probed(10)
    assert 0.99 < (rows["status"] == r.OK).mean() < 1
    hour = (rows["time"] // r.HOUR + 8) % 24
    for service, latency in enumerate(services.LATENCY):
        own = rows["service"] == service
        busy, quiet = (np.median(rows["latency"][own & np.isin(hour, hours)]) for hours in ([18, 19], [2, 3]))
        assert busy >= quiet
        if latency > 5:
            assert busy > 1.2 * quiet


def test_steps_of_a_live_world_give_the_same_schedule() -> None:
    world, made = LiveWorld(3, 100, START_MS), []
    for begin in range(START_MS, START_MS + 6 * r.HOUR, r.HOUR // 2):
        world.begin_step(begin, begin + r.HOUR // 2)
        made.append(probe.day(world, stream(3, "probe", world.step)))
    daily = probed(1)
    hours = np.concatenate(made)
    expected = daily[daily["time"] < START_MS + 6 * r.HOUR]
    assert abs(len(hours) - len(expected)) <= len(services.SERVICES)
