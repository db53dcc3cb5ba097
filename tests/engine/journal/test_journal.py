"""One writer, durable batches, many readers."""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine.journal import (
    GENESIS,
    MAX_BATCH,
    MAX_RECORD,
    Journal,
    JournalDamage,
    JournalError,
    Kind,
    Record,
)
from seawall.engine.journal import journal as module

from .conftest import batch, fill, payload


def test_records_come_back_in_order(path: Path) -> None:
    with Journal(path) as journal:
        assert (journal.last, journal.chain, list(journal.read())) == (-1, GENESIS, [])
        assert journal.append([(Kind.ACTIVATION, b"p"), (Kind.EVENT, b"")]) == 1
        assert journal.append([]) == 1
        assert journal.append([(Kind.LABEL, b"l")]) == 2
        tip = journal.tip
        wanted = [Record(0, 4, b"p"), Record(1, 1, b""), Record(2, 2, b"l")]
        assert list(journal.read()) == wanted
    with Journal(path) as journal:
        assert journal.tip == tip
        assert list(journal.read(verify=False)) == wanted
        assert [journal.get(sequence) for sequence in range(3)] == wanted


def test_reading_begins_anywhere(filled: tuple[Path, list[Record]]) -> None:
    path, records = filled
    with Journal(path, read_only=True) as journal:
        for after in (*range(-1, 40), len(records) - 2, len(records) - 1, len(records) + 7):
            assert list(journal.read(after)) == records[after + 1 :]
        assert [journal.get(one.sequence) for one in records] == records
        assert [one for batch in journal.batches() for one in batch.records] == records
        *_, newest = journal.batches()
        assert newest.chain == journal.chain


def test_the_chain_is_known_where_a_batch_ends(path: Path) -> None:
    with Journal(path) as journal:
        ends = {journal.append(batch(journal.last + 1, count)): journal.chain for count in (3, 1, 2)}
        assert {sequence: journal.chain_at(sequence) for sequence in range(7)} == dict.fromkeys(range(7)) | ends


def test_a_record_that_is_not_there(filled: tuple[Path, list[Record]]) -> None:
    path, records = filled
    with Journal(path) as journal:
        for sequence in (-1, len(records)):
            with pytest.raises(JournalError, match=f"has no record {sequence}; the newest is {len(records) - 1}"):
                journal.get(sequence)


@settings(max_examples=10)
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=30), st.data())
def test_any_split_into_batches_gives_the_same_chain(payloads: list[bytes], data: st.DataObject) -> None:
    cuts = data.draw(st.sets(st.integers(1, max(1, len(payloads) - 1))))
    chains = []
    for split in ({}, cuts, range(len(payloads))):
        with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "j.db") as journal:
            edges = [*sorted({0, len(payloads), *split})]
            for begin, end in itertools.pairwise(edges):
                journal.append([(Kind.EVENT, one) for one in payloads[begin:end]])
            assert [one.payload for one in journal.read()] == payloads
            chains.append(journal.chain)
    assert len(set(chains)) == 1


