"""What an outage is: a named way for services to fail, as effects on their probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator import services
from seawall.simulator.randomness import Ints, Range

ANY_REGION = -1


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to the probes of one service, in one region or all, from `begin` to `end` (ms)."""

    service: int
    begin: int
    end: int
    region: int = ANY_REGION
    failing: float = 0.0  # share of probes
    timeouts: float = 0.0  # share of the failing ones that get no answer at all
    slower: tuple[float, float] = (1.0, 1.0)  # factor on the latency, from the first to the last moment

    @property
    def expected(self) -> float:
        """About how many probes it touches."""
        regions = len(services.REGIONS) if self.region != ANY_REGION else 1
        return float((self.end - self.begin) / services.PERIOD[self.service] / regions)

    def touch(self, rows: r.Rows, rng: np.random.Generator) -> Ints:
        """Positions (k,) of the probes among `rows` that it touches; their status and latency are changed in place."""
        hit = (rows["service"] == self.service) & (rows["time"] >= self.begin) & (rows["time"] < self.end)
        if self.region != ANY_REGION:
            hit &= rows["region"] == self.region
        places = np.flatnonzero(hit)
        if len(places):
            self._change(rows, places, rng)
        return places

    def _change(self, rows: r.Rows, places: Ints, rng: np.random.Generator) -> None:
        service = rows["service"][places]
        elapsed = (rows["time"][places] - self.begin) / (self.end - self.begin)
        first, last = self.slower
        status, latency = services.judged(service, rows["latency"][places] * first * (last / first) ** elapsed)
        fails = rng.random(len(places)) < self.failing
        silent = fails & (rng.random(len(places)) < self.timeouts)
        rows["status"][places] = np.select([silent, fails], [r.TIMEOUT, r.ERROR], status)
        rows["latency"][places] = np.where(silent, services.GIVES_UP[service], latency)


@dataclass(frozen=True, slots=True)
class Outbreak:
    """One outage that begins at `begin` (ms): its drawn parameters and its chance."""

    begin: int
    values: Mapping[str, float]
    rng: np.random.Generator

    def minutes(self, name: str) -> int:
        """The drawn parameter `name`, given in minutes, as milliseconds."""
        return max(1, round(self.values[name] * r.MINUTE))


@dataclass(frozen=True, slots=True)
class Outage:
    """`effects` gives what one outage does; every probe that it touches is labelled, failed or not.

    `weight` is its usual part of all labelled probes; `typical` about how many one outage leaves;
    `reported` after how many days a label comes (1..30).
    """

    name: str
    weight: float
    typical: int
    reported: Range
    ranges: Mapping[str, Range]
    effects: Callable[[Outbreak], Sequence[Effect]]
