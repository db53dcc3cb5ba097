"""A whole run: days of ordinary life and attacks, as events and labels in time order or as a history file."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from seawall.simulator import history, names, render
from seawall.simulator import rows as r
from seawall.simulator.attack import SCENARIOS, VARIANTS, Scenario
from seawall.simulator.behaviour import BEHAVIOURS
from seawall.simulator.campaigns import Campaigns, narrowed
from seawall.simulator.fields import Naming, fields_of
from seawall.simulator.incidents import Incidents
from seawall.simulator.merchants import make_merchants
from seawall.simulator.people import make_people
from seawall.simulator.randomness import stream
from seawall.simulator.scenarios import FRAUD, LABELLED, OUTAGE
from seawall.simulator.world import World

MOST_SEED = 2**63 - 1
FEWEST_CUSTOMERS, MOST_CUSTOMERS, MOST_DAYS, MOST_ATTACKS = 100, 5_000_000, 3_660, 0.5
EARLIEST, LATEST = date(1971, 1, 1), date(2200, 1, 1)


class Simulation:
    """A synthetic fintech of `customers` people over `days` days from `start` (00:00 UTC).

    `attack_rate` is the share (0..0.5) of labelled events aimed at, among those of customers (attacks) and among
    service probes (outages); `kinds` the event types wanted; `attacks` names the scenarios and variants to take part,
    by default all scenarios and no variant. The same arguments give the same events, ids included;
    ordinary events of one kind do not depend on the other kinds. ValueError names an argument out of its bounds.
    """

    def __init__(
        self,
        seed: int,
        customers: int,
        days: int,
        start: date,
        attack_rate: float = 0.002,
        kinds: Collection[str] = ("payment.card",),
        attacks: Collection[str] | None = None,
    ) -> None:
        check_bounds(
            ("seed", seed, 0, MOST_SEED),
            ("customers", customers, FEWEST_CUSTOMERS, MOST_CUSTOMERS),
            ("days", days, 1, MOST_DAYS),
            ("attack_rate", attack_rate, 0.0, MOST_ATTACKS),
        )
        if not EARLIEST <= start <= LATEST:
            raise ValueError(f"start: {start} is outside {EARLIEST} to {LATEST}; choose a date within")
        self.seed, self.customers, self.days, self.start, self.attack_rate = seed, customers, days, start, attack_rate
        self.kinds = check_kinds(kinds)
        self.attacks = _scenarios(attacks)

    @property
    def expected_events(self) -> int:
        """About how many events the run has; drawing the customers takes a moment."""
        people = make_people(self.seed, self.customers, make_merchants(self.seed, self.customers))
        daily = {part.kind: part.mean(people) for part in BEHAVIOURS if r.KINDS[part.kind] in self.kinds}
        probes = daily.pop(r.PROBE, 0.0)  # an outage changes probes, an attack adds events
        return round((probes + sum(daily.values()) / (1 - self.attack_rate)) * self.days)

    def parameters(self) -> dict[str, dict[str, tuple[float, float]]]:
        """For each attack and outage, the (low, high) that this seed draws each parameter from."""
        return {
            scenario.name: {name: (span.low, span.high) for name, span in narrowed(scenario, self.seed).items()}
            for scenario in LABELLED
        }

    def events(self, fields: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
        """Events in time order as the decision API takes them; `fields` keeps only those named."""
        wanted, naming = fields_of(self.kinds, fields), self._naming()
        for rows in self._days():
            yield from render.events(rows, wanted, naming)

    def labels(self) -> Iterator[dict[str, Any]]:
        """Labels in the order of their label_time, 1 to 30 days after their events; some after the last day."""
        for _, label in self._timed_labels():
            yield label

    def records(self, fields: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
        """Events and labels merged in time order, as a platform would send them; an event has a `type`."""
        wanted, naming = fields_of(self.kinds, fields), self._naming()
        timed_events = (
            (time, event)
            for rows in self._days()
            for time, event in zip(rows["time"].tolist(), render.events(rows, wanted, naming), strict=True)
        )
        for _, record in heapq.merge(timed_events, self._timed_labels(), key=lambda timed: timed[0]):
            yield record

    def write_history(
        self, path: str | Path, fields: Collection[str] | None = None, progress: history.Progress | None = None
    ) -> int:
        """Write a history file (.parquet, .ndjson, .jsonl) of all events with is_fraud (and is_outage, where probes
        are wanted), scenario and label_time.

        `progress(days done, days, events written)` is called after each day; returns the number of events.
        """
        wanted = fields_of(self.kinds, fields)
        of_customers = (FRAUD,) if set(self.kinds) & set(r.CUSTOMER_KINDS) else ()
        labels = (*of_customers, *((OUTAGE,) if r.KINDS[r.PROBE] in self.kinds else ()))
        return history.write(Path(path), self._days(), self.days, wanted, labels, self._naming(), progress)

    def _naming(self) -> Naming:
        return Naming(make_merchants(self.seed, self.customers), names.keys(self.seed))

    def _timed_labels(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Labels with their times (ms); one waits until no event of a coming day can have an earlier one."""
        naming, waiting = self._naming(), r.build(0)
        for rows in self._days():
            waiting = np.concatenate([waiting, rows[rows["scenario"] >= 0]])
            waiting = waiting[np.lexsort((waiting["uid"], render.label_times(waiting)))]
            through = int(rows["time"][-1]) if len(rows) else 0
            is_ready = render.label_times(waiting) <= through
            ready, waiting = waiting[is_ready], waiting[~is_ready]
            yield from zip(render.label_times(ready).tolist(), render.labels(ready, naming), strict=True)
        yield from zip(render.label_times(waiting).tolist(), render.labels(waiting, naming), strict=True)

    def _days(self) -> Iterator[r.Rows]:
        """The rows of each day in time order."""
        midnight = datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)
        world = World(self.seed, self.customers, round(midnight.timestamp() * 1000), self.days)
        wanted = np.array([r.KINDS.index(kind) for kind in self.kinds])
        parts = [part for part in BEHAVIOURS if part.kind in wanted]
        daily = {part.kind: part.mean(world.people) for part in parts}
        incidents = Incidents(world, daily.pop(r.PROBE, 0.0) * self.attack_rate)
        a_day = sum(daily.values()) * self.attack_rate / (1 - self.attack_rate)
        campaigns = Campaigns(world, wanted, a_day, self.attacks)
        coming = r.build(0)
        for day in range(self.days):
            world.begin_day(day)
            made = [coming]
            for part in parts:
                rows = part.day(world, stream(self.seed, "behaviour", r.KINDS[part.kind], day))
                if part.kind == r.CARD:
                    world.paid(rows)
                elif part.kind == r.PROBE:
                    rows = incidents.strike(rows)
                made.append(rows)
            made.append(campaigns.begin())
            pool = np.concatenate(made)
            now = pool["time"] < world.day_start + r.DAY
            coming = pool[~now]
            yield r.in_time_order(pool[now])


