"""How many attacks there are, when they begin and how this run's attackers differ from another run's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack import SCENARIOS, Scenario
from seawall.simulator.attack.craft import Attack, Numbering
from seawall.simulator.outage.scenario import Outage
from seawall.simulator.randomness import Floats, Ints, Range, stream
from seawall.simulator.scenarios import LABELLED
from seawall.simulator.world import World

_EARLIEST, _LATEST = r.DAY, 30 * r.DAY  # of a label after its event


@dataclass(slots=True)
class _Plan:
    scenario: Scenario
    code: int
    ranges: dict[str, Range]
    a_day: float  # labelled rows wanted
    owed: float  # labelled rows wanted so far and not yet made


class Campaigns:
    """Begins attacks of these scenarios so that labelled rows of `kinds` come to `a_day` a day on average."""

    def __init__(self, world: World, kinds: Ints, a_day: float, scenarios: Sequence[Scenario] = SCENARIOS) -> None:
        self._world, self._kinds, self._numbering = world, kinds, Numbering()
        self._begun = 0
        active = [(LABELLED.index(one), one) for one in scenarios if np.isin(one.kinds, kinds).any()]
        rng = stream(world.seed, "campaign")
        parts = shares([scenario for _, scenario in active], rng)
        self._plans = [
            _Plan(
                scenario,
                code,
                ranges=narrowed(scenario, world.seed),
                a_day=a_day * float(share),
                owed=-scenario.typical * float(rng.random()),  # not all scenarios begin on the first day
            )
            for (code, scenario), share in zip(active, parts, strict=True)
        ]

    def begin(self, share: float = 1.0) -> r.Rows:
        """All rows, up to the end of the run, of the attacks that begin in the world's step, `share` of a day long."""
        begun = [r.build(0)]
        for plan in self._plans:
            rng = stream(self._world.seed, "attack", plan.scenario.name, self._world.step)
            plan.owed += plan.a_day * share * float(rng.exponential())
            while plan.owed > 0:
                rows = self._attack(plan, rng)
                labelled = int((rows["scenario"] >= 0).sum())
                if not labelled:
                    break  # no victim today, or all of it after the end
                plan.owed -= labelled
                begun.append(rows)
        return np.concatenate(begun)

    def _attack(self, plan: _Plan, rng: np.random.Generator) -> r.Rows:
        values = {name: span.draw(rng) for name, span in plan.ranges.items()}
        rows = plan.scenario.launch(Attack(self._world, rng, values, plan.code, self._numbering))
        delay = label_delays(plan.scenario.reported.draw(rng) * r.DAY, len(rows), rng)
        rows["campaign"] = self._begun
        self._begun += 1
        rows["label_delay"] = np.where(rows["scenario"] >= 0, delay, -1)
        return r.of_kinds(rows[rows["time"] < self._world.end_ms], self._kinds)


def label_delays(typical: float, count: int, rng: np.random.Generator) -> Ints:
    """From event to label, in ms (count,): a fifth around `typical` ms, 1 to 30 days."""
    return np.clip(typical * rng.uniform(0.8, 1.2, count), _EARLIEST, _LATEST).astype(np.int64)


def narrowed(scenario: Scenario | Outage, seed: int) -> dict[str, Range]:
    """The part of each of the scenario's ranges that the run of this seed draws from."""
    rng = stream(seed, "ranges", scenario.name)
    return {name: span.narrowed(rng) for name, span in scenario.ranges.items()}


def shares(scenarios: Sequence[Scenario | Outage], rng: np.random.Generator) -> Floats:
    """Each scenario's part (n,) of all labelled rows of a run: about its weight, and summing to one."""
    weight = np.array([scenario.weight for scenario in scenarios]) * rng.gamma(4.0, 0.25, len(scenarios))
    return np.asarray(weight / max(weight.sum(), 1e-12), dtype=np.float64)
