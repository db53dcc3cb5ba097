"""Appending: durable, all or nothing, one chain for however many writers."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from seawall.ledger import (
    Checkpoint,
    CheckpointError,
    EntryError,
    Ledger,
    LedgerError,
    NewEntry,
    Signer,
    StoreError,
    create_key,
    verify_consistency,
    verify_file,
    verify_inclusion,
)
from seawall.ledger.entry import genesis
from seawall.ledger.tree import EMPTY_ROOT, leaf_hash

from .conftest import ORIGIN, Home, clock_from, entry
from .oracle import mth


def test_entries_come_back_as_they_were(home: Home) -> None:
    with Ledger.open(home.db, read_only=True) as ledger:
        assert len(ledger) == 10
        third = ledger.entry(3)
        assert (third.index, third.actor, third.action, third.object.id) == (3, "user:7", "case.close", "C-3")
        assert third.data == {"days": 3, "reason": "误报"}
        assert [one.index for one in ledger.entries(2, 5)] == [2, 3, 4]
        assert [one.index for one in ledger.entries(8)] == [8, 9]
        with pytest.raises(LedgerError, match="no entry 10; it has 10"):
            ledger.entry(10)


def test_each_entry_names_the_hash_of_the_one_before(home: Home) -> None:
    with Ledger.open(home.db, read_only=True) as ledger:
        previous = genesis(ORIGIN)
        for index in range(len(ledger)):
            assert ledger.entry(index).previous == previous.hex()
            previous = leaf_hash(ledger.body(index))
        assert ledger.head().chain == previous


def test_heads_and_proofs_of_every_size(home: Home) -> None:
    with Ledger.open(home.db, read_only=True) as ledger:
        leaves = tuple(leaf_hash(ledger.body(index)) for index in range(len(ledger)))
        assert ledger.head(0).root == EMPTY_ROOT
        for size in range(1, len(leaves) + 1):
            head = ledger.head(size)
            assert (head.size, head.root, head.chain) == (size, mth(leaves[:size]), leaves[size - 1])
            for index in range(size):
                assert verify_inclusion(leaves[index], index, size, ledger.inclusion_proof(index, size), head.root)
            for first in range(1, size + 1):
                proof = ledger.consistency_proof(first, size)
                assert verify_consistency(first, size, proof, mth(leaves[:first]), head.root)
        with pytest.raises(LedgerError, match="has 10 entries, not 11"):
            ledger.head(11)
        with pytest.raises(LedgerError, match="entry 4 is not among the first 4"):
            ledger.inclusion_proof(4, 4)
        with pytest.raises(LedgerError, match="no consistency proof leads from 0"):
            ledger.consistency_proof(0)


def test_a_bad_entry_leaves_nothing_of_its_batch(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        assert ledger.append([entry(0)]) == range(1)
        with pytest.raises(EntryError, match="entry 1 of the batch: action 'Bad'"):
            ledger.append([entry(1), NewEntry("a", "Bad", "b", "c"), entry(2)])
        with pytest.raises(EntryError, match="10,001 entries is over 10,000"):
            ledger.append([entry(1)] * 10_001)
        assert len(ledger) == 1
        assert ledger.append([]) == range(1, 1)
        assert ledger.append([entry(1), entry(2)]) == range(1, 3)
        assert ledger.entry(1).previous == leaf_hash(ledger.body(0)).hex()


def test_time_never_goes_back(tmp_path: Path) -> None:
    ticks = iter([5000, 4000, 6000])
    with Ledger.create(tmp_path / "ledger.db", clock=lambda: next(ticks)) as ledger:
        for number in range(3):
            ledger.append([entry(number)])
        assert [one.time for one in ledger.entries()] == [5000, 5000, 6000]


def test_the_file_is_private_durable_and_only_grows(home: Home, tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "new.db") as ledger:
        assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600
        pragmas = [ledger.store.row(f"PRAGMA {name}")[0] for name in ("journal_mode", "synchronous")]
        assert pragmas == ["wal", 2]
    with sqlite3.connect(home.db) as connection:
        for statement in ("UPDATE entries SET body = ''", "DELETE FROM nodes", "DELETE FROM checkpoints"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                connection.execute(statement)
    connection.close()


def test_files_that_are_no_ledger(tmp_path: Path, home: Home) -> None:
    with pytest.raises(StoreError, match="no ledger at"):
        Ledger.open(tmp_path / "absent.db")
    with pytest.raises(StoreError, match="exists already"):
        Ledger.create(home.db)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(StoreError, match="not a ledger of version 1"):
        Ledger.open(tmp_path / "other.db")
    (tmp_path / "text.db").write_text("not SQLite at all, but long enough to be read as a header of something")
    with pytest.raises(StoreError, match="cannot be"):
        Ledger.open(tmp_path / "text.db")
    with Ledger.open(home.db, read_only=True) as ledger, pytest.raises(StoreError, match="opened read-only"):
        ledger.append([entry(0)])


# --- several writers --------------------------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from seawall.ledger import Ledger, NewEntry
with Ledger.open(Path(sys.argv[1])) as ledger:
    for batch in range(int(sys.argv[3])):
        entries = [NewEntry(sys.argv[2], "case.note", "case", f"{batch}.{number}") for number in range(7)]
        print(*ledger.append(entries), flush=True)
"""


