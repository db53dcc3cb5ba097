"""The shipped payments pack on a simulated history: what each event was, and what was decided."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import yaml

import seawall
from seawall.engine.history import load_mapping
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.replay import replay
from seawall.simulator import CUSTOMER_KINDS, KINDS, Simulation
from seawall.simulator.fields import fields_of

PACK = Path(seawall.__file__).parent / "packs" / "payments"
PROBE = "service.probe"
START = date(2026, 1, 1)
_FACTS = ("event_time", "type", "scenario", "campaign", "customer", "amount", "direction")


@dataclass(frozen=True, slots=True)
class Told:
    """One decided event. `scenario` is "" where it has no label, `campaign` None where it is of no attack or outage."""

    day: int  # of the run, from 0
    type: str
    scenario: str
    campaign: int | None
    customer: str | None
    amount: int  # minor units that leave; 0 where none do
    outcome: str
    rules: tuple[str, ...]

    @property
    def good(self) -> bool:
        return self.campaign is None

    @property
    def alerted(self) -> bool:
        return self.outcome != "approve"


@dataclass(frozen=True, slots=True)
class Run:
    """What is simulated; `attacks` names scenarios and variants, None is all scenarios."""

    seed: int
    customers: int
    days: int
    rate: float
    kinds: Collection[str] = CUSTOMER_KINDS
    attacks: Collection[str] | None = None


@cache
def policy() -> CompiledPolicy:
    return compile_policy(load_pack(PACK))


def decided(run: Run) -> list[Told]:
    """All events of the run, in time order, as the pack decides them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        history, answers = folder / "events.parquet", folder / "decisions.parquet"
        Simulation(run.seed, run.customers, run.days, START, run.rate, run.kinds, run.attacks).write_history(history)
        mapping = load_mapping(_mapping(folder, run.kinds), policy().pack)
        replay(history, mapping, policy(), answers, features="none", hashes=False)
        present = [column for column in _FACTS if column in pq.read_schema(history).names]
        facts = pq.read_table(history, columns=["event_id", *present]).to_pydict()
        results = pq.read_table(answers, columns=["event_id", "outcome", "rules"]).to_pydict()
    assert facts["event_id"] == results["event_id"], "decisions are in the order of the history"
    absent = [None] * len(facts["event_id"])
    columns = [facts.get(column, absent) for column in _FACTS] + [results["outcome"], results["rules"]]
    return [
        Told(
            (at.date() - START).days, kind, scenario or "", campaign, customer,
            0 if direction == "in" else amount or 0, outcome, tuple(rules),
        )
        for at, kind, scenario, campaign, customer, amount, direction, outcome, rules in zip(*columns, strict=True)
    ]  # fmt: skip


def _mapping(folder: Path, kinds: Collection[str]) -> Path:
    """The pack's mapping without the types, columns and labels that a history of these kinds does not have."""
    content = yaml.safe_load((PACK / "mapping.yaml").read_text("utf-8"))
    sent = {field.name for field in fields_of(kinds)}
    absent = {"fraud": set(kinds) <= {PROBE}, "outage": PROBE not in kinds}
    content["event"]["values"] = {kind: kind for kind in KINDS if kind in kinds}
    content["fields"] = {name: source for name, source in content["fields"].items() if name in sent}
    content["labels"] = [label for label in content["labels"] if not absent[label["label"]]]
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path
