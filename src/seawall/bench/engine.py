"""`engine`: live decisions in process, start, change of a rule."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from seawall.engine.errors import SeawallError
from seawall.engine.modules import default_cache
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy

from .content import FORTY, pack, policy
from .figure import Figure, Stopwatch, median
from .live import Service
from .stream import bodies, make_stream

EVENTS = 200_000  # half of them before the watch starts
BATCH = 64
_STARTS = 3


def figures(events: int = EVENTS, repeats: int = 5, cache_dir: Path | None = None) -> list[Figure]:
    """`decide_single` and `decide_batch64` in decisions/s, `warm_start` in s, `rule_change_active` in ms.

    The first half of the events fills the state; the rest is decided in 2 * `repeats` parts, by turns one by one and 64
    at a time; each figure is the median of its parts, so that garbage collection counts.
    """
    cache_dir = cache_dir or default_cache()
    content, stream = pack(FORTY), make_stream(events)
    service = Service(policy(FORTY), cache_dir)
    middle = events // 2
    for start in range(0, middle, BATCH):
        service.decide(bodies(stream, content, start, min(start + BATCH, middle)))
    size = max(1, (events - middle) // (2 * repeats))
    rates: dict[int, list[float]] = {1: [], BATCH: []}
    for part in range(2 * repeats):
        batch = (1, BATCH)[part % 2]
        sent = bodies(stream, content, middle + part * size, middle + (part + 1) * size)
        rates[batch].append(size / max(_timed(service, sent, batch), 1e-9))
    sample = bodies(stream, content, 0, 1)[0]
    return [
        Figure("decide_single", round(median(rates[1]), 1), "decisions/s"),
        Figure("decide_batch64", round(median(rates[BATCH]), 1), "decisions/s"),
        Figure("warm_start", round(_warm_start(sample, cache_dir), 3), "s"),
        Figure("rule_change_active", round(median([_rule_change(service, i) for i in range(repeats)]), 2), "ms"),
    ]


def _timed(service: Service, sent: list[bytes], batch: int) -> float:
    watch = Stopwatch()
    with watch.running():
        for start in range(0, len(sent), batch):
            service.decide(sent[start : start + batch])
    return watch.seconds


def _warm_start(body: bytes, cache_dir: Path) -> float:
    """Best of a few, by the clock on the wall: from the start of a process to the end of its first decision."""
    command = [sys.executable, "-m", "seawall.bench.start", str(FORTY), str(cache_dir)]
    spent = []
    for _ in range(_STARTS):
        began = perf_counter()
        done = subprocess.run(command, input=body, capture_output=True, check=False)  # noqa: S603 - our own module
        spent.append(perf_counter() - began)
        if done.returncode:
            last = (done.stderr.decode(errors="replace").splitlines() or ["no message"])[-1]
            raise SeawallError(f"a fresh process failed to decide: {last}; run `seawall doctor`")
    return min(spent)


def _rule_change(service: Service, number: int) -> float:
    """Milliseconds from files on disk in which one rule has changed to that rule deciding."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pack"
        shutil.copytree(FORTY, folder)
        rules = folder / "rules.yaml"
        text = rules.read_text(encoding="utf-8")
        changed = text.replace("account_count_1m >= 3", f"account_count_1m >= {number + 4}")
        assert changed != text, "the rule that changes is in the pack"
        rules.write_text(changed, encoding="utf-8")
        began = perf_counter()
        service.engine.activate(compile_policy(load_pack(folder)))
        return (perf_counter() - began) * 1000