def writer(path: Path, actor: str, batches: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), actor, str(batches)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_keep_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.create(path, ORIGIN) as ledger:
        signer = create_key(tmp_path / "ledger.key", ORIGIN)
        running = [writer(path, actor, 40) for actor in ("console", "worker")]
        for number in range(20):
            ledger.append([entry(number)])
            ledger.checkpoint(signer)
        outputs = [process.communicate(timeout=60)[0] for process in running]
        assert [process.returncode for process in running] == [0, 0]
        claimed = [[int(word) for word in output.split()] for output in outputs]
        assert len(ledger) == 2 * 40 * 7 + 20
        for actor, indices in zip(("console", "worker"), claimed, strict=True):
            assert len(indices) == 280
            assert {ledger.entry(index).actor for index in indices} == {actor}
        ledger.checkpoint(signer)
    report = verify_file(path)
    assert report.findings == []
    assert (report.entries, report.checkpoints, report.signed) == (580, 21, 580)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger.create(path, ORIGIN).close()
    create_key(tmp_path / "ledger.key", ORIGIN)
    process = writer(path, "worker", 100_000)
    assert process.stdout
    acknowledged = [process.stdout.readline() for _ in range(30)]
    os.kill(process.pid, signal.SIGKILL)
    rest = process.communicate()[0]
    acknowledged += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    indices = [int(word) for line in acknowledged for word in line.split()]
    assert indices == list(range(len(indices)))
    with Ledger.open(path) as ledger:
        assert len(ledger) >= len(indices)
        assert len(ledger) % 7 == 0, "a batch is there whole or not at all"
        assert [ledger.entry(index).object.id for index in indices[-7:]] == [
            f"{len(indices) // 7 - 1}.{number}" for number in range(7)
        ]
        assert ledger.append([entry(0)]).start == len(ledger) - 1
    assert verify_file(path).ok


def test_an_open_ledger_follows_the_file_not_its_memory(home: Home) -> None:
    with Ledger.open(home.db) as ledger:
        ledger.append([entry(0)])
        home.change("UPDATE entries SET hash = zeroblob(32) WHERE idx = 10")
        ledger.append([entry(1)])
        assert ledger.entry(11).previous == "00" * 32
    assert verify_file(home.db).findings[0].place.endswith("entry 10")


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_checkpoints_are_kept_and_found(home: Home) -> None:
    with Ledger.open(home.db) as ledger:
        last = ledger.last_checkpoint()
        assert last
        assert last.head.size == 8
        assert last.verify([home.signer.verifier]) == [home.signer.verifier]
        sizes = [found.head.size if (found := ledger.checkpoint_over(index)) else None for index in range(10)]
        assert sizes == [3, 3, 3, 4, 8, 8, 8, 8, None, None]
        of = ledger.checkpoint_of(4)
        assert of
        assert (of.head.root, of.head.chain) == (ledger.head(4).root, ledger.head(4).chain)
        assert ledger.checkpoint_of(5) is None


def test_a_checkpoint_needs_the_ledgers_own_key_and_an_entry(tmp_path: Path, home: Home) -> None:
    with Ledger.create(tmp_path / "ledger.db", "other.example") as ledger:
        assert ledger.last_checkpoint() is None
        with pytest.raises(CheckpointError, match=r"signed by the key of other\.example"):
            ledger.checkpoint(home.signer)
        own = Signer("other.example", home.signer.private_key)
        with pytest.raises(CheckpointError, match="an empty ledger has nothing to sign"):
            ledger.checkpoint(own)


def test_checkpoint_times_never_go_back(tmp_path: Path, home: Home) -> None:
    ticks = iter([1000, 9000, 2000, 3000])
    with Ledger.create(tmp_path / "ledger.db", ORIGIN, lambda: next(ticks)) as ledger:
        ledger.append([entry(0)])
        first = ledger.checkpoint(home.signer)
        ledger.append([entry(1)])
        assert (first.head.time, ledger.checkpoint(home.signer).head.time) == (9000, 9000)


def test_a_witness_cosigns(home: Home, tmp_path: Path) -> None:
    witness = create_key(tmp_path / "witness.key", "witness.example")
    with Ledger.open(home.db) as ledger:
        last = ledger.last_checkpoint()
        assert last
        signature = witness.sign(last.head.text)
        for _ in range(2):  # the second time changes nothing
            cosigned = ledger.cosign(last.head, signature, witness.verifier)
            assert ledger.last_checkpoint() == cosigned
            assert cosigned.verify([home.signer.verifier, witness.verifier]) == [home.signer.verifier, witness.verifier]
            assert len(cosigned.signatures) == 2
        with pytest.raises(CheckpointError, match="not this checkpoint's"):
            ledger.cosign(last.head, witness.sign("another\n"), witness.verifier)
        never = ledger.head(5)
        with pytest.raises(CheckpointError, match="no such checkpoint of 5 entries"):
            ledger.cosign(never, witness.sign(never.text), witness.verifier)
    assert verify_file(home.db).unchecked_signatures == 1
    assert verify_file(home.db, [home.signer.verifier, witness.verifier]).unchecked_signatures == 0


def test_checkpoints_hang_together(home: Home) -> None:
    with Ledger.open(home.db) as ledger:
        heads = [found.head for size in (3, 4, 8) if (found := ledger.checkpoint_of(size))]
        assert len(heads) == 3
        for one, other in pairwise(heads):
            proof = ledger.consistency_proof(one.size, other.size)
            assert verify_consistency(one.size, other.size, proof, one.root, other.root)


def test_a_random_origin_differs_each_time(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "a.db") as one, Ledger.create(tmp_path / "b.db", clock=clock_from()) as other:
        assert one.origin != other.origin
        one.append([entry(0)])
        signer = create_key(tmp_path / "ledger.key", one.origin)
        assert Checkpoint.parse(one.checkpoint(signer).note).head.origin == one.origin
