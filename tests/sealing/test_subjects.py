from __future__ import annotations

from pathlib import Path

import pytest

from seawall.sealing import ErasedError, KeyFileError, KeyRing, LocalSealer, SealingError, TamperError
from seawall.sealing.store import Store
from seawall.sealing.subjects import SubjectKeys
from tests.sealing.conftest import disk


def test_a_key_is_made_once_and_survives(home: Path, ring: KeyRing, sealer: LocalSealer) -> None:
    first = sealer.subjects.key("c-1")
    assert sealer.subjects.key("c-1") is first
    assert sealer.subjects.key("c-2").key_id != first.key_id
    with LocalSealer(home, ring, read_only=True) as reader:
        found = reader.subjects.find("c-1")
        assert found is not None
        assert found.key_id == first.key_id


def test_a_tiny_cache_changes_nothing(home: Path, ring: KeyRing) -> None:
    with Store(home, ring, group_commit=True) as store:
        keys = SubjectKeys(store, ring, cache=2)
        made = {subject: keys.key(subject).key_id for subject in map(str, range(20))}
        assert {subject: keys.key(subject).key_id for subject in made} == made, "waiting keys are found"
        store.flush()
        assert {subject: keys.key(subject).key_id for subject in made} == made, "stored keys are found"


def test_prepare_is_durable_even_in_group_commit(home: Path, ring: KeyRing) -> None:
    with LocalSealer(home, ring, group_commit=True) as sealer, LocalSealer(home, ring, read_only=True) as reader:
        sealer.prepare(["a", "b", "a"])
        assert reader.subjects.find("b") is not None
        sealer.subjects.key("later")
        assert reader.subjects.find("later") is None
        sealer.flush()
        assert reader.subjects.find("later") is not None


def test_prepare_leaves_nothing_waiting_after_a_bad_subject(sealer: LocalSealer) -> None:
    with pytest.raises(SealingError, match="cannot be looked up"):
        sealer.prepare(["good", ""])
    assert sealer.subjects.pending() == 0
    assert sealer.store.rows("SELECT count(*) FROM subject_keys") == [(1,)]


def test_the_file_names_no_subject(home: Path, sealer: LocalSealer) -> None:
    sealer.seal("customer-with-a-name", "p", b"clear value")
    sealer.pseudonym("card", "4111111111111111")
    sealer.claim("customer-with-a-name", [sealer.pseudonym("card", "4111111111111111")])
    for secret in (b"customer-with-a-name", b"clear value", b"4111111111111111"):
        assert secret not in disk(home)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE subject_keys SET wrapped = zeroblob(60)",
        "UPDATE subject_keys SET wrapped = x''",
        "UPDATE subject_keys SET key_id = 'AAAAAAAA'",
        "UPDATE subject_keys SET wrapped = o.wrapped FROM subject_keys o WHERE o.subject <> subject_keys.subject",
    ],
)
def test_a_changed_or_moved_key_is_found(sealer: LocalSealer, change: str) -> None:
    text = sealer.seal("a", "p", b"value")
    sealer.prepare(["b"])
    with sealer.store.transaction() as connection:
        connection.execute(change)
    key_id = sealer.store.rows("SELECT key_id FROM subject_keys")[0][0]
    with pytest.raises(TamperError, match="changed or moved"):
        sealer.open("a", "p", f"sw1.{key_id if 'key_id' in change else text[4:12]}{text[12:]}")


def test_rewrap_moves_every_key_to_the_newest_root(home: Path, ring: KeyRing) -> None:
    subjects = [f"c-{number}" for number in range(25)]
    with LocalSealer(home, ring) as sealer:
        sealer.prepare(subjects)
        texts = [sealer.seal(subject, "p", subject.encode()) for subject in subjects]
    turned = ring.rotated()
    with LocalSealer(home, turned) as sealer:
        assert sealer.open("c-3", "p", texts[3]) == b"c-3", "keys of the old root still open"
        sealer.prepare(["new"])
        assert sealer.subjects.rewrap(batch=10) == 25
        assert sealer.subjects.rewrap() == 0
        assert sealer.store.rows("SELECT DISTINCT root FROM subject_keys") == [(2,)]
        opened = [sealer.open(subject, "p", text) for subject, text in zip(subjects, texts, strict=True)]
        assert opened == [subject.encode() for subject in subjects]
    with LocalSealer(home, ring) as sealer, pytest.raises(KeyFileError, match="root key 2 is not in the key file"):
        sealer.open("c-3", "p", texts[3])


def test_a_key_can_be_made_durable_alone_in_group_commit(home: Path, ring: KeyRing) -> None:
    with LocalSealer(home, ring, group_commit=True) as sealer:
        waiting = sealer.seal("first", "p", b"1")
        text = sealer.seal_durably("second", "p", b"2")
        late = sealer.seal_durably("first", "p", b"3")
        assert sealer.subjects.pending() == 0
        other = sealer.seal("third", "p", b"4")
        assert sealer.subjects.pending() == 1
        with LocalSealer(home, ring, read_only=True) as reader:
            found = [
                reader.open(*one) for one in (("second", "p", text), ("first", "p", waiting), ("first", "p", late))
            ]
            assert found == [b"2", b"1", b"3"]
            with pytest.raises(ErasedError):
                reader.open("third", "p", other)
