"""An engine's whole state as bytes, and back: arenas, clock, sequence, lists, event ids, the identity of the features.

Layout: magic line, 8-byte little-endian length of the head, the head (MessagePack), the buffers one after another,
SHA-256 of all that stands before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .engine import Engine
from .errors import StateError
from .feature.state import FeatureState, Key
from .identity import Recall, StoredIds
from .lists import ListEntry
from .policy import CompiledPolicy
from .settings import Kept

_MAGIC = b"seawall-snapshot-2\n"


class _Space(msgspec.Struct):
    values: list[Key | None]
    free: list[int]


class _State(msgspec.Struct):
    spaces: list[_Space]
    cursors: list[int]
    since_sweep: int


class _Head(msgspec.Struct):
    signature: str
    policy: str
    content_hash: str
    clock_ms: int
    sequence: int
    lists: list[ListEntry]
    ids: StoredIds
    state: _State
    buffers: list[tuple[str, int]]
    settings: list[Kept] = []  # not in snapshots of older versions


def dump(engine: Engine) -> bytes:
    """The engine's state as one self-checking piece."""
    return b"".join(dump_parts(engine))


def dump_parts(engine: Engine) -> Iterator[bytes | memoryview]:
    """The same piece by piece, so that a large state need not be held twice."""
    meta, buffers = engine.state.dump()
    head = msgspec.msgpack.encode(
        _Head(
            signature=FeatureState.signature(engine.policy.plan),
            policy=engine.policy.label,
            content_hash=engine.policy.pack.content_hash,
            clock_ms=engine.clock_ms,
            sequence=engine.sequence,
            lists=list(engine.lists),
            ids=engine.ids.dump(),
            state=msgspec.convert(meta, _State),
            buffers=[(name, buffer.nbytes) for name, buffer in buffers.items()],
            settings=list(engine.settings),
        )
    )
    digest = hashlib.sha256()
    arrays: list[Any] = [np.ascontiguousarray(one).reshape(-1).view(np.uint8).data for one in buffers.values()]
    for part in [_MAGIC, len(head).to_bytes(8, "little"), head, *arrays]:
        digest.update(part)
        yield part
    yield digest.digest()


def restore(
    policy: CompiledPolicy, data: bytes | memoryview, cache_dir: Path | None = None, recall: Recall | None = None
) -> Engine:
    """An engine as it was at `dump`, under a policy with the same features. StateError where the bytes are damaged or
    were taken under other features (then the state must be rebuilt from the journal)."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise StateError("this is not a snapshot of this version; rebuild the state from the journal")
    data = memoryview(data)
    if len(data) < len(_MAGIC) + 40 or hashlib.sha256(data[:-32]).digest() != data[-32:]:
        raise StateError("the snapshot is damaged (its checksum differs); rebuild the state from the journal")
    start = len(_MAGIC) + 8
    length = int.from_bytes(data[len(_MAGIC) : start], "little")
    head = msgspec.msgpack.decode(data[start : start + length], type=_Head)
    if head.signature != FeatureState.signature(policy.plan):
        raise StateError(f"the snapshot holds other features than {policy.label}; rebuild the state from the journal")
    buffers, at = {}, start + length
    for name, size in head.buffers:
        buffers[name] = np.frombuffer(data, np.int64, size // 8, at).copy()
        at += size
    engine = Engine(policy, cache_dir, recall=recall)
    engine.state.load(msgspec.to_builtins(head.state), buffers)
    for entry in head.lists:
        engine.lists.apply(entry)
    for kept in head.settings:
        engine.settings.apply(kept.entry, kept.sequence)
    engine.ids.load(head.ids)
    engine.clock_ms, engine.sequence = head.clock_ms, head.sequence
    return engine
