"""Each outage leaves the traces that its name promises, on probes that were ordinary before."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator import services
from seawall.simulator.behaviour import probe
from seawall.simulator.outage import OUTAGES, Effect, Outage, Outbreak
from seawall.simulator.randomness import stream
from seawall.simulator.world import World
from tests.simulator.conftest import START_MS

BY_NAME = {outage.name: outage for outage in OUTAGES}
NOON = START_MS + 12 * r.HOUR


def one_day() -> r.Rows:
    world = World(3, 100, START_MS, 1)
    world.begin_day(0)
    return r.in_time_order(probe.day(world, stream(3, "probe", 0)))


def outbreaks(outage: Outage, count: int = 40) -> list[list[Effect]]:
    made = []
    for trial in range(count):
        rng = stream(9, outage.name, trial)
        values = {name: span.draw(rng) for name, span in outage.ranges.items()}
        made.append(list(outage.effects(Outbreak(NOON, values, rng))))
    return made


def touched(effects: list[Effect]) -> r.Rows:
    rows, rng = one_day(), stream(1, "touch")
    places = np.unique(np.concatenate([effect.touch(rows, rng) for effect in effects]))
    chosen: r.Rows = rows[places]
    return chosen


def test_an_effect_touches_its_service_region_and_time_alone() -> None:
    before, rows = one_day(), one_day()
    effect = Effect(4, NOON, NOON + r.HOUR, region=1, failing=1.0, timeouts=0.5)
    places = effect.touch(rows, stream(1, "x"))
    expected = (before["service"] == 4) & (before["region"] == 1)
    expected &= (before["time"] >= NOON) & (before["time"] < NOON + r.HOUR)
    assert places.tolist() == np.flatnonzero(expected).tolist()
    assert set(rows["status"][places].tolist()) == {r.ERROR, r.TIMEOUT}
    rest = np.setdiff1d(np.arange(len(rows)), places)
    assert np.array_equal(rows[rest], before[rest])
    assert effect.expected == pytest.approx(len(places), abs=2)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: outage.name)
def test_typical_number_of_probes_is_honest(outage: Outage) -> None:
    counts = [sum(effect.expected for effect in effects) for effects in outbreaks(outage, 300)]
    assert outage.typical / 1.5 < np.mean(counts) < outage.typical * 1.5


def test_error_burst_fails_at_once_in_one_service() -> None:
    rows = touched(outbreaks(BY_NAME["error_burst"])[0])
    assert len(set(rows["service"].tolist())) == 1
    assert len(set(rows["region"].tolist())) == 3
    assert np.isin(rows["status"], [r.ERROR, r.TIMEOUT]).mean() > 0.2


def test_latency_creeps_up_without_errors() -> None:
    for effects in outbreaks(BY_NAME["latency_creep"], 10):
        rows = touched(effects)
        third = len(rows) // 3
        assert np.median(rows["latency"][-third:]) > 1.5 * np.median(rows["latency"][:third])
        assert (rows["status"] == r.ERROR).mean() < 0.02


def test_a_cascade_reaches_those_that_need_the_root_later_and_less() -> None:
    for effects in outbreaks(BY_NAME["cascading_failure"]):
        root, *others = effects
        steps = services.dependants(root.service)
        assert {effect.service for effect in others} == set(steps)
        assert others
        for effect in others:
            assert effect.begin > root.begin
            assert 0 < effect.failing < root.failing


def test_a_regional_outage_spares_the_other_regions() -> None:
    for effects in outbreaks(BY_NAME["regional_outage"], 10):
        rows = touched(effects)
        assert len(set(rows["region"].tolist())) == 1
        assert len(set(rows["service"].tolist())) >= 6
        assert (rows["status"] != r.OK).mean() > 0.5
