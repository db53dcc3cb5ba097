"""An engine's whole state as bytes, and back: windows, clock, sequence, lists, event ids; or one lane's windows alone.

Layout: magic line, 8-byte little-endian length of the head, the head (MessagePack), the buffers one after another,
SHA-256 of all that stands before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .deployment import Deployment
from .engine import Engine, Position
from .errors import StateError
from .feature.state import Key
from .identity import Recall, StoredIds
from .lane import Lane, windows_of
from .lists import ListEntry
from .policy import CompiledPolicy
from .settings import Kept

_MAGIC = b"seawall-snapshot-3\n"
_NO_IDS = StoredIds([], b"", b"", b"", [])


class _Space(msgspec.Struct):
    values: list[Key | None]
    free: list[int]


class _State(msgspec.Struct):
    spaces: list[_Space]
    cursors: list[int]
    since_sweep: int


class _Lane(msgspec.Struct):
    windows: str
    state: _State
    buffers: list[tuple[str, int]]


class _Head(msgspec.Struct):
    clock_ms: int
    sequence: int
    lists: list[ListEntry]
    ids: StoredIds
    lanes: list[_Lane]
    settings: list[Kept] = []


def dump(engine: Engine) -> bytes:
    """The engine's state as one self-checking piece."""
    return b"".join(dump_parts(engine))


def dump_parts(engine: Engine) -> Iterator[bytes | memoryview]:
    """The same piece by piece, so that a large state need not be held twice. A lane that has failed is left out."""
    head = _Head(engine.clock_ms, engine.sequence, list(engine.lists), engine.ids.dump(), [], list(engine.setting_log))
    return _parts(head, list(engine.lanes.values()))


def dump_lane(lane: Lane, position: Position) -> Iterator[bytes | memoryview]:
    """One lane's windows, and where they stand."""
    return _parts(_Head(position.clock_ms, position.sequence, [], _NO_IDS, []), [lane])


def restore(
    policy: CompiledPolicy | Deployment,
    data: bytes | memoryview,
    cache_dir: Path | None = None,
    recall: Recall | None = None,
) -> Engine:
    """An engine as it was at `dump`, under policies with the same features. StateError where the bytes are damaged or
    were taken under other features (then the state must be rebuilt from the journal)."""
    head, held = _read(data)
    deployment = policy if isinstance(policy, Deployment) else Deployment(policy)
    for one in deployment.policies:
        _held(held, one)
    engine = Engine(deployment, cache_dir, recall=recall)
    for lane in engine.lanes.values():
        state, buffers = held[lane.windows]
        lane.state.load(msgspec.to_builtins(state), buffers)
    engine.lists.declare({entry.list for entry in head.lists})
    for entry in head.lists:
        engine.lists.apply(entry)
    for kept in head.settings:
        engine.setting_log.apply(kept.entry, kept.sequence)
    engine.ids.load(head.ids)
    engine.clock_ms, engine.sequence = head.clock_ms, head.sequence
    return engine


def restore_lane(
    policy: CompiledPolicy, data: bytes | memoryview, cache_dir: Path | None = None
) -> tuple[Lane, Position]:
    """The windows that a policy reads, from an engine's dump or a lane's, and where they stand. StateError as above."""
    head, held = _read(data)
    state, buffers = _held(held, policy)
    lane = Lane(policy, cache_dir)
    lane.state.load(msgspec.to_builtins(state), buffers)
    return lane, Position(head.sequence, head.clock_ms)


def _parts(head: _Head, lanes: Sequence[Lane]) -> Iterator[bytes | memoryview]:
    arrays: list[Any] = []
    for lane in lanes:
        meta, buffers = lane.state.dump()
        sizes = [(name, buffer.nbytes) for name, buffer in buffers.items()]
        head.lanes.append(_Lane(lane.windows, msgspec.convert(meta, _State), sizes))
        arrays += [np.ascontiguousarray(one).reshape(-1).view(np.uint8).data for one in buffers.values()]
    encoded = msgspec.msgpack.encode(head)
    digest = hashlib.sha256()
    parts: list[Any] = [_MAGIC, len(encoded).to_bytes(8, "little"), encoded, *arrays]
    for part in parts:
        digest.update(part)
        yield part
    yield digest.digest()


_Held = dict[str, tuple[_State, dict[str, Any]]]  # windows -> state, buffers still in the data


def _read(data: bytes | memoryview) -> tuple[_Head, _Held]:
    if data[: len(_MAGIC)] != _MAGIC:
        raise StateError("this is not a snapshot of this version; rebuild the state from the journal")
    data = memoryview(data)
    if len(data) < len(_MAGIC) + 40 or hashlib.sha256(data[:-32]).digest() != data[-32:]:
        raise StateError("the snapshot is damaged (its checksum differs); rebuild the state from the journal")
    start = len(_MAGIC) + 8
    length = int.from_bytes(data[len(_MAGIC) : start], "little")
    head = msgspec.msgpack.decode(data[start : start + length], type=_Head)
    held: _Held = {}
    at = start + length
    for lane in head.lanes:
        buffers = {}
        for name, size in lane.buffers:
            buffers[name] = np.frombuffer(data, np.int64, size // 8, at)
            at += size
        held[lane.windows] = lane.state, buffers
    return head, held


def _held(held: _Held, policy: CompiledPolicy) -> tuple[_State, dict[str, Any]]:
    found = held.get(windows_of(policy))
    if found is None:
        raise StateError(f"the snapshot holds other features than {policy.label}; rebuild the state from the journal")
    return found
