"""Snapshots of a running engine: written by a forked child, found again at the start, checked against the journal.

File: magic line, 8-byte length of the head, head (MessagePack), the engine's own dump.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from seawall.engine.engine import Engine
from seawall.engine.errors import StateError
from seawall.engine.journal import ActivationRecord, Named
from seawall.engine.snapshot import dump_parts

_MAGIC = b"seawall-home-snapshot-1\n"
_START = len(_MAGIC) + 8
_LARGEST_HEAD = 64 << 20
_KEPT = 2
_STRETCH, _PAUSE = 4 << 20, 0.01  # bytes, seconds
_NICENESS = 15  # a snapshot can wait, decisions cannot
_NAME = "{:020d}.snapshot"


class Activation(NamedTuple):
    """A record from which on these policies ran, as its `ActivationRecord` says; `at` in ms."""

    sequence: int
    policy: str
    digest: str
    at: int
    challenger: Named | None = None
    share: int = 0
    entity: str = ""
    salt: str = ""
    shadows: tuple[Named, ...] = ()
    note: str = ""

    @classmethod
    def of(cls, sequence: int, record: ActivationRecord) -> Activation:
        """The activation that a record states."""
        return cls(sequence, *(getattr(record, name) for name in record.__struct_fields__))

    @property
    def named(self) -> tuple[Named, ...]:
        """Every policy of the deployment, the champion first."""
        beside = (self.challenger,) if self.challenger is not None else ()
        return (Named(self.policy, self.digest), *beside, *self.shadows)


class Head(msgspec.Struct):
    """Where in the journal a snapshot was taken: the newest record, the chain after it, every policy so far."""

    sequence: int
    chain: bytes
    activations: list[Activation]


class Snapshots:
    """The snapshots in one folder, newest first; at most one is being written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child = 0

    def start(self, engine: Engine, head: Head) -> bool:
        """Write a snapshot in a forked child, which sees the state as it is now. False while one is being written."""
        if self.busy():
            return False
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.nice(_NICENESS)
                self.write(engine, head, _PAUSE)
                status = 0
            finally:
                os._exit(status)
        self._child = child
        return True

    def busy(self) -> bool:
        """Whether a child is still writing."""
        if self._child and os.waitpid(self._child, os.WNOHANG)[0]:
            self._child = 0
        return bool(self._child)

    def wait(self) -> None:
        """Until the child has ended."""
        if self._child:
            os.waitpid(self._child, 0)
            self._child = 0

    def write(self, engine: Engine, head: Head, pause: float = 0.0) -> None:
        """Write a snapshot here and now, durably, and remove all but the newest few.

        It goes to the disk by stretches, `pause` seconds apart: the journal's commits wait for no more than one.
        """
        target = self._folder / _NAME.format(head.sequence)
        temporary = self._folder / f"{target.name}.{os.getpid()}"
        encoded = msgspec.msgpack.encode(head)
        try:
            with temporary.open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(_MAGIC + len(encoded).to_bytes(8, "little") + encoded)
                for part in dump_parts(engine):
                    for start in range(0, len(part), _STRETCH):
                        file.write(part[start : start + _STRETCH])
                        file.flush()
                        os.fdatasync(file.fileno())
                        time.sleep(pause)
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        for old in self._paths()[_KEPT:]:
            old.unlink(missing_ok=True)

    def read(self) -> Iterator[tuple[Head, memoryview]]:
        """Heads and dumps, newest first; files that are no snapshots are passed over."""
        for path in self._paths():
            try:
                data = memoryview(path.read_bytes())
                yield _split(data)
            except (OSError, StateError):
                continue

    def heads(self) -> Iterator[Head]:
        """The heads alone, newest first: a few bytes of each file."""
        for path in self._paths():
            try:
                with path.open("rb") as file:
                    start = file.read(_START)
                    length = int.from_bytes(start[len(_MAGIC) :], "little")
                    yield _split(memoryview(start + file.read(min(length, _LARGEST_HEAD))))[0]
            except (OSError, StateError):
                continue

    def clear(self) -> None:
        """Remove what a killed child left half written."""
        for path in self._folder.glob("*.snapshot.*"):
            path.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.snapshot"), reverse=True)


def _split(data: memoryview) -> tuple[Head, memoryview]:
    if data[: len(_MAGIC)] != _MAGIC:
        raise StateError("not a snapshot")
    end = _START + int.from_bytes(data[len(_MAGIC) : _START], "little")
    try:
        return msgspec.msgpack.decode(data[_START:end], type=Head), data[end:]
    except msgspec.MsgspecError:
        raise StateError("not a snapshot") from None