def test_the_file_is_as_written_down(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(batch(0, 3))
        journal.append(batch(3, 1))
        digest = journal.put_bundle(b"files")
        chain = journal.chain
        names = ("journal.db", "journal.db-wal", "journal.db-shm", "journal.db.lock", "journal.head")
        assert {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == dict.fromkeys(names, 0o600)
        pragmas = {"journal_mode": "wal", "synchronous": 2}
        assert {name: journal._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas} == pragmas
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone()[0].to_bytes(4, "big") == b"SWJL"
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    assert connection.execute("SELECT first, count FROM batches").fetchall() == [(0, 3), (3, 1)]
    assert connection.execute("SELECT chain FROM batches ORDER BY first DESC").fetchone()[0] == chain
    assert connection.execute("SELECT * FROM bundles").fetchall() == [(hashlib.sha256(b"files").hexdigest(), b"files")]
    connection.close()
    assert digest == hashlib.sha256(b"files").hexdigest()
    head = path.with_suffix(".head").read_bytes()
    assert (len(head), head[:8], head[8:40]) == (44, (3).to_bytes(8, "little"), chain)


def test_bounds_of_a_batch(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(path) as journal:
        assert journal.append(batch(0, MAX_BATCH, 10)) == MAX_BATCH - 1
        tip = journal.tip
        with pytest.raises(JournalError, match="at most 1,024 records, not 1,025; append it in parts"):
            journal.append(batch(0, MAX_BATCH + 1))
        with pytest.raises(JournalError, match="has 1,048,577 bytes"):
            journal.append([(Kind.EVENT, bytes(MAX_RECORD + 1))])
        monkeypatch.setattr(module, "MAX_BATCH_BYTES", 100)
        with pytest.raises(JournalError, match="at most 100 bytes, not 171"):
            journal.append(batch(0, 3))
        monkeypatch.setattr(module, "MAX_BUNDLE", 100)
        with pytest.raises(JournalError, match="at most 100 bytes, not 101"):
            journal.put_bundle(bytes(101))
        assert journal.tip == tip
        assert journal.append([(Kind.EVENT, b"x" * 83)]) == tip.last + 1


def test_a_second_writer_is_refused_and_a_reader_is_not(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(batch(0, 2))
        with pytest.raises(JournalError, match=r"another process writes journal .*journal\.db; stop it, or open"):
            Journal(path)
        with Journal(path, read_only=True) as reader:
            assert reader.last == 1
    Journal(path).close()


def test_a_reader_in_another_process_sees_what_is_appended(path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from seawall.engine.journal import Journal
with Journal(Path({str(path)!r}), read_only=True) as journal:
    for line in sys.stdin:
        print(journal.last, journal.chain.hex(), sum(1 for _ in journal.read()), flush=True)
"""
    with Journal(path) as journal:
        child = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
        assert child.stdin
        assert child.stdout
        with child:
            for count in (1, 5, 2):
                journal.append(batch(journal.last + 1, count))
                print("look", file=child.stdin, flush=True)
                seen = child.stdout.readline().split()
                assert seen == [str(journal.last), journal.chain.hex(), str(journal.last + 1)]
            child.stdin.close()


def test_a_reader_changes_nothing(filled: tuple[Path, list[Record]]) -> None:
    path, _ = filled
    before = path.read_bytes()
    with Journal(path, read_only=True) as reader:
        attempts: list[Callable[[], object]] = [lambda: reader.append(batch(0, 1)), lambda: reader.put_bundle(b"x")]
        for attempt in attempts:
            with pytest.raises(JournalError, match="read-only"):
                attempt()
        reader.verify()
        reader.stats()
    assert path.read_bytes() == before


def test_threads_read_while_one_appends(path: Path) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def read(journal: Journal) -> None:
        try:
            while not done.is_set():
                newest = journal.last
                if newest >= 0:
                    assert journal.get(newest).payload == payload(newest)
                assert sum(1 for _ in journal.read()) > newest
        except BaseException as error:
            failures.append(error)

    with Journal(path) as journal:
        threads = [threading.Thread(target=read, args=(journal,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(150):
            journal.append(batch(journal.last + 1, 3))
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_reader_that_pauses_does_not_hold_up_the_writer(path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 10)
        reading = journal.read()
        next(reading)
        busy, in_log, _ = journal._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert (busy, in_log) == (0, 0)
        journal.append(batch(journal.last + 1, 2))
        assert len(list(reading)) == journal.last


def test_bundles_are_filed_by_their_content(path: Path) -> None:
    with Journal(path) as journal:
        digest = journal.put_bundle(b"one")
        assert journal.put_bundle(b"one") == digest
        assert journal.bundle(digest) == b"one"
        with pytest.raises(JournalError, match="has no bundle ff; publish"):
            journal.bundle("ff")
    with Journal(path, read_only=True) as journal:
        assert journal.bundle(digest) == b"one"
        assert journal.stats().bundles == 1


def test_a_damaged_bundle_is_named_and_mended_by_putting_it_again(path: Path) -> None:
    with Journal(path) as journal:
        digest = journal.put_bundle(b"one")
        journal._writer.execute("UPDATE bundles SET data = ?", (b"two",))
        with pytest.raises(JournalDamage, match=f"bundle {digest} is damaged"):
            journal.bundle(digest)
        assert f"bundle {digest} is damaged" in (journal.verify().problem or "")
        journal.put_bundle(b"one")
        assert journal.bundle(digest) == b"one"
        assert journal.verify().problem is None


def test_stats_count_what_is_there(path: Path) -> None:
    with Journal(path) as journal:
        assert (journal.stats().records, journal.stats().first, journal.stats().mean_batch) == (0, -1, 0.0)
        journal.put_bundle(b"12345")
        journal.append([(Kind.ACTIVATION, b"abc"), (Kind.EVENT, b"de"), (Kind.EVENT, b"")])
        journal.append([(Kind.LABEL, b"f")])
        calls: list[tuple[int, int]] = []
        stats = journal.stats(lambda done, total: calls.append((done, total)))
    assert stats.kinds == {"event": 2, "label": 1, "list_entry": 0, "activation": 1, "erasure": 0, "setting": 0}
    assert (stats.first, stats.last, stats.records, stats.payload, stats.batches, stats.mean_batch) == (
        0,
        3,
        4,
        6,
        2,
        2,
    )
    assert (stats.bundles, stats.bundle_bytes) == (1, 5)
    assert stats.files.keys() == {"journal.db", "journal.db-wal", "journal.db-shm"}
    assert calls == [(3, 4), (4, 4)]


def test_a_closed_journal_says_so(path: Path) -> None:
    journal = Journal(path)
    journal.append(batch(0, 1))
    journal.close()
    journal.close()
    for attempt in (lambda: journal.append(batch(1, 1)), lambda: journal.get(0), lambda: list(journal.read())):
        with pytest.raises(JournalError, match="is closed; open it again"):
            attempt()


def test_a_journal_is_born_whole(path: Path) -> None:
    """A crash while one is made leaves nothing or a draft, which is made anew."""
    for suffix in ("", "-journal", "-wal"):
        path.with_name(f"journal.db.new{suffix}").write_bytes(b"half a journal")
    path.touch()
    with Journal(path) as journal:
        assert journal.append(batch(0, 1)) == 0
    assert sorted(one.name for one in path.parent.iterdir()) == ["journal.db", "journal.db.lock", "journal.head"]


# --- what cannot be opened --------------------------------------------------------------------------------------------


def test_no_journal_where_there_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for read_only in (False, True):
        with pytest.raises(JournalError, match=r"cannot be opened|does not exist"):
            Journal(tmp_path / "file" / "journal.db", read_only=read_only)
        with pytest.raises(JournalError, match=r"cannot be opened|does not exist"):
            Journal(tmp_path, read_only=read_only)
    with pytest.raises(JournalError, match="does not exist; check the path"):
        Journal(tmp_path / "none.db", read_only=True)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_foreign_file_is_refused_and_left_alone(path: Path, read_only: bool) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="is not a journal; check the path"):
        Journal(path, read_only=read_only)
    assert path.read_bytes() == before
    path.write_bytes(b"no database " * 100)
    with pytest.raises(JournalError, match="file is not a database"):
        Journal(path, read_only=read_only)


@pytest.mark.parametrize("read_only", [False, True])
def test_another_version_is_refused(path: Path, read_only: bool) -> None:
    Journal(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(JournalError, match="has version 2, this seawall reads version 1; update it"):
        Journal(path, read_only=read_only)
