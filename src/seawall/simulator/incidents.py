"""How many outages there are, when they begin, and which probes they touch."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.simulator import rows as r
from seawall.simulator.campaigns import label_delays, narrowed, shares
from seawall.simulator.outage import OUTAGES, Effect, Outage, Outbreak
from seawall.simulator.randomness import Range, stream
from seawall.simulator.scenarios import LABELLED
from seawall.simulator.world import World

_MOST_ACTIVE = 1_000  # effects at a time


@dataclass(slots=True)
class _Plan:
    outage: Outage
    code: int
    ranges: dict[str, Range]
    a_day: float  # labelled probes wanted
    owed: float  # labelled probes wanted so far and not yet planned


@dataclass(frozen=True, slots=True)
class _Active:
    effect: Effect
    code: int
    delay: float  # typical, from event to label, ms
    number: int  # of the outage


class Incidents:
    """Begins outages so that probes touched by them come to `a_day` a day on average."""

    def __init__(self, world: World, a_day: float) -> None:
        self._world = world
        self._active: list[_Active] = []
        self._begun = 0
        rng = stream(world.seed, "outages")
        self._plans = [
            _Plan(
                outage,
                LABELLED.index(outage),
                ranges=narrowed(outage, world.seed),
                a_day=a_day * float(share),
                owed=-outage.typical * float(rng.random()),  # not all begin on the first day
            )
            for outage, share in zip(OUTAGES, shares(OUTAGES, rng), strict=True)
        ]

    def strike(self, probes: r.Rows, share: float = 1.0) -> r.Rows:
        """The probes of the world's step, `share` of a day long, as the outages now under way leave them."""
        self._begin(share)
        rng = stream(self._world.seed, "struck", self._world.step)
        for active in self._active:
            touched = active.effect.touch(probes, rng)
            probes["scenario"][touched] = active.code
            probes["campaign"][touched] = active.number
            probes["label_delay"][touched] = label_delays(active.delay, len(touched), rng)
        self._active = [active for active in self._active if active.effect.end > self._world.step_end]
        return probes

    def _begin(self, share: float) -> None:
        world = self._world
        for plan in self._plans:
            rng = stream(world.seed, "outage", plan.outage.name, world.step)
            plan.owed += plan.a_day * share * float(rng.exponential())
            while plan.owed > 0 and len(self._active) < _MOST_ACTIVE:
                values = {name: span.draw(rng) for name, span in plan.ranges.items()}
                begin = int(rng.integers(world.step_begin, world.step_end))
                effects = plan.outage.effects(Outbreak(begin, values, rng))
                delay = plan.outage.reported.draw(rng) * r.DAY
                self._active += [_Active(effect, plan.code, delay, self._begun) for effect in effects]
                self._begun += 1
                plan.owed -= max(1.0, sum(effect.expected for effect in effects))
