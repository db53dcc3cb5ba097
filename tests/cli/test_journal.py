"""`seawall journal`: what it prints of a journal, whole, damaged, or being written."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from seawall.engine.decision import Decision
from seawall.engine.door import Event, Label
from seawall.engine.journal import (
    GENESIS,
    ActivationRecord,
    ErasureRecord,
    Journal,
    Kind,
    encode_activation,
    encode_erasure,
    encode_event,
    encode_label,
    encode_list_entry,
)
from seawall.engine.lists import ListEntry

from .conftest import Run

DECISION = Decision(
    event_id="e-1", event_type="t", policy="p@1", sequence=1, outcome="review", score=60, rules=("r",), reasons=("R",),
    list_hits=("watch/w",), degraded=(), late_by_ms=0, effective_ms=6, content_hash="ab" * 32, row=(1, None, 0.5),
)  # fmt: skip
FIELDS = {"card": "card_surrogate", "name": "sw1.a.b.c", "amount": 5}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose journal has five records, one of each kind, in two batches."""
    folder = tmp_path / "home"
    folder.mkdir()
    with Journal(folder / "journal.db") as journal:
        digest = journal.put_bundle(b"the pack")
        event = Event("e-1", "t", 5, 6, FIELDS, b"\x01\xff", 1)
        entry = ListEntry(list="watch", entry_id="w", key="k", reason="r", owner="o", valid_from=1, valid_until=9)
        journal.append([(Kind.ACTIVATION, encode_activation(ActivationRecord("p@1", digest, 4)))])
        journal.append(
            [
                (Kind.EVENT, encode_event(event, DECISION)),
                (Kind.LABEL, encode_label(Label("fraud", "e-1", 7, 8, {"card": "card_surrogate"}, b"\x02"))),
                (Kind.LIST_ENTRY, encode_list_entry(entry)),
                (Kind.ERASURE, encode_erasure(ErasureRecord("customer_x", 9, 1, 2))),
            ]
        )
    return folder


def damage(home: Path) -> None:
    """In the payload of record 1."""
    data = (home / "journal.db").read_bytes()
    assert data.count(b"sw1.a.b.c") == 1
    (home / "journal.db").write_bytes(data.replace(b"sw1.a.b.c", b"sw1.a.b.d"))


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_verify_says_that_all_is_good(seawall: Run, home: Path) -> None:
    with Journal(home / "journal.db") as journal:  # a service writes meanwhile
        chain = journal.chain.hex()
        ran = seawall("journal", "verify", "--home", str(home))
        assert (ran.status, ran.err) == (0, "")
        assert ran.out == f"5 good records, 0 to 4, 1 bundles; chain {chain}\n"
    ran = seawall("journal", "verify", "--file", str(home / "journal.db"), "--json")
    wanted = {"records": 5, "last": 4, "chain": chain, "bundles": 1, "problem": None}
    assert (ran.status, json.loads(ran.out)) == (0, wanted)


def test_verify_names_damage_with_status_1(seawall: Run, home: Path) -> None:
    damage(home)
    ran = seawall("journal", "verify", "--home", str(home))
    assert ran.status == 1
    assert ran.out.startswith("1 good records, 0 to 0; chain ")
    assert "record 1 is damaged (its checksum differs); `seawall journal salvage` keeps the records up to 0" in ran.err
    ran = seawall("journal", "verify", "--home", str(home), "--json")
    assert (ran.status, ran.err) == (1, "")
    assert "record 1 is damaged" in json.loads(ran.out)["problem"]


def test_stats(seawall: Run, home: Path) -> None:
    found = json.loads(seawall("journal", "stats", "--home", str(home), "--json").out)
    assert found["kinds"] == {"event": 1, "label": 1, "list_entry": 1, "activation": 1, "erasure": 1, "setting": 0}
    assert (found["records"], found["batches"], found["mean_batch"], found["bundle_bytes"]) == (5, 2, 2.5, 8)
    ran = seawall("journal", "stats", "--home", str(home))
    assert ran.status == 0
    assert "records       5\nkinds         event 1, label 1, list_entry 1" in ran.out


def test_export_shows_records_as_they_were_admitted(seawall: Run, home: Path) -> None:
    ran = seawall("journal", "export", "--home", str(home))
    assert (ran.status, ran.err) == (0, "")
    activation, event, label, entry, erasure = lines(ran.out)
    assert [one["sequence"] for one in lines(ran.out)] == [0, 1, 2, 3, 4]
    assert activation["kind"] == "activation"
    assert activation["activation"] == {"policy": "p@1", "digest": hashlib.sha256(b"the pack").hexdigest(), "at": 4}
    assert event["event"] == {
        "event_id": "e-1", "type": "t", "event_time": 5, "received_at": 6, "fields": FIELDS, "mac": "01ff",
        "version": 1,
    }  # fmt: skip
    decision = event["decision"]
    assert (decision["outcome"], decision["score"], decision["rules"], decision["reasons"]) == (
        "review",
        60,
        ["r"],
        ["R"],
    )
    assert decision.keys() == set(Decision.__struct_fields__) - {"row"}
    assert label["label"]["label"] == "fraud"
    assert entry["list_entry"]["entry_id"] == "w"
    assert erasure["erasure"] == {"subject": "customer_x", "at": 9, "keys": 1, "links": 2}
    with Journal(home / "journal.db", read_only=True) as journal:
        assert [one.get("chain") for one in (event, label, entry, erasure)] == [None, None, None, journal.chain.hex()]


