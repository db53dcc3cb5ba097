"""What four features of links add to a decision: python benchmarks/graph_neighbourhood.py [--entities N] [--dense].

Two policies that differ only in the four features decide the same payments, by turns, one by one and 64 at a time,
after a history that leaves N entities (customers, devices, addresses, payees) in both states. Figures are microseconds
of CPU time a decision, the medians of nine rounds.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from seawall.engine.columns import Block, IntColumn, TextColumn
from seawall.engine.door import Event, Label
from seawall.engine.engine import Engine
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy

EVENTS = """
pack: neighbourhood
base_currency: CNY
lateness: 1h
events:
  pay:
    version: 1
    title: &t {zh: 支付, en: Payment}
    subject: customer
    fields:
      customer: {type: key, required: true, grade: internal, purpose: risk, title: {zh: 客户, en: Customer}}
      device: {type: key, grade: internal, purpose: risk, title: {zh: 设备, en: Device}}
      ip: {type: key, grade: internal, purpose: risk, title: {zh: 地址, en: Address}}
      payee: {type: key, grade: internal, purpose: risk, title: {zh: 收款方, en: Payee}}
      cents: {type: int, grade: internal, purpose: risk, title: {zh: 金额, en: Amount}}
labels:
  fraud: {title: {zh: 欺诈, en: Fraud}, keys: [customer, device]}
""".replace("&t ", "")
POLICY = """
policy: neighbourhood
version: 1
on: [pay]
combine:
  score: {sum_of: fired_rules, cap: 100}
  thresholds: {challenge: 30, review: 60, decline: 90}
  outcome: worst
fallback: {lists: missing, model: {score: 0, outcome: review}}
"""
LINKS = """
links:
  member: customer
  within: 90d
  period: 10d
  shared:
    - {key: device, on: [pay], hub: 20, title: {zh: 设备, en: Device}}
    - {key: ip, on: [pay], hub: 20, title: {zh: 地址, en: Address}}
    - {key: payee, on: [pay], hub: 50, title: {zh: 收款方, en: Payee}}
  marks: {labels: [fraud], keys: [customer, device]}
