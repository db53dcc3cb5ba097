"""A seeded stream for the `linked` pack, its decisions in every way the engine has, and what the oracle makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

import numpy as np

from seawall.engine.columns import MISSING, Block, Column, IntColumn, TextColumn
from seawall.engine.door import Event, Label
from seawall.engine.engine import Engine
from seawall.engine.graph.oracle import LinkOracle, LinkRecord
from seawall.engine.pack import Pack, load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from tests.engine.world import PACKS

HOUR = 3_600_000
START = 1_772_000_000_000
TYPES = ["pay", "login", "visit", "label.fraud"]
SHARES = {"pay": ("device", "ip", "payee"), "login": ("device",), "visit": ()}
Value = int | None
Rows = list[dict[str, Value]]


@cache
def pack() -> Pack:
    return load_pack(PACKS / "linked")


@cache
def policy() -> CompiledPolicy:
    return compile_policy(pack())


def event(number: int, kind: str, t: int, received: int | None = None, **fields: object) -> Event:
    return Event(
        f"e{number}", kind, t, t if received is None else received, dict(fields), bytes([number % 251] * 32), 1
    )


def label(number: int, t: int, **keys: str) -> Label:
    return Label("fraud", f"l{number}", t, t, keys, bytes([number % 251] * 32))


def stream(seed: int, n: int, members: int = 9, step_ms: int = HOUR) -> list[Event | Label]:
    """Payments, logins, visits and labels; some later than the lateness bound, many keys absent."""
    rng, t = Random(seed), START
    records: list[Event | Label] = []
    for number in range(n):
        t += rng.choice((0, 1, 400, 60_000, rng.randrange(step_ms)))
        held: dict[str, object] = {
            name: f"{name}{rng.randrange(max(1, count))}"
            for name, count in (("customer", members), ("device", members // 2), ("ip", members // 3), ("payee", 4))
            if rng.random() > 0.2
        }
        lot = rng.random()
        if lot < 0.04:
            keys = {name: str(held[name]) for name in ("customer", "device") if name in held}
            records.append(label(number, t, **keys))
            continue
        late = rng.choice((0, 0, 0, 0, 30_000, 2 * HOUR))
        if lot < 0.6:
            fields = {"customer": f"customer{rng.randrange(members)}"} | held | {"items": rng.randrange(4)}
            records.append(event(number, "pay", t - late, t, **fields))
        elif lot < 0.9:
            fields = {"customer": f"customer{rng.randrange(members)}"} | held
            fields = {name: fields[name] for name in ("customer", "device") if name in fields}
            records.append(event(number, "login", t - late, t, **fields))
        else:
            fields = {"device": "device0"} | held
            fields = {name: fields[name] for name in ("device", "payee") if name in fields}
            records.append(event(number, "visit", t - late, t, **fields))
    return records


def expected(records: Sequence[Event | Label]) -> Rows:
    """The values of the links' features for every event, by the oracle."""
    links = pack().links
    assert links is not None, "the pack has links"
    oracle = LinkOracle(links, list(pack().features.values()))
    clock, rows = 0, []
    for record in records:
        is_event = isinstance(record, Event)
        time = min(record.event_time if isinstance(record, Event) else record.label_time, record.received_at)
        late = clock - time
        clock = max(clock, time)
        fields = record.fields if isinstance(record, Event) else record.keys
        shares = SHARES[record.type] if isinstance(record, Event) else ()
        shares = tuple(key for key in shares if key != "payee" or (fields.get("items") or 0) > 1)
        known = {name: value for name, value in fields.items() if isinstance(value, str)}
        row = oracle.step(LinkRecord(clock, known, shares, not is_event, late <= pack().lateness_ms), read=is_event)
        if is_event:
            rows.append(row)
    return rows


def decided(engine: Engine, records: Sequence[Event | Label], split: int) -> tuple[Rows, list[str]]:
    """The same values as the engine has them, `split` records at a time, and the content hashes."""
    rows, hashes = [], []
    slots = engine.policy.slots
    names = [feature.name for feature in engine.policy.plan.features if feature.link]
    for start in range(0, len(records), split):
        for decision in engine.step(records[start : start + split]):
            if decision is not None:
                rows.append({name: decision.row[slots[name]] for name in names})
                hashes.append(decision.content_hash)
    return rows, hashes


def as_block(records: Sequence[Event | Label]) -> Block:
    """The records as the columns of a journal's history."""
    fields = [record.fields if isinstance(record, Event) else record.keys for record in records]
    columns: dict[str, Column] = {}
    for name in ("customer", "device", "ip", "payee"):
        texts = sorted({str(one[name]) for one in fields if name in one})
        codes = [texts.index(str(one[name])) if name in one else -1 for one in fields]
        columns[name] = TextColumn(np.array(codes, np.int64), texts)
    columns["items"] = IntColumn(np.array([one.get("items", MISSING) for one in fields], np.int64))
    kinds = [TYPES.index(one.type if isinstance(one, Event) else f"label.{one.label}") for one in records]
    times = [one.event_time if isinstance(one, Event) else one.label_time for one in records]
    received = [one.received_at for one in records]
    return Block(
        TYPES,
        np.array(kinds, np.int64),
        np.minimum(times, received),
        [one.event_id for one in records],
        columns,
        stated={"event_time": np.array(times, np.int64), "received_at": np.array(received, np.int64)},
    )
