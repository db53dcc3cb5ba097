"""`replay`: forty features and thirty rules over history in memory, without and with content_hash."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seawall.engine.engine import Engine
from seawall.engine.modules import default_cache

from .content import FORTY, pack, policy
from .figure import Figure, Stopwatch, best_rate
from .stream import Stream, blocks, make_stream

EVENTS = 1_000_000


def figures(events: int = EVENTS, repeats: int = 3, cache_dir: Path | None = None) -> list[Figure]:
    """`features_40_replay` and `replay_hashed` in events/s (best of `repeats`), and the bytes of state they leave."""
    stream = make_stream(events)
    engine = Engine(policy(FORTY), cache_dir or default_cache())
    _run(engine, stream, hashes=False)  # compiles what is not in the cache, and leaves the state to be weighed
    state = _state(engine, stream)
    plain = best_rate(events, [lambda: _run(_fresh(cache_dir), stream, hashes=False)] * repeats)
    hashed = best_rate(events, [lambda: _run(_fresh(cache_dir), stream, hashes=True)] * repeats)
    return [
        Figure("features_40_replay", round(plain, 1), "events/s"),
        Figure("replay_hashed", round(hashed, 1), "events/s"),
        *state,
    ]


def _fresh(cache_dir: Path | None) -> Engine:
    return Engine(policy(FORTY), cache_dir or default_cache())


def _run(engine: Engine, stream: Stream, hashes: bool) -> float:
    """Processor seconds of one pass; making the blocks, a reader's work, is left out."""
    watch = Stopwatch()
    for block in blocks(stream, pack(FORTY)):
        with watch.running():
            engine.step_block(block, hashes=hashes, features=hashes)
    return watch.seconds


def _state(engine: Engine, stream: Stream) -> list[Figure]:
    """Bytes an event, and an entity-event: an event that the longest window of one of its entities still holds.

    `state_bytes_*`: nodes, set entries and entity records in use; `state_nodes_*`: without the records;
    `state_held_*`: all memory held, room to grow included.
    """
    plan, arena = engine.policy.plan, engine.state.arena
    assert not any(table.composite for table in plan.tables), "the pack's entities are single keys"
    entities = [len(engine.state.spaces[table.space].ids) for table in plan.tables]
    records = sum(8 * table.words * count for table, count in zip(plan.tables, entities, strict=True))
    used = arena.bytes_used() + records
    now = int(stream.times[-1])
    longest = [max(chain.windows[-1] for chain in table.chains) for table in plan.tables]
    live = sum(int(np.count_nonzero(stream.times > now - window)) for window in longest)
    return [
        Figure("state_bytes_per_event", round(used / len(stream), 1), "bytes"),
        Figure("state_bytes_per_entity_event", round(used / live, 1), "bytes"),
        Figure("state_nodes_per_entity_event", round(arena.bytes_used() / live, 1), "bytes"),
        Figure("state_held_per_event", round(arena.bytes_held() / len(stream), 1), "bytes"),
    ]
