"""The rows of an endless stream, step by step: a thinned history up to now, then life at the rate asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator import services
from seawall.simulator.behaviour import BEHAVIOURS
from seawall.simulator.campaigns import Campaigns
from seawall.simulator.habits import load
from seawall.simulator.incidents import Incidents
from seawall.simulator.live_world import LiveWorld
from seawall.simulator.places import UTC_OFFSET_MS
from seawall.simulator.randomness import stream

_ROWS_A_STEP = 10_000
_SHORTEST, _LONGEST = r.SECOND, 15 * r.MINUTE  # of a live step
_PAST_STEP = r.HOUR
_RUN_UP = 1  # days lived through before now, so that attacks, trips and refunds are under way
_RUN_UP_ROWS = 20_000  # about the most that attacks before now may leave for later: making more takes too long
_PAST_PROBES = 6 * r.HOUR  # of the history
_HOME_OFFSET = int(UTC_OFFSET_MS[0])


@dataclass(frozen=True, slots=True)
class Pace:
    """How much happens: events a second now, the days of history before and how many events they hold."""

    rate: float
    attack_rate: float
    outage_rate: float
    past_days: int
    past_events: int


class Timeline:
    """Makes the rows of one step after another, in time order; `now` (ms) divides history from life.

    The ordinary events of a live step fill up what refunds, attacks, salaries and probes leave of rate x time, and
    make good what the step before had too many or too few.
    """

    def __init__(self, seed: int, customers: int, kinds: tuple[str, ...], pace: Pace, now: int) -> None:
        first = now - max(_RUN_UP, pace.past_days) * r.DAY
        self._seed, self._pace, self._now = seed, pace, now
        self._begin = first - first % r.DAY
        self._past_days = (now - self._begin) / r.DAY
        self._world = LiveWorld(seed, customers, self._begin)
        codes = np.array([r.KINDS.index(kind) for kind in kinds])
        self._parts = [part for part in BEHAVIOURS if part.kind in codes and part.kind != r.PROBE]
        self._rates = [part.rate(self._world.people) for part in self._parts if part.rate is not None]
        self._probes = next((part for part in BEHAVIOURS if part.kind == r.PROBE and part.kind in codes), None)
        self._probes_a_day = services.A_DAY if self._probes else 0.0
        self._a_day = max(0.0, pace.rate * r.DAY / r.SECOND - self._probes_a_day)  # events of customers, from now on
        self._campaigns = Campaigns(self._world, codes, self._a_day * pace.attack_rate)
        self._incidents = Incidents(self._world, self._probes_a_day * pace.outage_rate)
        attacked_a_day = self._a_day * pace.attack_rate
        self._run_up = min(1.0, _RUN_UP_ROWS / attacked_a_day) if attacked_a_day else 0.0
        self._coming = r.build(0)
        self._owed = 0.0  # ordinary events, from the step before
        self._numbers: dict[int, int] = {}

    @property
    def until(self) -> int:
        """The end (ms) of the step given last."""
        return self._world.step_end

    def skip(self, begin: int, end: int) -> None:
        """Nothing happens in [begin, end) ms: go on at `end`, and give back no payment that was made in between."""
        self._begin = max(self._begin, end)
        self._coming = _without_refunds(self._coming, begin, end)

    def steps(self) -> Iterator[r.Rows]:
        """The rows of each step, endlessly; first the history, if one is wanted."""
        while True:
            end = self._end()
            self._world.begin_step(self._begin, end)
            lived = self._live if self._begin >= self._now else self._past
            rows = lived()
            self._begin = end
            yield r.in_time_order(rows)

    def _end(self) -> int:
        midnight = self._begin - self._begin % r.DAY + r.DAY
        if self._begin < self._now:
            return min(self._begin + _PAST_STEP, midnight, self._now)
        length = round(_ROWS_A_STEP / self._pace.rate * r.SECOND)
        return min(self._begin + min(max(length, _SHORTEST), _LONGEST), midnight)

    def _live(self) -> r.Rows:
        share = self._share()
        probes = self._probed(share)
        fair = (self._a_day + self._probes_a_day) * share
        wanted = fair + self._owed
        due = int((self._coming["time"] < self._world.step_end).sum()) + len(probes)
        made = self._lived(wanted - due)
        rows = self._take(made, self._campaigns.begin(share), probes)
        self._owed = float(np.clip(wanted - len(rows), -fair, fair))
        return rows

    def _past(self) -> r.Rows:
        """A step of history; where none is wanted it is lived through all the same and nothing of it is told."""
        share, pace, now = self._share(), self._pace, self._now
        natural = sum(part.mean(self._world.people) for part in self._parts)
        a_day = min(natural, pace.past_events / self._past_days if pace.past_days else self._a_day)
        busy = float(load(np.array([self._world.step_begin]), _HOME_OFFSET)[0])
        due = int((self._coming["time"] < self._world.step_end).sum())
        made = self._lived(a_day * share * busy - due)
        thin = min(1.0, a_day / self._a_day) if self._a_day else 0.0
        began = [self._campaigns.begin(share * thin)]
        if self._world.step_begin >= now - _RUN_UP * r.DAY:  # attacks that will be under way, in their full number
            more = self._campaigns.begin(share * (1 - thin) * self._run_up)
            began.append(_without_refunds(more[more["time"] >= now], 0, now))
        probes = self._probed(share) if self._world.step_begin >= now - _PAST_PROBES else r.build(0)
        rows = self._take(made, *began, probes)
        if pace.past_days:
            return rows
        self._coming = _without_refunds(self._coming, 0, now)  # their payments are never told
        return r.build(0)

    def _share(self) -> float:
        """The step's part of a day."""
        return (self._world.step_end - self._world.step_begin) / r.DAY

    def _lived(self, wanted: float) -> r.Rows:
        """About `wanted` ordinary events of customers, and what follows from them later."""
        natural = self._world.natural(self._rates)
        self._world.density = max(0.0, wanted) / natural if natural > 0 else 0.0
        made = [r.build(0)]
        for part in self._parts:
            rng = stream(self._seed, "live", r.KINDS[part.kind], self._world.step)
            rows = self._numbered(part.day(self._world, rng), part.kind)
            if part.kind == r.CARD:
                self._world.paid(rows)
            made.append(rows)
        return np.concatenate(made)

    def _probed(self, share: float) -> r.Rows:
        if self._probes is None:
            return r.build(0)
        rng = stream(self._seed, "live", r.KINDS[r.PROBE], self._world.step)
        return self._incidents.strike(self._numbered(self._probes.day(self._world, rng), r.PROBE), share)

    def _numbered(self, rows: r.Rows, kind: int) -> r.Rows:
        """The same rows with uids that go on from step to step."""
        first = self._numbers.get(kind, 0)
        self._numbers[kind] = first + len(rows)
        return r.numbered(rows, kind, 0, first)

    def _take(self, *made: r.Rows) -> r.Rows:
        """Of what was made and what was coming: the step's rows; later ones wait, earlier ones are lost."""
        pool = np.concatenate([self._coming, *made])
        waits = pool["time"] >= self._world.step_end
        self._coming = pool[waits]
        return np.asarray(pool[~waits & (pool["time"] >= self._world.step_begin)])


def _without_refunds(rows: r.Rows, begin: int, end: int) -> r.Rows:
    """The rows but for refunds of payments made in [begin, end) ms."""
    paid = rows["original_time"]
    return np.asarray(rows[~((paid >= begin) & (paid < end))])
