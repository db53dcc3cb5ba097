"""A seeded stream of payments over 30 days: few busy entities, many idle ones, habits that bind them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from seawall.engine.columns import Block, Column, IntColumn, TextColumn
from seawall.engine.pack.model import Pack
from seawall.engine.times import DAY, format_instant

Ints = npt.NDArray[np.int64]
START = 1_767_225_600_000  # 2026-01-01
DAYS = 30
SEED = 20_260_101
BLOCK_ROWS = 65_536
CODES = {"channel": ("app", "web", "pos", "atm"), "country": ("CN", "HK", "US", "GB", "RU", "NG")}
_CODE_SHARES = {"channel": (0.5, 0.25, 0.2, 0.05), "country": (0.9, 0.04, 0.03, 0.015, 0.01, 0.005)}
_PER_EVENT = {"account": 0.1, "card": 0.125, "device": 0.075, "ip": 0.05, "merchant": 0.005, "payee": 0.05}
_FEWEST = 100


@dataclass(frozen=True, slots=True)
class Stream:
    """n payments in time order: times in ms, strictly rising; key and code numbers; amounts in minor units."""

    times: Ints
    keys: dict[str, Ints]
    codes: dict[str, Ints]
    amounts: Ints

    def __len__(self) -> int:
        return len(self.times)


def make_stream(events: int, seed: int = SEED) -> Stream:
    """The same stream for the same arguments."""
    rng = np.random.default_rng(seed)
    sizes = {name: max(_FEWEST, int(share * events)) for name, share in _PER_EVENT.items()}
    passed = np.cumsum(rng.exponential(1.0, events))
    room = DAYS * DAY - events
    times = START + (passed / passed[-1] * room).astype(np.int64) + np.arange(events)
    account = _zipf(rng, events, sizes["account"], 0.9)
    habit = rng.random(events)

    def usual(name: str, share: float, own: Ints, other: Ints) -> Ints:
        return np.where(habit < share, own % sizes[name], other)

    keys = {
        "account": account,
        "card": usual("card", 0.95, account * 7 + rng.integers(0, 2, events), rng.integers(0, sizes["card"], events)),
        "device": usual(
            "device", 0.9, account * 3 + rng.integers(0, 3, events) // 2, rng.integers(0, sizes["device"], events)
        ),
        "ip": usual("ip", 0.7, account * 5 + rng.integers(0, 4, events), _zipf(rng, events, sizes["ip"], 1.0)),
        "merchant": _zipf(rng, events, sizes["merchant"], 1.1),
        "payee": _zipf(rng, events, sizes["payee"], 0.8),
    }
    codes = {name: rng.choice(len(CODES[name]), events, p=shares) for name, shares in _CODE_SHARES.items()}
    amounts = np.maximum(1, rng.lognormal(8.5, 1.4, events)).astype(np.int64)
    return Stream(times, keys, {name: code.astype(np.int64) for name, code in codes.items()}, amounts)


def blocks(stream: Stream, pack: Pack, rows: int = BLOCK_ROWS) -> Iterator[Block]:
    """The stream as columns in memory have it: every key column dictionary-encoded once, as Arrow does."""
    fields = pack.events["payment"].fields
    coded = {name: _coded(name, numbers) for name, numbers in stream.keys.items() if name in fields}
    for low in range(0, len(stream), rows):
        part = slice(low, min(low + rows, len(stream)))
        n = part.stop - low
        amounts = IntColumn(stream.amounts[part])
        columns: dict[str, Column] = {"amount": amounts, "base_amount": amounts}
        columns["currency"] = TextColumn(np.zeros(n, np.int64), ["CNY"])
        for name, (codes, texts) in coded.items():
            columns[name] = TextColumn(codes[part], texts)
        for name, codes in stream.codes.items():
            if name in fields:
                columns[name] = TextColumn(codes[part], list(CODES[name]))
        yield Block(["payment"], np.zeros(n, np.int64), stream.times[part], event_ids(low, part.stop), columns)


def _coded(name: str, numbers: Ints) -> tuple[Ints, list[str]]:
    distinct, codes = np.unique(numbers, return_inverse=True)
    return codes.astype(np.int64), [key(name, number) for number in distinct.tolist()]


def bodies(stream: Stream, pack: Pack, start: int, stop: int) -> list[bytes]:
    """The same events as callers send them: JSON."""
    fields = pack.events["payment"].fields
    names = [name for name in stream.keys if name in fields]
    codes = [name for name in stream.codes if name in fields]
    sent = []
    for event_id, at in zip(event_ids(start, stop), range(start, stop), strict=True):
        body: dict[str, object] = {"event_id": event_id, "type": "payment"}
        body["event_time"] = format_instant(int(stream.times[at]))
        body |= {name: key(name, int(stream.keys[name][at])) for name in names}
        body |= {"amount": int(stream.amounts[at]), "currency": "CNY"}
        body |= {name: CODES[name][stream.codes[name][at]] for name in codes}
        sent.append(msgspec.json.encode(body))
    return sent


def event_ids(start: int, stop: int) -> Sequence[str]:
    return [f"event-{number:010d}" for number in range(start, stop)]


def key(name: str, number: int) -> str:
    return f"{name}-{number:08d}"


def _zipf(rng: np.random.Generator, events: int, size: int, exponent: float) -> Ints:
    """Numbers below `size`, some far more often than others."""
    weights = np.cumsum(np.arange(1, size + 1) ** -exponent)
    ranks = np.searchsorted(weights / weights[-1], rng.random(events))
    return rng.permutation(size)[np.minimum(ranks, size - 1)].astype(np.int64)
