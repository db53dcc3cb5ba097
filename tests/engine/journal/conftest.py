"""Journals to read, break and mend."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from seawall.engine.journal import Journal, Kind, Record

Payloads = Sequence[tuple[int, bytes]]


def payload(number: int, size: int = 40) -> bytes:
    """Says its own number, so that a record in the wrong place is seen."""
    return (b"record %d " % number).ljust(size, b".")


def batch(first: int, count: int, size: int = 40) -> list[tuple[int, bytes]]:
    return [(Kind.EVENT, payload(first + index, size)) for index in range(count)]


def fill(journal: Journal, batches: int, seed: int = 1) -> None:
    """Batches of 1 to 9 records, some of them larger than a page of the file."""
    draw = random.Random(seed)
    for _ in range(batches):
        size = draw.choice((30, 300, 300, 3_000))
        journal.append(batch(journal.last + 1, draw.randint(1, 9), size))


def copy(path: Path, folder: Path) -> Path:
    """The journal's files as a crash would leave them: without what SQLite shares between processes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for suffix in ("", "-wal"):
        if (file := path.with_name(path.name + suffix)).exists():
            shutil.copy(file, folder)
    shutil.copy(path.with_suffix(".head"), folder)
    return folder / path.name


def flip(file: Path, at: int, mask: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= mask
    file.write_bytes(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "journal.db"


@pytest.fixture
def filled(path: Path) -> tuple[Path, list[Record]]:
    """A closed journal of some fifty batches and a bundle, and its records."""
    with Journal(path) as journal:
        journal.put_bundle(b"a policy" * 4_000)
        fill(journal, 50)
        return path, list(journal.read())
