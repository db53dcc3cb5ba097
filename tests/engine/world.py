"""A seeded stream of admitted records for the `everything` pack, as records and as columns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

from seawall.engine.columns import MISSING, Block, Column, IntColumn, NumberColumn, TextColumn
from seawall.engine.door import ClearSealer, Door, Event, Label
from seawall.engine.engine import Engine, Record
from seawall.engine.lists import ListEntry
from seawall.engine.money import Rates
from seawall.engine.pack import Pack, load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.times import format_instant

PACKS = Path(__file__).parent / "packs"
START = 1_772_000_000_000
MINUTE, DAY = 60_000, 86_400_000


@cache
def pack() -> Pack:
    return load_pack(PACKS / "everything")


def policy() -> CompiledPolicy:
    return compile_policy(pack())


def lists() -> list[Record]:
    """Entries valid for part of the stream only."""
    common = {"reason": "test", "owner": "maker", "approved_by": "checker"}
    return [
        ListEntry(list="trusted", entry_id="t1", key="c1", valid_from=START, valid_until=START + 20 * DAY, **common),
        ListEntry(list="watched", entry_id="w2", key="s1", valid_from=START, valid_until=START + 9 * DAY, **common),
        ListEntry(list="watched", entry_id="w1", key="s1", valid_from=START + 5 * DAY, **common),
        ListEntry(list="denied", entry_id="d1", key="4111110000000002", valid_from=START + 3 * DAY, **common),
    ]


def stream(seed: int, n: int) -> list[Record]:
    """Payments, logins and fraud labels in sequence order, some late, many keys absent."""
    rng = Random(seed)
    clock = [START]
    rates = Rates()
    rates.add("USD", "CNY", START // DAY * DAY - 30 * DAY, Decimal("7.1834"))
    door = Door(pack(), rates, ClearSealer(), lambda: clock[0])
    records: list[Record] = []
    for number in range(n):
        clock[0] += rng.choice((0, 1, 37, 5_000, MINUTE, 11 * MINUTE, rng.randrange(6 * 60 * MINUTE)))
        late = rng.choice((0, 0, 0, 0, 30_000, 90 * MINUTE, 3 * 60 * MINUTE))
        at = format_instant(clock[0] - late)
        lot = rng.random()
        if lot < 0.06:
            body = {"label": "fraud", "event_id": f"e{number}", "label_time": at, "shop": f"s{rng.randrange(4)}"}
            records.append(door.admit_label(body))
            continue
        records.append(door.admit_object(_login(rng, number, at) if lot < 0.2 else _payment(rng, number, at)))
    return records


def _login(rng: Random, number: int, at: str) -> dict[str, object]:
    body: dict[str, object] = {"event_id": f"e{number}", "type": "login", "event_time": at}
    body |= {"customer": f"c{rng.randrange(6)}", "device": f"d{rng.randrange(5)}", "country": rng.choice(("CN", "US"))}
    return _some(rng, body, ("device", "country"))


def _payment(rng: Random, number: int, at: str) -> dict[str, object]:
    body: dict[str, object] = {
        "event_id": f"e{number}",
        "type": "pay",
        "event_time": at,
        "customer": f"c{rng.randrange(6)}",
        "card": rng.choice(("6222020000000000", "4111110000000002", "5500000000000004")),
        "device": f"d{rng.randrange(5)}",
        "shop": f"s{rng.randrange(4)}",
        "amount": rng.choice((0, 1_000, 5_000, rng.randrange(1, 200_000))),
        "currency": rng.choice(("CNY", "CNY", "CNY", "USD")),
        "country": rng.choice(("CN", "CN", "US", "ZA")),
        "home": rng.choice(("CN", "US")),
        "items": rng.randrange(7),
        "weight": rng.choice(("0.55", "2.50", "7.01")),
        "lat": rng.choice((0.0, -0.0, 45.5, 45.6)),
        "gift": rng.random() < 0.3,
        "ordered": format_instant(START - rng.randrange(2 * 60 * MINUTE)),
    }
    optional = ("card", "device", "shop", "country", "home", "items", "weight", "lat", "gift", "ordered")
    return _some(rng, body, optional)


def _some(rng: Random, body: dict[str, object], optional: Sequence[str]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in optional or rng.random() > 0.12}


def as_block(records: Sequence[Event | Label]) -> Block:
    """The records as a file reader would hand them over."""
    names = ["pay", "login", "label.fraud"]
    fields = [record.fields if isinstance(record, Event) else record.keys for record in records]
    kinds = [record.type if isinstance(record, Event) else f"label.{record.label}" for record in records]
    columns: dict[str, Column] = {}
    for name in sorted({name for one in fields for name in one}):
        values = [one.get(name) for one in fields]
        present = [value for value in values if value is not None]
        if isinstance(present[0], str):
            texts = sorted({str(value) for value in present})
            codes = [-1 if value is None else texts.index(value) for value in values]
            columns[name] = TextColumn(np.array(codes, np.int64), texts)
        elif isinstance(present[0], float):
            columns[name] = NumberColumn(np.array([np.nan if v is None else v for v in values], np.float64))
        else:
            columns[name] = IntColumn(np.array([MISSING if v is None else int(v) for v in values], np.int64))
    times = [record.event_time if isinstance(record, Event) else record.label_time for record in records]
    ids = [record.event_id for record in records]
    types = np.array([names.index(kind) for kind in kinds], np.int64)
    return Block(names, types, np.array(times, np.int64), ids, columns)


def decide(engine: Engine, records: Sequence[Record], split: int) -> list[str]:
    """content_hash of every decision, taking `split` records at a time."""
    hashes = []
    for start in range(0, len(records), split):
        for result in engine.step(records[start : start + split]):
            if result is not None:
                hashes.append(result.content_hash)
    return hashes
