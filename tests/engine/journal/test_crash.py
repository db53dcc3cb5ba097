"""The writer dies at any instant; the disk refuses. What was acknowledged is there, what was not leaves no trace."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import sqlite3
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from seawall.engine.journal import Journal, JournalError, Kind

from .conftest import batch, payload

FORK = multiprocessing.get_context("fork")  # a child that need not load everything again


def append_for_ever(path: Path, seed: int, acknowledged: int) -> None:
    draw = random.Random(seed)
    with Journal(path) as journal:
        while True:
            last = journal.append(batch(journal.last + 1, draw.randint(1, 20), draw.choice((50, 50, 2_000))))
            os.write(acknowledged, b"%d\n" % last)


def killed_writer(path: Path, seed: int, seconds: float) -> list[int]:
    """The numbers that a writer acknowledged before it was killed."""
    reads, writes = os.pipe()
    child = FORK.Process(target=append_for_ever, args=(path, seed, writes))
    child.start()
    os.close(writes)
    with os.fdopen(reads, "rb") as said:
        first = said.readline()  # however slow the machine, there is something to lose
        time.sleep(seconds)
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        return [int(line) for line in (first + said.read()).split()]


@pytest.mark.parametrize("seed", range(8))
def test_a_killed_writer_loses_nothing_it_acknowledged(path: Path, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(2):
        acknowledged = killed_writer(path, draw.randrange(1_000), draw.uniform(0, 0.15))
        with Journal(path) as journal:
            assert journal.last >= acknowledged[-1]
            assert journal.verify().problem is None
            for record in journal.read():
                assert record.payload.rstrip(b".") == payload(record.sequence, 0)


def meet_a_full_disk(path: Path, room: int, said: Connection) -> None:
    with Journal(path) as journal:
        journal.append(batch(0, 20, 5_000))
        before, refused = journal.tip, []
        log = path.with_name(f"{path.name}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (log + room, resource.RLIM_INFINITY))
        for attempt in (lambda: journal.append(batch(20, 40, 5_000)), lambda: journal.put_bundle(bytes(300_000))) * 3:
            try:
                attempt()
            except JournalError as error:
                refused.append(str(error))
        unchanged = journal.tip == before and len(list(journal.read())) == 20 and journal.verify().problem is None
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        said.send((refused, unchanged, journal.append(batch(20, 40, 5_000))))


@pytest.mark.parametrize("room", [0, 40_000, 150_000])
def test_a_full_disk_refuses_a_batch_and_takes_it_later(path: Path, room: int) -> None:
    hears, says = FORK.Pipe(duplex=False)
    child = FORK.Process(target=meet_a_full_disk, args=(path, room, says))
    child.start()
    says.close()
    heard: Any = hears.recv()
    child.join()
    refused, unchanged, last = heard
    assert len(refused) == 6
    assert all("cannot be written: " in one and "check the disk, its free space" in one for one in refused)
    assert (unchanged, last, child.exitcode) == (True, 59, 0)
    with Journal(path) as journal:
        assert [one.payload for one in journal.read()] == [payload(number, 5_000) for number in range(60)]
        assert journal.verify().problem is None


def test_a_locked_database_refuses_a_batch_and_takes_it_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some other program holds the file's own lock: no damage, and nothing half done."""
    monkeypatch.setattr("seawall.engine.journal.file.BUSY_MS", 10)
    with Journal(path) as journal:
        journal.append(batch(0, 2))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="cannot be written: database is locked"):
            journal.append(batch(2, 1))
        assert journal.last == 1
        other.execute("ROLLBACK")
        other.close()
        assert journal.append([(Kind.LABEL, b"")]) == 2
