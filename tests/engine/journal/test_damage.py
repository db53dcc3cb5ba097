"""Flipped bytes, torn logs, lost files: damage is named, or nothing is lost. Never silence."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from seawall.engine.journal import (
    GENESIS,
    ActivationRecord,
    Journal,
    JournalDamage,
    JournalError,
    Kind,
    Record,
    encode_activation,
    examine,
    salvage,
)
from seawall.engine.journal.head import SIZE, Tip, read_head

from .conftest import batch, copy, fill, flip, payload

Filled = tuple[Path, list[Record]]


def read_until_damage(path: Path) -> tuple[list[Record], JournalError | None]:
    seen: list[Record] = []
    try:
        with Journal(path, read_only=True) as journal:
            seen.extend(journal.read())
    except JournalError as error:
        return seen, error
    return seen, None


def assert_named_or_whole(path: Path, records: list[Record], folder: Path) -> bool:
    """Reading gives good records only, then an error or all of them; salvage keeps such records too. True: an error."""
    seen, error = read_until_damage(path)
    assert seen == records[: len(seen)]
    if error is None:
        assert seen == records
    if isinstance(error, JournalDamage) and seen:
        assert error.sequence == len(seen) - 1
    try:
        found = examine(path)
    except JournalError as refused:
        said = str(refused)
        assert error is not None
        assert "is not a journal" in said or "has version" in said
        return True
    assert error is None or found.problem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        kept = salvage(path, folder / "new.db")
    except JournalError as nothing:
        said = str(nothing)
        assert error is not None
        assert "nothing to salvage" in said
        return True
    with Journal(folder / "new.db") as journal:
        saved = list(journal.read())
        assert saved == records[: len(saved)]
        assert (len(saved), journal.last, journal.chain) == (kept.records, kept.last, kept.chain)
        assert len(saved) >= len(seen)
        assert len(saved) == len(records) or kept.problem
    return error is not None or found.problem is not None


def test_a_flipped_byte_anywhere_in_the_closed_file(filled: Filled, tmp_path: Path) -> None:
    path, records = filled
    assert sorted(one.name for one in path.parent.iterdir()) == ["journal.db", "journal.db.lock", "journal.head"]
    draw = random.Random(11)
    size = path.stat().st_size
    page = 16_384
    places = [
        *(draw.randrange(size) for _ in range(40)),
        *(draw.randrange(130) for _ in range(12)),  # SQLite's header and the schema's page
        *(draw.randrange(page // 2, page) for _ in range(4)),
        *(draw.randrange(size // page) * page + draw.randrange(12) for _ in range(10)),  # headers of pages
    ]
    named = 0
    for at in places:
        damaged = copy(path, tmp_path / "copy")
        flip(damaged, at, 1 << draw.randrange(8))
        named += assert_named_or_whole(damaged, records, tmp_path / "saved")
    assert 10 < named < len(places), "some bytes hold data and some hold none"


def test_a_flipped_byte_anywhere_in_a_live_log(path: Path, tmp_path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 40)
        records = list(journal.read())
        alive = copy(path, tmp_path / "alive")
    log = alive.with_name("journal.db-wal")
    assert read_until_damage(copy(alive, tmp_path / "copy")) == (records, None)
    draw = random.Random(12)
    named = 0
    for at in (*range(0, 32, 5), *(draw.randrange(log.stat().st_size) for _ in range(50))):
        damaged = copy(alive, tmp_path / "copy")
        flip(damaged.with_name(log.name), at, 1 << draw.randrange(8))
        named += assert_named_or_whole(damaged, records, tmp_path / "saved")
    assert named > 40


def test_a_torn_log_never_loses_acknowledged_records_in_silence(path: Path, tmp_path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 30)
        records = list(journal.read())
        alive = copy(path, tmp_path / "alive")
    log = alive.with_name("journal.db-wal").stat().st_size
    draw = random.Random(13)
    for length in (0, 10, log - 1, *(draw.randrange(log) for _ in range(15))):
        damaged = copy(alive, tmp_path / "copy")
        with damaged.with_name("journal.db-wal").open("r+b") as file:
            file.truncate(length)
        assert assert_named_or_whole(damaged, records, tmp_path / "saved")


def test_how_many_acknowledged_records_are_missing_is_said(filled: Filled, tmp_path: Path) -> None:
    path, records = filled
    older = copy(path, tmp_path / "older")
    with Journal(path) as journal:
        journal.append(batch(journal.last + 1, 7))
    shutil.copy(path.with_suffix(".head"), older.parent)
    wanted = f"7 acknowledged records after record {len(records) - 1} are missing; `seawall journal salvage` keeps"
    for read_only in (False, True):
        with pytest.raises(JournalDamage, match=wanted) as caught:
            Journal(older, read_only=read_only)
        assert caught.value.sequence == len(records) - 1
    found = examine(older)
    assert (found.records, found.last) == (len(records), len(records) - 1)
    assert f"records from {len(records)} to {len(records) + 6} are missing" in str(found.problem)


def test_a_refused_writer_leaves_the_log_as_evidence(path: Path, tmp_path: Path) -> None:
    with Journal(path) as journal:
        fill(journal, 20)
        damaged = copy(path, tmp_path / "copy")
    log = damaged.with_name("journal.db-wal")
    flip(log, log.stat().st_size // 2, 1)
    before = log.read_bytes(), damaged.read_bytes()
    for read_only in (True, False):
        with pytest.raises(JournalDamage, match="acknowledged records after record"):
            Journal(damaged, read_only=read_only)
    assert (log.read_bytes(), damaged.read_bytes()) == before


def test_a_schema_that_is_no_text_is_damage(path: Path) -> None:
    Journal(path).close()
    flip(path, path.read_bytes().index(b"batches (first INTEGER") + 2, 0xB0)
    with pytest.raises(JournalDamage, match=r"cannot be (read|opened)"):
        Journal(path)


def test_a_lost_file_is_damage(filled: Filled) -> None:
    path, records = filled
    path.unlink()
    with pytest.raises(JournalDamage, match=f"{len(records)} acknowledged records after record -1 are missing"):
        Journal(path)
    with pytest.raises(JournalError, match="does not exist"):
        salvage(path, path.with_name("new.db"))


# --- the head file ----------------------------------------------------------------------------------------------------


def test_the_head_file_follows_each_batch_and_is_rebuilt(path: Path) -> None:
    head = path.with_suffix(".head")
    with Journal(path) as journal:
        assert read_head(head) == Tip(-1, GENESIS)
        for count in (3, 1):
            journal.append(batch(journal.last + 1, count))
            assert read_head(head) == journal.tip
        tip = journal.tip
    for torn in (None, b"", head.read_bytes()[:20], head.read_bytes() + b"x", bytes(SIZE)):
        head.unlink(missing_ok=True)
        if torn is not None:
            head.write_bytes(torn)
        assert read_head(head) is None
        with Journal(path, read_only=True) as journal:
            assert journal.tip == tip
        Journal(path).close()
        assert read_head(head) == tip


def test_a_stale_head_is_no_damage(filled: Filled, tmp_path: Path) -> None:
    path, _ = filled
    stale = path.with_suffix(".head").read_bytes()
    with Journal(path) as journal:
        fill(journal, 3, seed=2)
        records = list(journal.read())
    path.with_suffix(".head").write_bytes(stale)
    assert not assert_named_or_whole(path, records, tmp_path / "saved")


def test_the_head_of_another_history_is_damage(filled: Filled, tmp_path: Path) -> None:
    path, _ = filled
    with Journal(tmp_path / "journal.db") as other:
        other.append([(Kind.EVENT, b"not so")])
    shutil.copy(tmp_path / "journal.head", path.parent)
    with pytest.raises(JournalDamage, match=r"ends no batch|is not the acknowledged one"):
        Journal(path)
    assert examine(path).problem


def test_a_head_that_cannot_be_written_does_not_undo_what_is_durable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with Journal(path) as journal:
        monkeypatch.setattr("seawall.engine.journal.head.os.pwrite", refuse)
        assert journal.append(batch(0, 2)) == 1
        monkeypatch.undo()
        assert read_head(path.with_suffix(".head")) == Tip(-1, GENESIS)
    with Journal(path) as journal:
        assert journal.last == 1


# --- what is said, and what is kept -----------------------------------------------------------------------------------


def strike(path: Path, statement: str, parameters: tuple[object, ...] = ()) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute(statement, parameters).rowcount == 1
    connection.commit()
    connection.close()


def even(path: Path) -> list[Record]:
    """Ten batches of four records."""
    with Journal(path) as journal:
        for first in range(0, 40, 4):
            journal.append(batch(first, 4))
        return list(journal.read())


FRAMES_OF_8 = "SELECT data FROM batches WHERE first = 8"


@pytest.mark.parametrize(
    ("statement", "last_good", "words"),
    [
        ("DELETE FROM batches WHERE first = 20", 19, "record 20 is missing"),
        ("UPDATE batches SET count = 5 WHERE first = 20", 23, "record 24 is cut off"),
        ("UPDATE batches SET count = 3 WHERE first = 20", 22, "record 23 is not counted in its batch"),
        ("UPDATE batches SET count = 0 WHERE first = 20", 19, "the batch after record 19 is damaged"),
        ("UPDATE batches SET data = 'text' WHERE first = 20", 19, "the batch after record 19 is damaged"),
        ("UPDATE batches SET chain = x'00' WHERE first = 20", 19, "the chain of the batch after record 19 is damaged"),
        ("UPDATE batches SET chain = zeroblob(32) WHERE first = 20", 19, "the chain breaks in the batch"),
        (f"UPDATE batches SET data = ({FRAMES_OF_8}) WHERE first = 20", 19, "record 20 is numbered 8"),
        ("UPDATE batches SET data = substr(data, 1, 100) WHERE first = 20", 20, "record 21 is cut off"),
        ("DELETE FROM batches WHERE first = 36", 35, "4 acknowledged records after record 35 are missing"),
        ("UPDATE batches SET chain = zeroblob(32) WHERE first = 36", 35, "the chain breaks in the batch"),
    ],
)  # fmt: skip
def test_the_first_bad_record_is_named_and_the_rest_is_kept(
    path: Path, tmp_path: Path, statement: str, last_good: int, words: str
) -> None:
    records = even(path)
    strike(path, statement)
    before = path.read_bytes()
    seen, error = read_until_damage(path)
    assert isinstance(error, JournalDamage)
    assert words in str(error)
    assert f"`seawall journal salvage` keeps the records up to {last_good}" in str(error)
    assert error.sequence == last_good
    assert seen in ([], records[: last_good + 1])  # nothing where opening found it
    found = salvage(path, tmp_path / "new.db")
    assert (found.records, found.last) == (last_good + 1, last_good)
    assert found.problem
    with Journal(tmp_path / "new.db") as journal:
        assert list(journal.read()) == records[: last_good + 1]
        assert journal.append(batch(journal.last + 1, 1)) == last_good + 1
    assert path.read_bytes() == before
    assert examine(path).last == last_good


def test_a_damaged_record_is_not_got_and_others_are(path: Path) -> None:
    records = even(path)
    data = bytearray(sqlite3.connect(path).execute("SELECT data FROM batches WHERE first = 20").fetchone()[0])
    data[2 * 57 + 30] ^= 4  # in the payload of record 22
    strike(path, "UPDATE batches SET data = ? WHERE first = 20", (bytes(data),))
    with Journal(path, read_only=True) as journal:
        with pytest.raises(JournalDamage, match=r"record 22 is damaged \(its checksum differs\)") as caught:
            journal.get(22)
        assert caught.value.sequence == 21
        assert [journal.get(sequence) for sequence in (21, 23, 24)] == [records[21], records[23], records[24]]
        strike(path, "DELETE FROM batches WHERE first = 12")
        with pytest.raises(JournalDamage, match="record 13 is missing"):
            journal.get(13)


def test_a_forged_record_breaks_the_chain(path: Path) -> None:
    """Its checksum is right, the chain after it is not; only a reader that was told not to look accepts it."""
    even(path)
    from seawall.engine.journal.frame import encode_batch

    forged, _ = encode_batch(20, [(Kind.EVENT, payload(20 + index).upper()) for index in range(4)], GENESIS)
    strike(path, "UPDATE batches SET data = ? WHERE first = 20", (forged,))
    with Journal(path, read_only=True) as journal:
        reading = journal.read()
        assert [next(reading).sequence for _ in range(20)] == list(range(20))
        with pytest.raises(JournalDamage, match="the chain breaks in the batch that begins with record 20"):
            next(reading)
        assert len(list(journal.read(verify=False))) == 40
        for after in (19, 21):
            with pytest.raises(JournalDamage, match="the chain breaks"):
                list(journal.read(after))


def test_salvage_keeps_bundles_and_says_which_are_lost(path: Path, tmp_path: Path) -> None:
    with Journal(path) as journal:
        kept, lost = journal.put_bundle(b"kept"), journal.put_bundle(b"lost")
        for digest in (kept, lost):
            journal.append([(Kind.ACTIVATION, encode_activation(ActivationRecord("p@1", digest, 0)))])
        assert journal.verify().problem is None
    strike(path, "UPDATE bundles SET data = x'00' WHERE digest = ?", (lost,))
    found = salvage(path, tmp_path / "new.db")
    assert (found.records, found.bundles) == (2, 0)
    assert f"bundle {lost}, which record 1 names, is missing" in str(found.problem)
    with Journal(tmp_path / "new.db") as journal:
        assert journal.bundle(kept) == b"kept"
        journal.put_bundle(b"lost")
        assert journal.verify().problem is None


def test_salvage_of_a_whole_journal_is_a_copy_in_full_batches(filled: Filled, tmp_path: Path) -> None:
    path, records = filled
    calls: list[tuple[int, int]] = []
    found = salvage(path, tmp_path / "new.db", lambda done, total: calls.append((done, total)))
    with Journal(path, read_only=True) as old, Journal(tmp_path / "new.db") as new:
        assert (found.problem, found.last, new.chain) == (None, len(records) - 1, old.chain)
        assert new.stats().batches == 1
    assert calls == [(len(records), len(records))]


def test_salvage_writes_over_nothing(filled: Filled, tmp_path: Path) -> None:
    path, _ = filled
    for name in ("new.db", "new.head"):
        (tmp_path / name).touch()
        with pytest.raises(JournalError, match=f"{name} exists; salvage writes a new file only"):
            salvage(path, tmp_path / "new.db")
        (tmp_path / name).unlink()
    Journal(tmp_path / "empty.db").close()
    with pytest.raises(JournalError, match="holds no record"):
        salvage(tmp_path / "empty.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
