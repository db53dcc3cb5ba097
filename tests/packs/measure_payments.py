"""How well the payments pack does on a simulated history: what it catches, and how often it disturbs ordinary people.

    python -m tests.packs.measure_payments --seed 11

writes the history and its decisions to a temporary folder and prints two tables: attacks and outages by scenario,
rules by hits.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml

import seawall
from seawall.engine.history import load_mapping
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy
from seawall.engine.replay import replay
from seawall.simulator import KINDS, Simulation, names
from seawall.simulator import rows as r
from seawall.simulator.campaigns import Campaigns
from seawall.simulator.fields import fields_of

ORDINARY = -1
PROBE = "service.probe"
PACK = Path(seawall.__file__).parent / "packs" / "payments"
OUTAGE_GAP_MS = 3_600_000  # touched probes further apart than this belong to two outages


@dataclass(frozen=True, slots=True)
class Event:
    """One decided event; `campaign` numbers its attack or outage. Ordinary ones have scenario "" and ORDINARY."""

    type: str
    scenario: str
    campaign: int
    outcome: str
    rules: tuple[str, ...]

    @property
    def alerted(self) -> bool:
        return self.outcome != "approve"


@contextmanager
def _campaigns_noted(noted: list[r.Rows]) -> Iterator[None]:
    """Within it, the labelled rows of every attack that a simulation begins are appended to `noted`."""
    launch = Campaigns._attack

    def noting(*args: object) -> r.Rows:
        made: r.Rows = launch(*args)  # type: ignore[arg-type]
        noted.append(made[made["scenario"] >= 0])
        return made

    Campaigns._attack = noting  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Campaigns._attack = launch  # type: ignore[method-assign]


def measure(
    folder: Path, seed: int, customers: int, days: int, attacks: float, kinds: Collection[str] = KINDS
) -> list[Event]:
    """Decided events, in time order, of a history of these kinds simulated into `folder`."""
    history, decided = folder / "events.parquet", folder / "decisions.parquet"
    simulation = Simulation(seed, customers, days, date(2026, 1, 1), attacks, kinds)
    noted: list[r.Rows] = []
    with _campaigns_noted(noted):
        simulation.write_history(history)
    key = names.keys(seed)["event"]
    numbers = {
        event_id: number
        for number, rows in enumerate(noted)
        for event_id in names.event_ids(rows["time"], rows["uid"], key).tolist()
    }
    policy = compile_policy(load_pack(PACK))
    mapping = load_mapping(_mapping(folder, simulation.kinds), policy.pack)
    replay(history, mapping, policy, decided, features="none", hashes=False)
    facts = pq.read_table(history, columns=["event_id", "type", "event_time", "scenario"])
    answers = pq.read_table(decided, columns=["event_id", "outcome", "rules"]).to_pydict()
    event_ids, scenarios = facts.column("event_id").to_pylist(), facts.column("scenario").to_pylist()
    assert event_ids == answers["event_id"], "decisions are in the order of the history"
    times = facts.column("event_time").cast("int64").to_pylist()
    campaigns = [numbers.get(event_id, ORDINARY) for event_id in event_ids]
    _number_outages(campaigns, scenarios, times, first=len(noted))
    return [
        Event(kind, scenario or "", campaign, outcome, tuple(rules))
        for kind, scenario, campaign, outcome, rules in zip(
            facts.column("type").to_pylist(), scenarios, campaigns, answers["outcome"], answers["rules"], strict=True
        )
    ]


def _mapping(folder: Path, kinds: Collection[str]) -> Path:
    """The pack's mapping without the types, columns and labels that a history of these kinds does not have."""
    content = yaml.safe_load((PACK / "mapping.yaml").read_text("utf-8"))
    sent = {field.name for field in fields_of(kinds)}
    absent = {"fraud": set(kinds) <= {PROBE}, "outage": PROBE not in kinds}
    content["event"]["values"] = {kind: kind for kind in kinds}
    content["fields"] = {name: source for name, source in content["fields"].items() if name in sent}
    content["labels"] = [label for label in content["labels"] if not absent[label["label"]]]
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path


def _number_outages(campaigns: list[int], scenarios: list[str | None], times: list[int], first: int) -> None:
    """Give labelled events without a campaign (probes) the number of their outage, from `first` on, in place."""
    last: dict[str, tuple[int, int]] = {}  # by scenario: time and number
    for place, scenario in enumerate(scenarios):
        if scenario and campaigns[place] == ORDINARY:
            time, number = last.get(scenario, (-OUTAGE_GAP_MS, ORDINARY))
            if times[place] - time > OUTAGE_GAP_MS:
                number, first = first, first + 1
            last[scenario] = times[place], number
            campaigns[place] = number


def alert_rate(events: list[Event]) -> float:
    """Share of ordinary events that were not simply approved."""
    ordinary = [event.alerted for event in events if event.campaign == ORDINARY]
    return float(np.mean(ordinary))


def by_scenario(events: list[Event]) -> dict[str, tuple[int, int, int, int]]:
    """For each scenario: events, events alerted, campaigns, campaigns with at least one event alerted."""
    seen: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.campaign != ORDINARY:
            seen[event.scenario][event.campaign].append(event.alerted)
    return {
        name: (
            sum(map(len, campaigns.values())), sum(map(sum, campaigns.values())),
            len(campaigns), sum(map(any, campaigns.values())),
        )
        for name, campaigns in sorted(seen.items())
    }  # fmt: skip


def by_rule(events: list[Event]) -> dict[str, tuple[int, int]]:
    """For each rule that fired: labelled events and ordinary events it fired on."""
    labelled: Counter[str] = Counter()
    ordinary: Counter[str] = Counter()
    for event in events:
        (labelled if event.campaign != ORDINARY else ordinary).update(event.rules)
    return {rule: (labelled[rule], ordinary[rule]) for rule in sorted({*labelled, *ordinary})}


def _print(events: list[Event]) -> None:
    print("| scenario | events | caught | share | campaigns | caught | share |")
    print("|---|---|---|---|---|---|---|")
    for name, (total, alerted, campaigns, found) in by_scenario(events).items():
        shares = alerted / total, found / campaigns
        print(f"| {name} | {total} | {alerted} | {shares[0]:.0%} | {campaigns} | {found} | {shares[1]:.0%} |")
    kinds = sorted({event.type for event in events})
    rates = ", ".join(f"{kind} {alert_rate([e for e in events if e.type == kind]):.2%}" for kind in kinds)
    print(f"\n{len(events):,} events; alert rate of ordinary events: {rates}")
    for what, part in (
        ("customers", [event for event in events if event.type != PROBE]),
        ("services", [event for event in events if event.type == PROBE]),
    ):
        alerts = [event for event in part if event.alerted]
        precision = sum(event.campaign != ORDINARY for event in alerts) / max(1, len(alerts))
        print(f"{what}: ordinary alert rate {alert_rate(part):.3%}, {len(alerts):,} alerts, precision {precision:.0%}")
    print()
    print("| rule | on attacks | on ordinary events |\n|---|---|---|")
    for rule, (labelled, ordinary) in by_rule(events).items():
        print(f"| {rule} | {labelled} | {ordinary} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--attacks", type=float, default=0.002)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _print(measure(Path(folder), args.seed, args.customers, args.days, args.attacks))


if __name__ == "__main__":
    main()
