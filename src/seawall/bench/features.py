"""`features`: ten exact features over history in memory, against polars and DuckDB on the same events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from seawall.engine.engine import Engine
from seawall.engine.errors import SeawallError
from seawall.engine.modules import default_cache
from seawall.engine.pack.model import Pack

from .content import TEN, pack, policy
from .figure import Figure, Peer, Rate, Stopwatch, against_all, best_rate
from .peers.windows import Job, Values, duckdb_job, polars_job
from .stream import Stream, blocks, make_stream

EVENTS = 1_000_000
_TOLERANCE = 1e-9
_JOBS: dict[str, Callable[[Stream, Pack], Job | None]] = {"polars": polars_job, "duckdb": duckdb_job}


def figures(events: int = EVENTS, repeats: int = 3, cache_dir: Path | None = None) -> list[Figure]:
    """`features_10_replay`, events/s through Engine.step_block with the feature vectors, and against each peer.

    Best of `repeats`, ours and theirs. SeawallError where a peer's values are not ours.
    """
    content = pack(TEN)
    stream = make_stream(events)
    ours: Values = {name: np.empty(events) for name in policy(TEN).feature_names}
    _run(stream, cache_dir, ours)
    rate = best_rate(events, [lambda: _run(stream, cache_dir)] * repeats)
    peers = {short: _peer(make(stream, content), ours, events, repeats) for short, make in _JOBS.items()}
    return against_all("features_10_replay", rate, "events/s", peers)


def _run(stream: Stream, cache_dir: Path | None, keep: Values | None = None) -> float:
    """Processor seconds of one pass; the values go into `keep`."""
    engine = Engine(policy(TEN), cache_dir or default_cache())
    watch = Stopwatch()
    done = 0
    for block in blocks(stream, pack(TEN)):
        with watch.running():
            decided = engine.step_block(block)
        if keep is not None:
            for index, name in enumerate(decided.feature_names):
                keep[name][done : done + len(block)] = decided.features[:, index]
        done += len(block)
    return watch.seconds


def _peer(job: Job | None, ours: Values, events: int, repeats: int) -> Peer | None:
    if job is None:
        return None
    name, run, values = job
    _same(name, values(run()), ours)

    def timed() -> float:
        watch = Stopwatch()
        with watch.running():
            run()
        return watch.seconds

    rate: Rate = best_rate(events, [timed] * repeats)
    return Peer(name, rate)


def _same(peer: str, theirs: Values, ours: Values) -> None:
    for name, values in ours.items():
        off = np.flatnonzero(~np.isclose(theirs[name], values, rtol=_TOLERANCE, atol=0.0))
        if len(off):
            at = int(off[0])
            difference = f"{peer} has {theirs[name][at]} for {name} of event {at}, we have {values[at]}"
            raise SeawallError(f"{difference}: not measured; report this")
