"""`journal`: durable records, closed loop, against a row a record in SQLite and a bare synced file."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Protocol

from seawall.engine.journal import Journal, Kind
from seawall.engine.journal.frame import MAX_BATCH
from seawall.engine.modules import default_cache

from .figure import Figure, Peer, against_all, median

EVENTS = 60_000  # of the 64 producers in one run
PRODUCERS = (64, 1)
_ALONE = 20  # one producer is so many times slower: so many times fewer records
_SIZES = (600, 1000)  # bytes, like an event with its decision and sealed fields
_DISTINCT = 512
_BARE = "bare file, fdatasync"
Waiting = list[tuple[bytes, "asyncio.Future[None]"]]


class Sink(Protocol):
    """Where records become durable."""

    def write(self, records: list[bytes]) -> None:
        """Keeps them; on the disk when it returns."""


class _Run:
    """What one closed loop measured."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.commits = 0
        self.latencies: list[float] = []

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def figures(events: int = EVENTS, repeats: int = 3, cache_dir: Path | None = None) -> list[Figure]:
    """For 64 producers and for one: `journal_N` in records/s on the wall clock (median of `repeats`), `_p50` and `_p99`
    of all in ms from handing over to being durable, `_commits` a second. Peers run by turns in the same folder.

    The files lie below `cache_dir`, so on the home's disk. One producer writes `events` / 20 records.
    """
    folder = cache_dir or default_cache()
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Figure] = []
    for producers in PRODUCERS:
        count = max(producers, events if producers > 1 else events // _ALONE)
        runs: dict[str, list[_Run]] = {name: [] for name in _SINKS}
        for _ in range(repeats):
            for name, of in runs.items():
                with tempfile.TemporaryDirectory(dir=folder) as place, _SINKS[name](Path(place)) as sink:
                    of.append(asyncio.run(_closed_loop(sink, count, producers)))
        found += _figures(f"journal_{producers}", runs)
    return found


def _figures(name: str, runs: dict[str, list[_Run]]) -> list[Figure]:
    ours = runs["journal"]
    rates = {short: median(run.rate for run in of) for short, of in runs.items()}
    peers: dict[str, Peer | None] = {
        "sqlite_rows": Peer(f"SQLite {sqlite3.sqlite_version}, a row a record", rates["sqlite_rows"]),
        "file": Peer(_BARE, rates["file"]),
    }
    found = against_all(name, rates["journal"], "records/s", peers)
    for suffix, share in (("p50", 0.5), ("p99", 0.99)):
        value, bare = _percentile(ours, share), _percentile(runs["file"], share)
        ratio = round(value / bare, 2)
        found.append(Figure(f"{name}_{suffix}", round(value, 3), "ms", _BARE, round(bare, 3), ratio))
    return [*found, Figure(f"{name}_commits", round(median(run.commits / run.seconds for run in ours), 1), "commits/s")]


def _percentile(runs: list[_Run], share: float) -> float:
    """In ms, over all runs together."""
    latencies = sorted(one for run in runs for one in run.latencies)
    return latencies[min(int(len(latencies) * share), len(latencies) - 1)] * 1000


async def _closed_loop(sink: Sink, count: int, producers: int) -> _Run:
    """Each producer hands over its next record once the last is durable; one thread commits all that wait."""
    run, loop = _Run(), asyncio.get_running_loop()
    payloads = _payloads()
    waiting: Waiting = []
    handed_over = threading.Condition()
    done = False

    def commit() -> None:
        while True:
            with handed_over:
                handed_over.wait_for(lambda: waiting or done)
                batch = waiting[:MAX_BATCH]
                del waiting[:MAX_BATCH]
            if not batch:
                return
            problem: Exception | None = None
            try:
                sink.write([payload for payload, _ in batch])
            except Exception as error:
                problem = error
            run.commits += 1
            loop.call_soon_threadsafe(_answer, batch, problem)

    async def produce(numbers: range) -> None:
        for number in numbers:
            began = perf_counter()
            durable = loop.create_future()
            with handed_over:
                waiting.append((payloads[number % _DISTINCT], durable))
                handed_over.notify()
            await durable
            run.latencies.append(perf_counter() - began)

    committer = threading.Thread(target=commit)
    committer.start()
    began = perf_counter()
    try:
        await asyncio.gather(*(produce(range(first, count, producers)) for first in range(producers)))
    finally:
        run.seconds = perf_counter() - began
        with handed_over:
            done = True
            handed_over.notify()
        committer.join()
    return run


def _answer(batch: Waiting, problem: Exception | None) -> None:
    for _, durable in batch:
        if problem:
            durable.set_exception(problem)
        else:
            durable.set_result(None)


def _payloads() -> list[bytes]:
    draw = random.Random(7)  # noqa: S311 - noise to write, not a secret
    return [draw.randbytes(draw.randint(*_SIZES)) for _ in range(_DISTINCT)]


class _JournalSink:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def write(self, records: list[bytes]) -> None:
        self._journal.append([(Kind.EVENT, record) for record in records])


class _RowsSink:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, records: list[bytes]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO records (data) VALUES (?)", [(record,) for record in records])
        self._connection.execute("COMMIT")


class _FileSink:
    def __init__(self, file: int) -> None:
        self._file = file

    def write(self, records: list[bytes]) -> None:
        os.write(self._file, b"".join(records))
        os.fdatasync(self._file)


@contextmanager
def _journal(folder: Path) -> Iterator[Sink]:
    with Journal(folder / "journal.db") as journal:
        yield _JournalSink(journal)


@contextmanager
def _rows(folder: Path) -> Iterator[Sink]:
    connection = sqlite3.connect(folder / "rows.db", isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE records (sequence INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        yield _RowsSink(connection)
    finally:
        connection.close()


@contextmanager
def _file(folder: Path) -> Iterator[Sink]:
    file = os.open(folder / "records", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield _FileSink(file)
    finally:
        os.close(file)


_SINKS = {"journal": _journal, "sqlite_rows": _rows, "file": _file}
