from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator.attack import SCENARIOS
from seawall.simulator.campaigns import Campaigns, narrowed
from seawall.simulator.world import World
from tests.simulator.conftest import START_MS, live

EVERY = np.arange(len(r.KINDS))


def begun(seed: int, kinds: np.ndarray, a_day: float, days: int = 60) -> r.Rows:
    world = World(seed, 500, START_MS, days)
    campaigns = Campaigns(world, kinds, a_day)
    made = []
    for _ in range(days):
        live(world, 1)
        made.append(campaigns.begin())
    return np.concatenate(made)


@pytest.mark.parametrize("kinds", [EVERY, np.array([r.CARD]), np.array([r.TRANSFER])])
def test_labelled_rows_come_at_the_rate_asked_for(kinds: np.ndarray) -> None:
    rows = np.concatenate([begun(seed, kinds, a_day=60) for seed in (1, 2)])
    assert (rows["scenario"] >= 0).sum() == pytest.approx(2 * 60 * 60, rel=0.2)
    assert np.isin(rows["kind"], kinds).all()


def test_every_scenario_takes_part_and_is_delayed_within_bounds() -> None:
    rows = begun(3, EVERY, a_day=80)
    marked = rows["scenario"] >= 0
    assert set(rows["scenario"][marked].tolist()) == set(range(len(SCENARIOS)))
    assert rows["label_delay"][marked].min() >= r.DAY
    assert rows["label_delay"][marked].max() <= 30 * r.DAY
    assert (rows["label_delay"][~marked] == -1).all()
    assert len(np.unique(rows["uid"])) == len(rows)


def test_nothing_is_begun_at_rate_nought() -> None:
    assert not len(begun(1, EVERY, a_day=0.0, days=10))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_ranges_differ_between_seeds_and_stay_inside(scenario: object) -> None:
    assert isinstance(scenario, type(SCENARIOS[0]))
    one, other = narrowed(scenario, 1), narrowed(scenario, 2)
    for name, whole in scenario.ranges.items():
        assert one[name] != other[name]
        for part in (one[name], other[name]):
            assert whole.low <= part.low < part.high <= whole.high
