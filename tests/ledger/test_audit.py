"""The audit of a ledger's file: whatever changes behind its back is named, and the first place first."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

import seawall.ledger.audit as audit
from seawall.ledger import Checkpoint, Entry, Head, Ledger, Report, Signer, StoreError, verify_file
from seawall.ledger.entry import decode, encode_entry
from seawall.ledger.tree import Frontier, leaf_hash

from .conftest import ORIGIN, Home, build, entry

SIGNED = 8


def first(report: Report) -> str:
    assert not report.ok
    return report.findings[0].place


def value(home: Home, statement: str, *parameters: Any) -> Any:
    with sqlite3.connect(home.db) as connection:
        found = connection.execute(statement, parameters).fetchone()[0]
    connection.close()
    return found


def test_a_ledger_as_recorded(home: Home) -> None:
    seen: list[int] = []
    report = verify_file(home.db, progress=seen.append)
    assert report.findings == []
    assert (report.origin, report.entries, report.checkpoints, report.signed) == (ORIGIN, 10, 3, SIGNED)
    assert report.signed_time > 0


CELLS = [
    *[("entries", "body", "idx", index, f"entry {index}") for index in (0, 5, 9)],
    *[("entries", "hash", "idx", index, f"entry {index}") for index in range(9)],
    *[("nodes", "hash", "position", position, f"subtree node {position}, over") for position in range(1, 9)],
    *[("checkpoints", "text", "number", number, f"checkpoint {number}") for number in (1, 2, 3)],
    *[("signatures", "line", "number", number, f"checkpoint {number}") for number in (1, 2, 3)],
]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell[0]}.{cell[1]}-{cell[3]}")
def test_any_changed_byte_is_named(pristine: Home, tmp_path: Path, cell: tuple[str, str, str, int, str]) -> None:
    table, column, key, at, place = cell
    home = pristine.copy(tmp_path / "copy")
    original: bytes = value(home, f"SELECT {column} FROM {table} WHERE {key} = ?", at)
    for spot in range(len(original)):
        changed = original[:spot] + bytes([original[spot] ^ 1]) + original[spot + 1 :]
        home.change(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", changed, at)
        found = first(verify_file(home.db))
        assert found.startswith(place), f"byte {spot}"
    home.change(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", original, at)
    assert verify_file(home.db).ok


def test_the_hash_of_the_very_last_entry(home: Home) -> None:
    home.change("UPDATE entries SET hash = zeroblob(32) WHERE idx = 9")
    assert first(verify_file(home.db)) == "entry 9"


@pytest.mark.parametrize("bad", ["text", 7, b"", b"short"])
def test_values_of_another_kind(home: Home, bad: object) -> None:
    home.change("UPDATE entries SET hash = ? WHERE idx = 4", bad)
    assert first(verify_file(home.db)) == "entry 4"
    home.change("UPDATE nodes SET hash = ? WHERE position = 2", bad)
    home.change("UPDATE checkpoints SET text = ? WHERE number = 1", bad)
    home.change("UPDATE entries SET body = ? WHERE idx = 2", bad)
    report = verify_file(home.db)
    assert report.findings[0].place == "entry 2"
    assert any(finding.place == "checkpoint 1" for finding in report.findings)


@pytest.mark.parametrize(
    ("statement", "place", "message"),
    [
        ("DELETE FROM entries WHERE idx = 0", "entry 0", "it is missing"),
        ("DELETE FROM entries WHERE idx = 5", "entry 5", "it is missing"),
        ("UPDATE entries SET idx = -1 WHERE idx = 5", "entry 0", "it is missing"),
        ("DELETE FROM nodes WHERE position = 3", "subtree node 3, over entries 0 to 3", "it is missing"),
        ("DELETE FROM nodes WHERE position = 8", "subtree node 8, over entries 8 to 9", "it is missing"),
        ("INSERT INTO nodes VALUES (9, zeroblob(32))", "subtree node 9", "over entries that are not there"),
        ("DELETE FROM checkpoints WHERE number = 2", "checkpoint 2", "it is missing"),
        ("DELETE FROM signatures WHERE checkpoint = 2", "checkpoint 2", "no signed note"),
        ("UPDATE signatures SET checkpoint = 3 WHERE checkpoint = 2", "checkpoint 2", "no signed note"),
        ("UPDATE checkpoints SET size = 5 WHERE number = 2", "checkpoint 2", "filed under 5 entries"),
        ("UPDATE checkpoints SET number = 1152921504606846976 WHERE number = 3", "checkpoint 3", "it is missing"),
        ("UPDATE ledger SET origin = CAST('example.org/other' AS BLOB)", "entry 0", "the beginning of ledger"),
    ],
)
def test_rows_that_are_missing_or_moved(home: Home, statement: str, place: str, message: str) -> None:
    home.change(statement)
    report = verify_file(home.db)
    assert first(report) == place
    assert message in report.findings[0].message


@pytest.mark.parametrize("left", [0, 1, 4, 7])
def test_a_truncated_ledger_is_told_by_its_checkpoints(home: Home, left: int) -> None:
    home.change("DELETE FROM entries WHERE idx >= ?", left)
    home.change("DELETE FROM nodes WHERE position > ?", left - left.bit_count())
    report = verify_file(home.db)
    assert str(report.findings[-1]) == (
        f"checkpoint 3: it signs 8 entries, yet there are {left}: the ledger was truncated"
    )
    assert {finding.place for finding in report.findings} <= {"checkpoint 1", "checkpoint 2", "checkpoint 3"}


def test_a_cut_behind_the_last_checkpoint_is_told_by_one_kept_elsewhere(home: Home) -> None:
    with Ledger.open(home.db) as ledger:
        kept = ledger.checkpoint(home.signer)
    home.change("DELETE FROM entries WHERE idx >= 8")
    home.change("DELETE FROM nodes WHERE position > 7")
    home.change("DELETE FROM checkpoints WHERE number = 4")
    assert verify_file(home.db).ok
    report = verify_file(home.db, known=[kept])
    assert str(report.findings[0]).startswith("known checkpoint 1: it signs 10 entries, yet there are 8")


def forged(old: Entry, **changes: Any) -> bytes:
    return encode_entry(msgspec.structs.replace(old, **changes))


def rewrite(home: Home, start: int, until: int = 10) -> None:
    """What a forger with the file, but not the key, would do: change an entry and make all hashes fit again."""
    with sqlite3.connect(home.db) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM entries ORDER BY idx")]
    connection.close()
    frontier, nodes, chain = Frontier(), [], b""
    for index, body in enumerate(bodies):
        new = body
        if index >= start:
            old = decode(body)
            previous = chain.hex() if index else old.previous
            new = forged(old, actor="user:8" if index == start else old.actor, previous=previous)
        chain = leaf_hash(new)
        nodes += frontier.append(chain)
        home.change("UPDATE entries SET body = ?, hash = ? WHERE idx = ?", new, chain, index)
    for position, hashed in enumerate(nodes, 1):
        home.change("UPDATE nodes SET hash = ? WHERE position = ?", hashed, position)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (1, ["checkpoint 1: it signs other entries than these: entries 0 to 2", "checkpoint 2: ", "checkpoint 3: "]),
        (3, ["checkpoint 2: it signs other entries than these: entry 3 were", "checkpoint 3: "]),
        (6, ["checkpoint 3: it signs other entries than these: entries 4 to 7"]),
    ],
)
def test_a_history_rewritten_with_all_its_hashes(home: Home, start: int, expected: list[str]) -> None:
    rewrite(home, start)
    report = verify_file(home.db)
    assert len(report.findings) == len(expected)
    for finding, beginning in zip(report.findings, expected, strict=True):
        assert str(finding).startswith(beginning.replace("entry 3 were", "entry 3 "))


def test_only_what_nobody_signed_can_be_rewritten(home: Home) -> None:
    rewrite(home, 8)
    assert verify_file(home.db).ok


def test_one_entry_rewritten_with_its_hash_breaks_the_chain(home: Home) -> None:
    old = decode(value(home, "SELECT body FROM entries WHERE idx = 5"))
    new = forged(old, actor="user:8")
    home.change("UPDATE entries SET body = ?, hash = ? WHERE idx = 5", new, leaf_hash(new))
    places = [str(finding) for finding in verify_file(home.db).findings]
    assert places[0].startswith("subtree node 4, over entries 4 to 5")
    assert any(one.startswith("entry 6: it does not follow entry 5") for one in places)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"index": 6}, "its content says that it is entry 6"),
        ({"time": 5}, "its time 5 lies before that of the entry before it"),
    ],
)
def test_entries_that_do_not_fit_their_place(home: Home, change: dict[str, int], message: str) -> None:
    old = decode(value(home, "SELECT body FROM entries WHERE idx = 5"))
    new = forged(old, **change)
    home.change("UPDATE entries SET body = ?, hash = ? WHERE idx = 5", new, leaf_hash(new))
    findings = {finding.place: finding.message for finding in verify_file(home.db).findings}
    assert message in findings["entry 5"]


# --- checkpoints against each other -----------------------------------------------------------------------------------


def forge(home: Home, size: int, signer: Signer | None = None) -> Checkpoint:
    """A checkpoint signed by the ledger's own key over entries that are not the ledger's."""
    with Ledger.open(home.db, read_only=True) as ledger:
        honest = ledger.checkpoint_of(size) or Checkpoint(ledger.head(size), ())
    head = Head(ORIGIN, size, bytes(32), honest.head.chain, honest.head.time)
    return Checkpoint.sign(head, signer or home.signer)


def test_checkpoints_that_no_ledger_could_hold_together(home: Home) -> None:
    report = verify_file(home.db, known=[forge(home, 4)])
    found = [str(finding) for finding in report.findings]
    assert found[0].startswith("known checkpoint 1: it signs other entries than these")
    assert any(one.startswith("checkpoint 2: not consistent with known checkpoint 1: both are signed") for one in found)
    earlier = [str(finding) for finding in verify_file(home.db, known=[forge(home, 5)]).findings]
    assert (
        "known checkpoint 1: not consistent with checkpoint 3: both are signed, and no one ledger holds both" in earlier
    )


def test_a_checkpoint_signs_the_last_hash_too(home: Home) -> None:
    with Ledger.open(home.db, read_only=True) as ledger:
        head = ledger.head(5)
    changed = Checkpoint.sign(Head(ORIGIN, 5, head.root, bytes(32), head.time), home.signer)
    assert verify_file(home.db, known=[Checkpoint.sign(head, home.signer)]).ok
    assert first(verify_file(home.db, known=[changed])) == "known checkpoint 1"


def test_a_checkpoint_of_another_ledger_says_nothing_of_this_one(home: Home) -> None:
    other = Signer("other.example", home.signer.private_key)
    with Ledger.open(home.db, read_only=True) as ledger:
        head = ledger.head(5)
    foreign = Checkpoint.sign(Head("other.example", 5, head.root, head.chain, head.time), other)
    report = verify_file(home.db, [home.signer.verifier, other.verifier], known=[foreign])
    assert f"it is of ledger other.example, not of {ORIGIN}" in str(report.findings[0])


def test_a_known_checkpoint_must_be_signed_by_the_ledger(home: Home, tmp_path: Path) -> None:
    other = build(tmp_path / "other").signer
    report = verify_file(home.db, known=[forge(home, 4, other)])
    assert "no signature by the key" in str(report.findings[0])


def test_checkpoints_out_of_order(home: Home) -> None:
    home.change("UPDATE checkpoints SET number = 9 WHERE number = 1")
    home.change("UPDATE checkpoints SET number = 1 WHERE number = 2")
    home.change("UPDATE checkpoints SET number = 2 WHERE number = 9")
    home.change("UPDATE signatures SET checkpoint = 3 - checkpoint WHERE checkpoint < 3")
    assert str(verify_file(home.db).findings[0]).startswith("checkpoint 2: it does not follow the checkpoint before it")


def test_another_public_key_is_not_believed(home: Home, tmp_path: Path) -> None:
    other = build(tmp_path / "other").signer
    report = verify_file(home.db, [other.verifier])
    assert [finding.place for finding in report.findings] == ["checkpoint 1", "checkpoint 2", "checkpoint 3"]
    assert report.signed == 0


def test_a_forgers_bytes_do_not_reach_the_terminal(home: Home) -> None:
    body = value(home, "SELECT body FROM entries WHERE idx = 4").replace(b'"time"', b'"\\u001b[2J":1,"time"')
    home.change("UPDATE entries SET body = ?, hash = ? WHERE idx = 4", body, leaf_hash(body))
    shown = "".join(str(finding) for finding in verify_file(home.db).findings)
    assert "entry 4" in shown
    assert shown.isprintable()


def test_a_lost_origin_is_said(home: Home) -> None:
    for origin in (b"", b"two words", b"\xff", "text"):
        home.change("UPDATE ledger SET origin = ?", origin)
        with pytest.raises(StoreError, match="has lost its origin"):
            Ledger.open(home.db)
    home.change("DELETE FROM ledger")
    with pytest.raises(StoreError, match="has lost its origin"):
        Ledger.open(home.db)


def test_findings_are_bounded(tmp_path: Path) -> None:
    home = build(tmp_path / "long", (150,))
    home.change("UPDATE entries SET body = x'00'")
    report = verify_file(home.db)
    assert (len(report.findings), report.findings[0].place) == (100, "entry 0")
    assert report.more >= 50


def test_an_audit_sees_one_moment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(home.db) as ledger:
        grown: list[int] = []

        def grow(done: int) -> None:
            grown.append(done)
            ledger.append([entry(0)])

        monkeypatch.setattr(audit, "PROGRESS_EVERY", 2)
        report = verify_file(home.db, progress=grow)
    assert grown == [2, 4, 6, 8, 10]
    assert (report.ok, report.entries) == (True, 10)


def test_a_file_that_is_nothing_of_ours(tmp_path: Path, home: Home) -> None:
    (tmp_path / "x").write_bytes(b"anything")
    assert first(verify_file(tmp_path / "x", [home.signer.verifier])) == "header"
    with pytest.raises(StoreError, match="No such file"):
        verify_file(tmp_path / "absent")