"""
TITLE = "title: {zh: 变量, en: Feature}"
WINDOWS = [
    f"{{name: {agg}_{key}_{hours}h, version: 1, entity: {key}, on: [pay], agg: {agg}, {of}window: {{last: {hours}h}}, "
    f"{TITLE}}}"
    for key in ("customer", "device", "ip", "payee")
    for agg, of, hours in (("count", "", 1), ("sum", "of: cents, ", 24))
]
FOUR = [
    f"{{name: linked_customers, version: 1, link: linked, entity: customer, {TITLE}}}",
    f"{{name: hops_to_fraud, version: 1, link: distance, entity: customer, default: 9, {TITLE}}}",
    f"{{name: group_size, version: 1, link: component_size, entity: customer, {TITLE}}}",
    f"{{name: group_growth_24h, version: 1, link: component_growth, entity: customer, window: {{last: 24h}}, {TITLE}}}",
]
START = 1_772_000_000_000
ROUNDS, SIZE = 9, 64


def engine(features: list[str], when: str) -> Engine:
    files = {
        "events.yaml": EVENTS,
        "policy.yaml": POLICY,
        "links.yaml": LINKS,
        "features.yaml": "features:\n" + "".join(f"  - {one}\n" for one in features),
        "rules.yaml": f"rules:\n  - {{id: one, {TITLE}, when: {when}, score: 30, reason: ONE}}\n",
    }
    with tempfile.TemporaryDirectory() as name:
        for file, text in files.items():
            (Path(name) / file).write_text(text, encoding="utf-8")
        return Engine(compile_policy(load_pack(Path(name))))


class World:
    """Customers with devices, addresses and payees of their own, some of them shared.

    One in ten payments is from an address for eight customers, one in 50 from a device for four, seven in ten go to
    payees that everybody pays (hubs), one in a thousand customers is labelled. Dense: every payee is paid by dozens,
    so that nearly all customers hang together and every look around ends at its bound.
    """

    def __init__(self, entities: int, dense: bool, seed: int) -> None:
        self.customers = entities * 165 // 1000
        self.dense = dense
        self.rng = np.random.default_rng(seed)

    def payments(self, n: int) -> dict[str, np.ndarray]:
        rng, customers = self.rng, self.customers
        customer = rng.integers(0, customers, n)
        device = np.where(rng.random(n) < 0.02, customer // 4, customers + customer * 2 + (rng.random(n) < 0.2))
        ip = np.where(rng.random(n) < 0.1, customer // 8, customers + customer * 2 + (rng.random(n) < 0.3))
        popular = (rng.random(n) ** 3 * customers / (4 if self.dense else 500)).astype(np.int64)
        own = customers + customer * 2 + rng.integers(0, 2, n)
        payee = np.where(rng.random(n) < (1 if self.dense else 0.7), popular, own)
        return {"customer": customer, "device": device, "ip": ip, "payee": payee, "cents": rng.integers(1, 10**6, n)}


def fill(engines: list[Engine], world: World, total: int) -> None:
    """A history in which every entity was seen several times, and labels of one customer in a thousand."""
    t = START
    for start in range(0, total, 1 << 16):
        n = min(1 << 16, total - start)
        rows = world.payments(n)
        columns: dict[str, IntColumn | TextColumn] = {"cents": IntColumn(rows.pop("cents"))}
        is_label = world.rng.random(n) < 1e-3
        for name, values in rows.items():
            texts, codes = np.unique(values, return_inverse=True)
            codes = np.where(is_label, -1, codes) if name in ("ip", "payee") else codes
            columns[name] = TextColumn(codes.reshape(-1), [f"{name}{one}" for one in texts])
        times = t + np.arange(n) * (30 * 86_400_000 // total)
        t = int(times[-1]) + 1
        block = Block(
            ["pay", "label.fraud"], is_label.astype(np.int64), times, [str(start + i) for i in range(n)], columns
        )
        for one in engines:
            one.step_block(block, features=False)


def events(world: World, engine: Engine, n: int) -> list[Event | Label]:
    rows = world.payments(n)
    names = list(rows)
    t = engine.clock_ms
    return [
        Event(
            f"e{engine.sequence + place}",
            "pay",
            t + place,
            t + place,
            {name: f"{name}{one}" if name != "cents" else one for name, one in zip(names, values, strict=True)},
            bytes(32),
        )
        for place, values in enumerate(zip(*(rows[name].tolist() for name in names), strict=True))
    ]


def spent(engine: Engine, records: list[Event | Label], size: int) -> float:
    gc.collect()
    began = time.process_time()
    for start in range(0, len(records), size):
        engine.step(records[start : start + size])
    return (time.process_time() - began) / len(records) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=1_000_000)
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--dense", action="store_true", help="nearly all customers hang together")
    options = parser.parse_args()
    plain = engine(WINDOWS, "count_customer_1h > 1000")
    linked = engine([*WINDOWS, *FOUR], "linked_customers > 40 || hops_to_fraud == 1 || group_growth_24h > group_size")
    world = World(options.entities, options.dense, 7)
    began = time.process_time()
    fill([plain, linked], world, 3 * options.entities // 2)
    found = {key: len(space.ids) for key, space in zip(linked.policy.plan.spaces, linked.state.spaces, strict=True)}
    links = linked.state.links
    assert links is not None
    print(f"entities {sum(found.values()):,} {found}; filled in {time.process_time() - began:.0f} s of CPU")
    used = 8 * int(links.pool.words[0]) + sum(
        8 * links.plan.record_words(number) * len(linked.state.spaces[space].values)
        for number, space in enumerate(links.plan.spaces)
    )
    print(f"links use {used / 2**20:,.0f} MiB, {used / sum(found.values()):.0f} bytes an entity")
    part = options.decisions // (2 * ROUNDS)
    for size in (1, SIZE):
        figures: dict[str, list[float]] = {"plain": [], "linked": []}
        for _ in range(ROUNDS):
            records = events(world, linked, part)
            figures["plain"].append(spent(plain, records, size))
            figures["linked"].append(spent(linked, records, size))
        added = [b - a for a, b in zip(figures["plain"], figures["linked"], strict=True)]
        middle = {name: statistics.median(rounds) for name, rounds in figures.items()}
        print(
            f"{size:2d} at a time: {middle['plain']:.1f} us without, {middle['linked']:.1f} us with four features of "
            f"links; added {statistics.median(added):.1f} us (worst round {max(added):.1f})"
        )
    rows = np.array([[decision.row[linked.policy.slots[name]] for name in ("linked_customers", "group_size")]
                     for decision in linked.step(events(world, linked, 2000)) if decision is not None])  # fmt: skip
    print(f"linked customers: median {np.median(rows[:, 0]):.0f}, 99th {np.percentile(rows[:, 0], 99):.0f}; "
          f"group: median {np.median(rows[:, 1]):.0f}, largest {rows[:, 1].max():,}")  # fmt: skip


if __name__ == "__main__":
    main()
