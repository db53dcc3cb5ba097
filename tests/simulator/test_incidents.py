from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator import services
from seawall.simulator.behaviour import probe
from seawall.simulator.incidents import Incidents
from seawall.simulator.randomness import stream
from seawall.simulator.scenarios import LABELLED, LABELS
from seawall.simulator.world import World
from tests.simulator.conftest import START_MS


def struck(seed: int, share: float, days: int) -> r.Rows:
    world = World(seed, 100, START_MS, days)
    incidents = Incidents(world, services.A_DAY * share)
    made = []
    for day in range(days):
        world.begin_day(day)
        made.append(incidents.strike(probe.day(world, stream(seed, "probe", day))))
    return np.concatenate(made)


def test_touched_probes_come_at_the_rate_asked_for() -> None:
    rows = np.concatenate([struck(seed, 0.05, 20) for seed in (1, 2, 3)])
    assert (rows["scenario"] >= 0).mean() == pytest.approx(0.05, rel=0.25)


def test_every_outage_takes_part_and_is_labelled_within_bounds() -> None:
    rows = struck(4, 0.1, 30)
    marked = rows["scenario"] >= 0
    outages = {code for code, label in enumerate(LABELS) if label == "outage"}
    assert set(rows["scenario"][marked].tolist()) == outages
    assert len(LABELS) == len(LABELLED)
    assert rows["label_delay"][marked].min() >= r.DAY
    assert rows["label_delay"][marked].max() <= 30 * r.DAY
    assert (rows["label_delay"][~marked] == -1).all()


def test_nothing_fails_at_rate_nought_and_seeds_differ() -> None:
    assert (struck(1, 0.0, 5)["scenario"] == -1).all()
    assert not np.array_equal(struck(1, 0.1, 5)["scenario"], struck(2, 0.1, 5)["scenario"])


def test_an_outage_goes_on_over_midnight() -> None:
    rows = r.in_time_order(struck(4, 0.1, 30))
    at_midnight = np.abs((rows["time"] + r.DAY // 2) % r.DAY - r.DAY // 2) < 2 * r.MINUTE
    before, after = (at_midnight & (rows["time"] % r.DAY // (r.DAY // 2) == half) for half in (1, 0))
    days = {int(time // r.DAY) + 1 for time in rows["time"][before & (rows["scenario"] >= 0)]}
    assert days & {int(time // r.DAY) for time in rows["time"][after & (rows["scenario"] >= 0)]}
