from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.sealing import KeyRing, LocalSealer, StoreError
from seawall.sealing.store import Store


def test_one_writer_any_readers(home: Path, ring: KeyRing, sealer: LocalSealer) -> None:
    text = sealer.seal("c-1", "p", b"value")
    with pytest.raises(StoreError, match="another process writes"):
        Store(home, ring)
    with LocalSealer(home, ring, read_only=True) as reader:
        assert reader.open("c-1", "p", text) == b"value"
    sealer.close()
    sealer.close()
    Store(home, ring).close()


def test_a_reader_changes_nothing(home: Path, ring: KeyRing, sealer: LocalSealer) -> None:
    card = sealer.pseudonym("card", "4111")
    with LocalSealer(home, ring, read_only=True) as reader:
        assert reader.find("card", "4111") == card
        attempts: list[Callable[[], object]] = [
            lambda: reader.pseudonym("card", "new"),
            lambda: reader.seal("new", "p", b""),
            lambda: reader.erase("c-1"),
            lambda: reader.prepare(["new"]),
            lambda: reader.claim("c-1", [card]),
            lambda: reader.subjects.rewrap(),
        ]
        for attempt in attempts:
            with pytest.raises(StoreError, match="read-only"):
                attempt()


def test_files_are_private_and_settings_are_safe(home: Path, sealer: LocalSealer) -> None:
    sealer.seal("c-1", "p", b"value")
    assert {file.stat().st_mode & 0o777 for file in home.parent.iterdir()} == {0o600}
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    assert {name: sealer.store.rows(f"PRAGMA {name}")[0][0] for name in wanted} == wanted


def test_another_ring_is_refused(home: Path, ring: KeyRing) -> None:
    Store(home, ring).close()
    for other in (KeyRing.new(True), KeyRing(ring.ring_id, (b"k" * 32,), True)):
        with pytest.raises(StoreError, match="belongs to another key file"):
            Store(home, other)
    Store(home, ring).close()


def test_what_is_no_key_store_is_refused(home: Path, ring: KeyRing) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(home, ring, read_only=True)
    home.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="cannot be"):
        Store(home, ring)
    home.unlink()
    with sqlite3.connect(home) as journal:
        journal.execute("CREATE TABLE records (sequence INTEGER)")
    journal.close()
    with pytest.raises(StoreError, match="not a key store"):
        Store(home, ring)
    with pytest.raises(StoreError, match="check its folder"):
        Store(home.parent / "absent" / "keys.db", ring)


@pytest.mark.parametrize("group_commit", [False, True])
def test_a_full_disk_loses_the_batch_and_nothing_else(home: Path, ring: KeyRing, group_commit: bool) -> None:
    with LocalSealer(home, ring, group_commit=group_commit) as sealer:
        kept = sealer.seal("kept", "p", b"value"), sealer.pseudonym("card", "kept")
        sealer.flush()
        pages = sealer.store.rows("PRAGMA page_count")[0][0]
        sealer.store.rows(f"PRAGMA max_page_count = {pages}")
        batch = [f"lost {number}" for number in range(300)]
        with pytest.raises(StoreError, match="full"):
            fill(sealer, batch)
        assert sealer.store.rows("SELECT count(*) FROM subject_keys")[0][0] < len(batch)
        assert sealer.subjects.find(batch[-1]) is None
        assert sealer.subjects.pending() == 0
        sealer.store.rows("PRAGMA max_page_count = 1000000")
        assert sealer.open("kept", "p", kept[0]) == b"value"
        assert sealer.pseudonym("card", "kept") == kept[1]
        text = sealer.seal(batch[-1], "p", b"again")
        sealer.flush()
    with LocalSealer(home, ring) as sealer:
        assert sealer.open(batch[-1], "p", text) == b"again"


def fill(sealer: LocalSealer, subjects: list[str]) -> None:
    for subject in subjects:
        sealer.seal(subject, "p", b"value")
    sealer.flush()


def test_what_waits_is_bounded(home: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.sealing.store.MAX_PENDING", 3)
    with LocalSealer(home, ring, group_commit=True) as sealer:
        texts = [sealer.seal(subject, "p", b"value") for subject in "ab"]
        sealer.pseudonym("card", "x")
        with pytest.raises(StoreError, match=r"call flush\(\)"):
            sealer.seal("c", "p", b"value")
        sealer.flush()
        sealer.seal("c", "p", b"value")
        assert [sealer.open(subject, "p", text) for subject, text in zip("ab", texts, strict=True)] == [b"value"] * 2
