"""`attacks`: how many simulated attacks the payments pack finds, what money it saves, and whom it disturbs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from seawall.simulator import SCENARIOS, VARIANTS

from .attacked import Run, Told, decided
from .figure import Figure

SEEDS = (1, 2, 3)
CUSTOMERS, DAYS, RATE = 3_000, 60, 0.015
RUN_UP = 14  # days: before them nothing is known of anybody, and nothing is counted
_FEW = 2  # payments of a customer that may pass before the stop: it comes at the third at the latest
_BY_CUSTOMER = {one.name: one.by_customer for one in (*SCENARIOS, *VARIANTS)}
_VARIANTS = [one.name for one in VARIANTS]


@dataclass(slots=True)
class Scenario:
    """What became of the attacks of one scenario: campaigns, and customers within them."""

    campaigns: int = 0
    found: int = 0  # some event was not approved
    in_time: int = 0  # one before its last, or its only one
    customers: int = 0
    customers_found: int = 0
    money: int = 0  # minor units, of all labelled events that move money
    stopped: int = 0  # of it, from the stop on, where at most two payments of the customer had passed


@dataclass(slots=True)
class Tally:
    """Counted over runs."""

    scenarios: dict[str, Scenario] = field(default_factory=lambda: defaultdict(Scenario))
    good: Counter[str] = field(default_factory=Counter)  # by type of event
    disturbed: Counter[str] = field(default_factory=Counter)  # good events not approved, by type
    hits: Counter[str] = field(default_factory=Counter)  # by rule, events of attacks
    mistakes: Counter[str] = field(default_factory=Counter)  # by rule, good events

    def add(self, told: Iterable[Told], first_day: int = 0) -> None:
        """Count the events from `first_day` on; an attack that began before it is left out."""
        attacks: dict[tuple[str, int], list[Told]] = defaultdict(list)
        begun_before: set[int | None] = set()
        for event in told:
            if event.day < first_day:
                begun_before.add(event.campaign)
            elif event.good:
                self.good[event.type] += 1
                self.disturbed[event.type] += event.alerted
                self.mistakes.update(event.rules)
            elif event.scenario and event.campaign is not None:
                attacks[event.scenario, event.campaign].append(event)
                self.hits.update(event.rules)
        for (name, campaign), events in attacks.items():
            if campaign not in begun_before:
                _count(self.scenarios[name], events, _BY_CUSTOMER.get(name, False))


def _count(scenario: Scenario, events: Sequence[Told], by_customer: bool) -> None:
    scenario.campaigns += 1
    alerted = [place for place, event in enumerate(events) if event.alerted]
    scenario.found += bool(alerted)
    scenario.in_time += bool(alerted) and (alerted[0] < len(events) - 1 or len(events) == 1)
    of_customers: dict[str | None, list[Told]] = defaultdict(list)
    for event in events:
        of_customers[event.customer].append(event)
    for acts in of_customers.values():
        scenario.customers += 1
        scenario.customers_found += any(event.alerted for event in acts)
        scenario.money += sum(event.amount for event in acts)
        first = next((place for place, event in enumerate(acts) if _stops(event, by_customer)), len(acts))
        if sum(event.amount > 0 for event in acts[:first]) <= _FEW:
            scenario.stopped += sum(event.amount for event in acts[first:])


def _stops(event: Told, by_customer: bool) -> bool:
    """Whether the decision keeps the money: a customer who acts, deceived or in on it, passes every challenge."""
    return event.outcome in ("review", "decline") or (event.outcome == "challenge" and not by_customer)


def figures(
    events: int | None = None, repeats: int = 1, cache_dir: Path | None = None, seeds: Sequence[int] = SEEDS
) -> list[Figure]:
    """Figures over all `seeds`: for each scenario and variant `attack.NAME.WHAT`, for each type of event
    `good.TYPE.not_approved`, for each rule `rule.ID.WHAT`. The variants run apart, so that the figures of the
    scenarios are without them. `events` is about how many events each run has.
    """
    customers = CUSTOMERS if events is None else max(100, round(events / DAYS / 1.6))
    main, apart = Tally(), Tally()
    for seed in seeds:
        main.add(decided(Run(seed, customers, DAYS, RATE)), RUN_UP)
        apart.add(decided(Run(seed, max(100, customers // 2), DAYS, RATE / 2, attacks=_VARIANTS)), RUN_UP)
    return [*_scenario_figures(main), *_scenario_figures(apart), *_good_figures(main), *_rule_figures(main)]


def _scenario_figures(tally: Tally) -> list[Figure]:
    made = []
    for name, one in sorted(tally.scenarios.items()):
        values = {
            "campaigns": one.campaigns,
            "found": _share(one.found, one.campaigns),
            "found_before_end": _share(one.in_time, one.campaigns),
            "customers_found": _share(one.customers_found, one.customers),
        }
        if one.money:
            values["money_stopped"] = _share(one.stopped, one.money)
        made += [Figure(f"attack.{name}.{what}", value, _unit(what)) for what, value in values.items()]
    return made


def _good_figures(tally: Tally) -> list[Figure]:
    every = {"all": tally.good.total()} | dict(sorted(tally.good.items()))
    wrong = {"all": tally.disturbed.total()} | dict(tally.disturbed)
    return [
        Figure(f"good.{kind}.not_approved", round(10_000 * wrong[kind] / count, 1), "of 10,000")
        for kind, count in every.items()
        if count
    ]


def _rule_figures(tally: Tally) -> list[Figure]:
    made = []
    for rule in sorted({*tally.hits, *tally.mistakes}):
        hits, mistakes = tally.hits[rule], tally.mistakes[rule]
        values = {"on_attacks": hits, "on_good": mistakes, "precision": _share(hits, hits + mistakes)}
        made += [Figure(f"rule.{rule}.{what}", value, _unit(what)) for what, value in values.items()]
    return made


def _share(part: int, whole: int) -> float:
    return round(part / max(1, whole), 3)


def _unit(what: str) -> str:
    return {"campaigns": "attacks", "on_attacks": "events", "on_good": "events"}.get(what, "share")


def tables(measured: Sequence[Figure]) -> list[Table]:
    """The figures of attacks, of good events and of rules, each as a table with a line a name."""
    return [_table(group, measured) for group in ("attack", "good", "rule")]


def _table(group: str, measured: Sequence[Figure]) -> Table:
    lines: dict[str, dict[str, str]] = defaultdict(dict)
    for figure in measured:
        first, _, rest = figure.name.partition(".")
        name, _, what = rest.rpartition(".")
        if first == group:
            shown = f"{figure.value:.0%}" if figure.unit == "share" else f"{figure.value:,g}"
            lines[name][what] = shown
    columns = list(dict.fromkeys(what for values in lines.values() for what in values))
    table = Table(group, *(column.replace("_", " ") for column in columns))
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for name, values in lines.items():
        table.add_row(name, *(values.get(column, "") for column in columns))
    return table
