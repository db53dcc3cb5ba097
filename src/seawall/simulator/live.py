"""The synthetic fintech live: events and labels as they happen, by the clock on the wall, without end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from seawall.simulator import names, render, services
from seawall.simulator import rows as r
from seawall.simulator.fields import Naming, fields_of
from seawall.simulator.merchants import make_merchants
from seawall.simulator.simulation import FEWEST_CUSTOMERS, MOST_ATTACKS, MOST_SEED, check_bounds, check_kinds
from seawall.simulator.step import Step, outside
from seawall.simulator.timeline import Pace, Timeline

SLOWEST, FASTEST, MOST_CUSTOMERS, MOST_PAST_DAYS, MOST_PAST_EVENTS = 0.01, 10_000.0, 1_000_000, 365, 50_000_000
ACTS_A_DAY = 20  # of a customer, where the number of customers is left open
_OPEN_CUSTOMERS = (1_000, 200_000)
_SHORTEST_NAP = 0.05  # seconds: what is due within it leaves together
_FARTHEST_BEHIND = 60 * r.SECOND

Record = dict[str, Any]


class Live:
    """An endless stream of `rate` events a second from the moment it is begun.

    rate          mean events a second, all kinds together; steady: it does not follow the hours of the day
    customers     by default such that each acts about twenty times a day
    attack_rate   share of customers' events that are attacks; outage_rate: share of probes touched by outages
    past_days     of history that is told first, at the density of real life but at most about past_events of
                  customers in all; of probes, the last six hours
    label_day     seconds after which a label comes, for each of the 1 to 30 days that it takes in history
    clock, sleep  seconds since the epoch; waits that many

    The same arguments and the same first reading of the clock give the same records. ValueError names an argument
    out of its bounds.
    """

    def __init__(
        self,
        seed: int,
        rate: float,
        *,
        customers: int | None = None,
        attack_rate: float = 0.015,
        outage_rate: float = 0.05,
        past_days: int = 0,
        past_events: int = 300_000,
        label_day: float = 60.0,
        kinds: Collection[str] = r.KINDS,
        fields: Collection[str] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.customers = customers_for(rate) if customers is None else customers
        check_bounds(
            ("seed", seed, 0, MOST_SEED),
            ("rate", rate, SLOWEST, FASTEST),
            ("customers", self.customers, FEWEST_CUSTOMERS, MOST_CUSTOMERS),
            ("attack_rate", attack_rate, 0.0, MOST_ATTACKS),
            ("outage_rate", outage_rate, 0.0, MOST_ATTACKS),
            ("past_days", past_days, 0, MOST_PAST_DAYS),
            ("past_events", past_events, 1, MOST_PAST_EVENTS),
            ("label_day", label_day, 1.0, 3_600.0),
        )
        self.kinds = check_kinds(kinds)
        _check_probes(self.kinds, rate)
        self._seed, self._pace = seed, Pace(rate, attack_rate, outage_rate, past_days, past_events)
        self._label_day, self._fields = label_day, fields_of(self.kinds, fields)
        self._clock, self._sleep = clock, sleep

    def records(self) -> Iterator[Record]:
        """Events and labels one by one, in time order, each when it is due; an event has a `type`."""
        for batch in self.batches():
            yield from batch

    def batches(self, most: int = 1_000) -> Iterator[list[Record]]:
        """Events and labels in time order, one to `most` at a time: whatever is due, history at once.

        A stream that is taken more slowly than it flows falls behind; by more than a minute, it goes on with now.
        """
        begun = self._now()
        timeline = Timeline(self._seed, self.customers, self.kinds, self._pace, begun)
        naming, waiting = Naming(make_merchants(self._seed, self.customers), names.keys(self._seed)), r.build(0)
        for rows in timeline.steps():
            waiting = np.concatenate([waiting, self._labelled(rows, begun)])
            is_ready = render.label_times(waiting) < timeline.until
            step, waiting = Step(rows, waiting[is_ready], self._fields, naming), waiting[~is_ready]
            while len(step):
                now = self._now()
                event = step.next_event
                if event is not None and begun <= event < now - _FARTHEST_BEHIND:
                    step.forget(event, now)
                    waiting = outside(waiting, event, now)
                    timeline.skip(event, now)
                elif step.next > now:
                    self._sleep(max((step.next - now) / r.SECOND, _SHORTEST_NAP))
                else:
                    yield step.take(now, most)

    def _labelled(self, rows: r.Rows, begun: int) -> r.Rows:
        """The labelled ones of the rows; those that happen from `begun` (ms) on are reported soon."""
        labelled = rows[rows["scenario"] >= 0]
        soon = (labelled["label_delay"] * (self._label_day * r.SECOND / r.DAY)).astype(np.int64)
        labelled["label_delay"] = np.where(labelled["time"] >= begun, soon, labelled["label_delay"])
        return labelled

    def _now(self) -> int:
        return math.floor(self._clock() * r.SECOND)


def customers_for(rate: float) -> int:
    """How many customers make `rate` events a second at about twenty a day each: 1,000 to 200,000."""
    fewest, most = _OPEN_CUSTOMERS
    return min(max(round(rate * r.DAY / r.SECOND / ACTS_A_DAY), fewest), most)


def _check_probes(kinds: tuple[str, ...], rate: float) -> None:
    least = math.ceil(2 * services.A_DAY * r.SECOND / r.DAY * 100) / 100
    if len(kinds) > 1 and r.KINDS[r.PROBE] in kinds and rate < least:
        raise ValueError(f"rate: {rate} leaves no room beside service.probe; choose {least} or more, or other kinds")