def test_an_export_with_payloads_can_be_checked_by_itself(seawall: Run, home: Path) -> None:
    chain, checked = GENESIS, 0
    for one in lines(seawall("journal", "export", "--home", str(home), "--payload").out):
        payload = base64.b64decode(one["payload"])
        head = one["sequence"].to_bytes(8, "little") + bytes([Kind[one["kind"].upper()]])
        head += len(payload).to_bytes(4, "little")
        frame = head + zlib.crc32(head + payload).to_bytes(4, "little") + payload
        chain = hashlib.sha256(chain + frame).digest()
        if "chain" in one:
            assert one["chain"] == chain.hex()
            checked += 1
    assert checked == 2


@pytest.mark.parametrize(
    ("arguments", "sequences", "chains"),
    [
        ((), [0, 1, 2, 3, 4], [0, 4]),
        (("--after", "0"), [1, 2, 3, 4], [4]),
        (("--after", "1", "--limit", "2"), [2, 3], []),
        (("--limit", "1"), [0], [0]),
        (("--after", "3", "--limit", "99"), [4], [4]),
        (("--after", "4"), [], []),
        (("--after", "77"), [], []),
    ],
)
def test_a_part_of_the_journal(
    seawall: Run, home: Path, arguments: tuple[str, ...], sequences: list[int], chains: list[int]
) -> None:
    ran = seawall("journal", "export", "--home", str(home), *arguments)
    assert ran.status == 0
    assert [one["sequence"] for one in lines(ran.out)] == sequences
    assert [one["sequence"] for one in lines(ran.out) if "chain" in one] == chains


def test_export_to_a_file_that_is_private_and_whole(seawall: Run, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    ran = seawall("journal", "export", "--home", str(home), "--out", str(out))
    assert (ran.status, ran.out) == (0, f"5 records: {out}\n")
    assert out.stat().st_mode & 0o777 == 0o600
    before = out.read_bytes()
    assert len(lines(before.decode())) == 5
    damage(home)
    ran = seawall("journal", "export", "--home", str(home), "--out", str(out))
    assert ran.status == 2
    assert "record 1 is damaged" in ran.err
    assert out.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["home", "out.ndjson"]


def test_salvage(seawall: Run, home: Path, tmp_path: Path) -> None:
    damage(home)
    new = tmp_path / "new.db"
    ran = seawall("journal", "salvage", "--home", str(home), "--to", str(new))
    assert ran.status == 0
    assert ran.out.startswith("1 good records, 0 to 0, 1 bundles; chain ")
    assert "record 1 is damaged" in ran.err
    assert seawall("journal", "verify", "--file", str(new)).status == 0
    ran = seawall("journal", "salvage", "--file", str(new), "--to", str(tmp_path / "again.db"))
    assert (ran.status, ran.err) == (0, "seawall: nothing was damaged; all records were copied\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stats", "--file", "none.db"), "journal none.db does not exist; check the path"),
        (("export", "--after", "-2"), "--after must be a record's number or -1"),
        (("export", "--limit", "0"), "--limit at least 1"),
        (("salvage",), "required: --to"),
        (("salvage", "--home", "home", "--to", "home/journal.db"), "exists; salvage writes a new file only"),
        (("export", "--home", "home", "--out", "home/journal.db"), "is the journal itself; name another file"),
    ],
)
def test_bad_input(
    seawall: Run, home: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.delenv("SEAWALL_HOME")
    before = (home / "journal.db").read_bytes()
    ran = seawall("journal", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err
    assert (home / "journal.db").read_bytes() == before


def test_the_benchmark_has_its_fixed_figures(seawall: Run) -> None:
    ran = seawall("bench", "journal", "--events", "130", "--repeats", "1", "--json")
    assert ran.status == 0
    figures = json.loads(ran.out)["figures"]
    suffixes = ("", "_sqlite_rows", "_file", "_p50", "_p99", "_commits")
    assert [one["name"] for one in figures] == [f"journal_{count}{suffix}" for count in (64, 1) for suffix in suffixes]
    assert all(one["value"] > 0 for one in figures)
    assert [one["unit"] for one in figures[:6]] == [*["records/s"] * 3, "ms", "ms", "commits/s"]
