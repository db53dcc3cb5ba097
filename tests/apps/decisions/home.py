"""A live home with the payments pack and a small story, made once a process."""

from __future__ import annotations

import asyncio
import json
import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import seawall
from seawall.engine.pack import load_pack
from seawall.server.home import Home
from seawall.server.packs import bundle_of
from seawall.server.service import Service

PACK = Path(seawall.__file__).parent / "packs" / "payments"
VERSION = load_pack(PACK).policy.version  # that the story's home runs
LABEL = f"payments@{VERSION}"
NOW = 1_795_000_000_000  # 2026-11-18T18:26:40Z
_kept: list[TemporaryDirectory[str]] = []


def card(number: int, at: int, **changed: Any) -> bytes:
    """A card payment; `at` in seconds before NOW."""
    return _event(number, at, "payment.card", {
        "card": "6222020000000001", "merchant": "m1", "device": "d1", "ip": "10.0.0.1", "ip_country": "CN",
        "amount": 10_000, "currency": "CNY", "merchant_country": "CN", "channel": "online", **changed,
    })  # fmt: skip


def transfer(number: int, at: int, **changed: Any) -> bytes:
    """A transfer with a sealed payee and memo."""
    return _event(number, at, "payment.transfer", {
        "account": "a1", "counterparty": "p1", "device": "d1", "amount": 500_000, "currency": "CNY", "direction": "out",
        "payee_name": "张三丰", "memo": "rent for May", **changed,
    })  # fmt: skip


def _event(number: int, at: int, kind: str, fields: dict[str, Any]) -> bytes:
    from seawall.engine.times import format_instant

    body = {"event_id": f"e-{number}", "type": kind, "event_time": format_instant(NOW - at * 1_000), "customer": "c1"}
    return json.dumps(body | fields).encode()


class Live:
    """A service that takes one thing after another."""

    def __init__(self, folder: Path, bundle: bytes | None = None) -> None:
        self.home, self.bundle = Home(folder).prepare(), bundle

    def feed(self, *bodies: bytes, label: bytes | None = None, entry: tuple[str, dict[str, Any]] | None = None,
             erase: str = "", activate: bytes | None = None) -> None:  # fmt: skip
        """Decide events, then a label, a list entry, an erasure, an activation."""
        asyncio.run(self._feed(bodies, label, entry, erase, activate))

    def feed_one_by_one(self, *bodies: bytes) -> None:
        """Decide events so that each is a batch of the journal by itself."""
        asyncio.run(self._feed((), None, None, "", None, bodies))

    async def _feed(self, bodies: Any, label: Any, entry: Any, erase: str, activate: Any,
                    single: tuple[bytes, ...] = ()) -> None:  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ring, _new = self.home.key_ring()
        service = Service(self.home, ring, clock=lambda: NOW)
        service.open(self.bundle or bundle_of(PACK, load_pack(PACK)) if service.journal.last < 0 else None)
        if activate:
            service.activate(activate)
        await service.start()
        for done in await service.decide_many(list(bodies)):
            if isinstance(done, Exception):
                raise done
        for body in single:
            await service.decide(body)
        if label:
            await service.label(label)
        if entry:
            await service.list_entry(entry[0], json.dumps(entry[1]).encode())
        if erase:
            await service.erase(erase)
        await service.stop()


@cache
def story() -> Home:
    """Ten quiet payments, five in a burst by another customer with one card, a transfer with sealed fields, a label."""
    folder = TemporaryDirectory(prefix="seawall-decisions-")
    _kept.append(folder)
    live = Live(Path(folder.name))
    quiet = [card(n, 900_000 - 60_000 * n, amount=10_000 + n) for n in range(10)]
    burst = [card(10 + n, 1_000 - n, customer="c2", card="6222020000000002", device="d2") for n in range(8)]
    live.feed(
        *quiet, *burst, transfer(20, 500), transfer(21, 400, customer="c3", payee_name="李四"),
        label=json.dumps({"label": "fraud", "event_id": "e-17"}).encode(),
        entry=("blocked_devices", {"entry_id": "b1", "key": "d2", "reason": "stolen", "owner": "ana",
                                   "valid_from": "2026-01-01T00:00:00.000Z"}),
    )  # fmt: skip
    live.feed(card(22, 300, customer="c2", device="d2"), erase="c3")
    return live.home