def check_bounds(*bounds: tuple[str, float, float, float]) -> None:
    """ValueError names the first of (name, value, lowest, highest) that is out of its bounds."""
    for name, value, low, high in bounds:
        if not low <= value <= high:
            raise ValueError(f"{name}: {value} is outside {low} to {high}; choose a value within")


def _scenarios(names: Collection[str] | None) -> tuple[Scenario, ...]:
    """The scenarios and variants of these names. ValueError for one that is unknown."""
    if names is None:
        return SCENARIOS
    known = {one.name: one for one in (*SCENARIOS, *VARIANTS)}
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise ValueError(f"attacks: no {unknown[0]!r}; choose from {', '.join(known)}")
    return tuple(one for name, one in known.items() if name in names)


def check_kinds(kinds: Collection[str]) -> tuple[str, ...]:
    """The kinds in the order of KINDS. ValueError for one that is unknown, none at all, or refunds of nothing."""
    unknown = sorted(set(kinds) - set(r.KINDS))
    if unknown or not kinds:
        raise ValueError(f"kinds: {unknown[0] if unknown else 'none given'}; choose from {', '.join(r.KINDS)}")
    if "payment.refund" in kinds and "payment.card" not in kinds:
        raise ValueError("kinds: payment.refund gives back card payments; add payment.card")
    return tuple(kind for kind in r.KINDS if kind in kinds)
