"""The fintech lived in steps shorter than a day, as busy as it is told to be."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.habits import intensity
from seawall.simulator.places import UTC_OFFSET_MS
from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.world import World

MOST_DAYS = 10_000  # a uid holds no more
_MOST_RECENT = 20_000  # payments in shops remembered a day


class LiveWorld(World):
    """A World whose steps are parts of a UTC day, each given its own `density`: how many times busier than people are.

    Who acts in a step is drawn by everyone's own rate and habit in the local hour, so that the hours of a person are
    plausible at any density; how many act is `density` alone.
    """

    def __init__(self, seed: int, customers: int, start_ms: int) -> None:
        assert start_ms % r.DAY == 0, "days begin at midnight, UTC"
        super().__init__(seed, customers, start_ms, MOST_DAYS)
        self.density = 1.0
        self._step, self._begin, self._end = -1, start_ms, start_ms
        self._intensity: Floats = np.zeros(customers)

    @property
    def step(self) -> int:
        return self._step

    @property
    def step_begin(self) -> int:
        return self._begin

    @property
    def step_end(self) -> int:
        return self._end

    def begin_step(self, begin: int, end: int) -> None:
        """Move to [begin, end) ms, which lies within one UTC day and after the step before."""
        assert self._end <= begin < end <= begin - begin % r.DAY + r.DAY, "steps follow one another within their days"
        day = (begin - self.start_ms) // r.DAY
        self.is_new_day = day > self.day
        while self.day < day:
            self.begin_day(self.day + 1)
            self.recent.append(np.empty((0, 3), dtype=np.int64))
        self._step += 1
        self._begin, self._end = begin, end
        self._intensity = intensity((begin + end) // 2, self.people.habit, UTC_OFFSET_MS[self.city])

    def natural(self, rates: Iterable[Floats]) -> float:
        """The expected number of acts in the step at these daily rates (N,) each and density 1."""
        acts_a_day = sum(float((rate * self._intensity).sum()) for rate in rates)  # a dot product would wake threads
        return acts_a_day * (self._end - self._begin) / r.DAY

    def occasions(self, rate: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
        edges = np.cumsum(rate * self._intensity)
        count = rng.poisson(edges[-1] * self.density * (self._end - self._begin) / r.DAY)
        customer = np.searchsorted(edges, rng.random(count) * edges[-1], side="right")
        return np.minimum(customer, len(rate) - 1), rng.integers(self._begin, self._end, count)

    def moment(self, local: int, utc_offset: int, any_hour: bool) -> int:
        """Within the step if the hour does not matter, else when it is next that time there."""
        if any_hour:
            return self._begin + local * (self._end - self._begin) // r.DAY
        return self._begin + (local - utc_offset - self._begin) % r.DAY

    def paid(self, payments: r.Rows) -> None:
        self.today = payments
        in_shops = payments[payments["channel"] == r.IN_STORE]
        seen = np.stack([in_shops["customer"], in_shops["card"], in_shops["merchant"]], axis=1)
        self.recent[-1] = np.concatenate([self.recent[-1], seen])[-_MOST_RECENT:]
