"""What can be audited: a ledger as rows to read once, whether they come from its file or from an export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seawall.ledger.ledger import note_text
from seawall.ledger.store import Store


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as stored: whatever bytes lie where its canonical bytes and its hash should be."""

    index: int
    body: bytes
    hash: bytes


class StoredCheckpoint(NamedTuple):
    """A checkpoint as stored. `size`: what the store filed it under, if it does; `outside`: kept by somebody else."""

    label: str
    note: str
    size: int | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A ledger to audit. `nodes`: (position, hash) of the stored subtrees, None where none are stored."""

    origin: str
    rows: Iterator[Row]
    nodes: Iterator[tuple[int, bytes]] | None
    checkpoints: list[StoredCheckpoint]


@contextmanager
def store_source(path: Path) -> Iterator[Source]:
    """The file of a ledger, as it is at this instant, whoever writes meanwhile."""
    store = Store(path, read_only=True)
    try:
        with store.snapshot():
            yield Source(store.origin, _rows(store), _nodes(store), _checkpoints(store))
    finally:
        store.close()


def _rows(store: Store) -> Iterator[Row]:
    for index, body, hashed in store.stream("SELECT idx, body, hash FROM entries ORDER BY idx"):
        yield Row(index, _bytes(body), _bytes(hashed))


def _nodes(store: Store) -> Iterator[tuple[int, bytes]]:
    for position, hashed in store.stream("SELECT position, hash FROM nodes ORDER BY position"):
        yield position, _bytes(hashed)


def _checkpoints(store: Store) -> list[StoredCheckpoint]:
    lines: dict[Any, list[Any]] = {}
    for checkpoint, line in store.stream("SELECT checkpoint, line FROM signatures ORDER BY number"):
        lines.setdefault(checkpoint, []).append(line)
    found: list[StoredCheckpoint] = []
    expected = 1
    for number, size, text in store.stream("SELECT number, size, text FROM checkpoints ORDER BY number"):
        if expected < number:
            found.append(StoredCheckpoint(f"checkpoint {expected}", ""))  # a hole: an empty note says it is missing
        found.append(StoredCheckpoint(f"checkpoint {number}", note_text(text, lines.get(number, ())), size))
        expected = number + 1
    return found


def _bytes(stored: object) -> bytes:
    return stored if isinstance(stored, bytes) else repr(stored).encode()
