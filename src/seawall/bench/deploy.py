"""`deploy`: how soon a changed policy decides, and what those who are being decided meanwhile notice."""

from __future__ import annotations

import asyncio
import json
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

from seawall.engine.journal import pack_bundle
from seawall.sealing import OpenKeyWarning
from seawall.server.decided import Decided
from seawall.server.deploying import Wanted
from seawall.server.home import Home
from seawall.server.service import Service

from .content import FORTY, pack
from .figure import Figure, median
from .stream import Stream, bodies, make_stream

EVENTS = 50_000
RULES, FEATURES = 200, 100
_CALLERS = 16
_BATCH = 500


def figures(events: int = EVENTS, repeats: int = 7, cache_dir: Path | None = None) -> list[Figure]:
    """200 rules and 100 features, `events` journaled, 16 callers one event after the other; medians of `repeats`.

    `deploy_check`: a bundle read, checked and kept. `deploy_same`: from the wish to its durable record, windows as they
    were. `deploy_first_decision`: from the wish to the first answer of the new policy. `deploy_slowest_answer`: the
    slowest answer around it. `deploy_warm`, `deploy_warm_slowest_answer`: the same with one window changed, which a
    process of its own builds from the journal.
    """
    stream = make_stream(2 * events)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OpenKeyWarning)
            service = Service(home, home.key_ring()[0])
        service.open(bundle(1))
        return asyncio.run(_measured(service, stream, events, repeats))


def bundle(version: int, minutes: int = 59) -> bytes:
    """Version `version` of a pack with 200 rules, whose thresholds it raises, and 100 features, one of `minutes`."""
    files = {path.name: path.read_bytes() for path in FORTY.iterdir() if path.suffix == ".yaml"}
    lasts = [*range(2, 2 + FEATURES - 40 - 1), 1_000 + minutes]
    features = [
        {
            "name": f"account_count_{number}x", "version": 1, "entity": "account", "on": ["payment"], "agg": "count",
            "window": {"last": f"{last % 1_000}m"}, "resolution": "exact", "default": 0,
            "title": {"zh": "笔数", "en": "Payments"},
        }
        for number, last in enumerate(lasts)
    ]  # fmt: skip
    rules = [
        {
            "id": f"extra_{number}", "when": f"account_count_{number % len(lasts)}x >= {3 + number + version}",
            "score": 5, "severity": "low", "reason": "EXTRA", "title": {"zh": "高频", "en": "Burst"},
        }
        for number in range(RULES - 30)
    ]  # fmt: skip
    files["features.yaml"] += _lines(features)
    files["rules.yaml"] += _lines(rules)
    files["policy.yaml"] = files["policy.yaml"].replace(b"version: 1", b"version: %d" % version)
    return pack_bundle(files)


def _lines(items: list[dict[str, Any]]) -> bytes:
    return "".join(f"  - {json.dumps(item, ensure_ascii=False)}\n" for item in items).encode()


async def _measured(service: Service, stream: Stream, events: int, repeats: int) -> list[Figure]:
    await service.start()
    content = pack(FORTY)
    for start in range(0, events, _BATCH):
        await service.decide_many(bodies(stream, content, start, min(start + _BATCH, events)))
    callers = _Callers(service, lambda number: bodies(stream, content, number, number + 1)[0], events, 2 * events)
    running = asyncio.gather(*[callers.run() for _ in range(_CALLERS)])
    checks, switches, firsts, slowest = [], [], [], []
    for number in range(repeats):
        began = perf_counter()
        filed = await service.file_bundle(bundle(2 + number))
        checks.append(perf_counter() - began)
        await asyncio.sleep(0.2)
        callers.begin()
        began = perf_counter()
        await service.deploy(Wanted(filed.digest))
        switches.append(perf_counter() - began)
        firsts.append(await callers.first_of(filed.policy.label) - began)
        slowest.append(callers.slowest)
    filed = await service.file_bundle(bundle(2 + repeats, minutes=58))
    callers.begin()
    began = perf_counter()
    while (await service.deploy(Wanted(filed.digest))).sequence is None:
        await asyncio.sleep(0.01)
    warm, warm_slowest = perf_counter() - began, callers.slowest
    callers.stop = True
    await running
    await service.stop()
    return [
        Figure("deploy_check", round(1_000 * median(checks), 1), "ms"),
        Figure("deploy_same", round(1_000 * median(switches), 2), "ms"),
        Figure("deploy_first_decision", round(1_000 * median(firsts), 2), "ms"),
        Figure("deploy_slowest_answer", round(1_000 * median(slowest), 1), "ms"),
        Figure("deploy_warm", round(warm, 2), "s"),
        Figure("deploy_warm_slowest_answer", round(1_000 * warm_slowest, 1), "ms"),
    ]


class _Callers:
    """Callers that send the numbered events of a stream one after the other, as long as there are some."""

    def __init__(self, service: Service, body: Callable[[int], bytes], start: int, stop: int) -> None:
        self.slowest = 0.0
        self.stop = False
        self._service, self._body, self._numbers = service, body, iter(range(start, stop))
        self._firsts: dict[str, float] = {}

    def begin(self) -> None:
        """From here on, the slowest."""
        self.slowest = 0.0

    async def run(self) -> None:
        """One caller."""
        with suppress(StopIteration):
            while not self.stop:
                body = self._body(next(self._numbers))
                began = perf_counter()
                decided: Decided = await self._service.decide(body)
                now = perf_counter()
                self.slowest = max(self.slowest, now - began)
                self._firsts.setdefault(decided.decision.policy, now)

    async def first_of(self, policy: str) -> float:
        """When the first answer of this policy came."""
        while policy not in self._firsts:
            await asyncio.sleep(0.001)
        return self._firsts[policy]
