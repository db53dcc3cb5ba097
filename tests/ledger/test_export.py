"""Exports and proofs: verified without the ledger, and not one byte of them can change unseen."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from seawall.ledger import (
    CheckpointError,
    Ledger,
    LedgerError,
    StoreError,
    create_key,
    export,
    prove,
    verify_file,
)

from .conftest import ORIGIN, Home, build, entry


@pytest.fixture(scope="session")
def exported(pristine: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(pristine.db, tmp_path_factory.mktemp("export") / "ledger.ndjson", [pristine.signer.verifier])


def test_an_export_is_the_signed_part(exported: Path, pristine: Home) -> None:
    lines = exported.read_bytes().splitlines()
    header, *rest = (json.loads(line) for line in lines)
    assert header["header"]["keys"] == [pristine.signer.verifier.text]
    assert [one["entry"]["index"] for one in rest[:8]] == list(range(8))
    assert ["checkpoint" in one for one in rest[8:]] == [True, True, True, False]
    assert rest[-1] == {"sha256": sha256(b"\n".join(lines[:-1]) + b"\n").hexdigest()}
    with Ledger.open(pristine.db, read_only=True) as ledger:
        body = ledger.body(5)
    assert lines[6] == b'{"entry":' + body + b',"hash":"' + sha256(b"\x00" + body).hexdigest().encode() + b'"}'
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    report = verify_file(exported)
    assert report.findings == []
    assert (report.origin, report.entries, report.checkpoints, report.signed) == (ORIGIN, 8, 3, 8)
    assert verify_file(exported, [pristine.signer.verifier]).ok


def test_any_changed_byte_is_named(tmp_path: Path) -> None:
    home = build(tmp_path / "home", (2, 1))
    data = export(home.db, tmp_path / "ledger.ndjson", [home.signer.verifier]).read_bytes()
    lines = data.splitlines(keepends=True)
    places = ["header", "entry 0", "entry 1", "entry 2", "checkpoint 1", "checkpoint 2", "last line"]
    assert len(lines) == len(places)
    changed = tmp_path / "changed.ndjson"
    start = 0
    for line, place in zip(lines, places, strict=True):
        for spot in range(start, start + len(line)):
            changed.write_bytes(data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1 :])
            report = verify_file(changed)
            assert not report.ok, f"byte {spot}"
            assert report.findings[0].place == place, f"byte {spot}: {report.findings[0]}"
        start += len(line)


def test_any_end_of_line_is_missed(exported: Path, tmp_path: Path) -> None:
    data = exported.read_bytes()
    changed = tmp_path / "changed.ndjson"
    for spot in (place for place, byte in enumerate(data) if byte == 10):
        changed.write_bytes(data[:spot] + b" " + data[spot + 1 :])
        assert not verify_file(changed).ok


def test_another_way_to_write_the_same_note_is_named(exported: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.ndjson"
    changed.write_bytes(exported.read_bytes().replace(b'{"checkpoint":', b'{ "checkpoint":', 1))
    assert verify_file(changed).findings[0].place == "checkpoint 1"


def cuts(data: bytes) -> Iterator[int]:
    yield from (place + 1 for place, byte in enumerate(data[:-1]) if byte == 10)
    yield from (0, 1, 300, len(data) - 1)


def test_any_cut_is_found(exported: Path, tmp_path: Path) -> None:
    data = exported.read_bytes()
    changed = tmp_path / "changed.ndjson"
    for end in cuts(data):
        changed.write_bytes(data[:end])
        assert not verify_file(changed).ok, f"cut at {end}"
    changed.write_bytes(data + b"\n")
    assert verify_file(changed).findings[0].place == "last line"


def test_a_forged_export_does_not_fit_the_real_key(exported: Path, pristine: Home, tmp_path: Path) -> None:
    forged = build(tmp_path / "forged")
    path = export(forged.db, tmp_path / "forged.ndjson", [forged.signer.verifier])
    assert verify_file(path).ok, "it fits its own key"
    report = verify_file(path, [pristine.signer.verifier])
    assert report.findings[0].place == "checkpoint 1"
    assert "no signature by the key" in report.findings[0].message


def test_an_export_goes_where_it_is_told_and_over_nothing(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = export(home.db, folder, [home.signer.verifier])
    assert path == folder / "example.org-ledger-8.ndjson"
    assert [file.name for file in folder.iterdir()] == [path.name]
    with pytest.raises(StoreError, match="exists already"):
        export(home.db, path, [home.signer.verifier])
    with pytest.raises(StoreError, match="No such file"):
        export(home.db, tmp_path / "absent" / "x", [home.signer.verifier])


def test_nothing_signed_nothing_exported(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.db", ORIGIN) as ledger:
        ledger.append([entry(0)])
        signer = create_key(tmp_path / "ledger.key", ORIGIN)
        with pytest.raises(CheckpointError, match="nothing is signed yet"):
            export(tmp_path / "ledger.db", tmp_path / "x.ndjson", [signer.verifier])
        with pytest.raises(CheckpointError, match="no checkpoint covers entry 0"):
            prove(ledger, 0)


# --- proofs -----------------------------------------------------------------------------------------------------------


def test_a_proof_stands_alone(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    with Ledger.open(home.db, read_only=True) as ledger:
        for index in range(8):
            path.write_text(prove(ledger, index).text, "utf-8")
            report = verify_file(path, [home.signer.verifier])
            assert report.findings == []
            assert report.proved == index
        assert '"checkpoint": "example.org/ledger\\n8\\n' in prove(ledger, 0, 8).text
        with pytest.raises(LedgerError, match="does not hold entry 5"):
            prove(ledger, 5, 4)
        with pytest.raises(CheckpointError, match="no checkpoint is over 5 entries"):
            prove(ledger, 2, 5)
    with pytest.raises(LedgerError, match="brings no key"):
        verify_file(path)


def test_a_changed_proof_is_refused(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    with Ledger.open(home.db, read_only=True) as ledger:
        text = prove(ledger, 5).text
    quoted = [place for place, letter in enumerate(text) if letter.isalnum()]
    for place in quoted[::5]:
        path.write_text(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :], "utf-8")
        report = verify_file(path, [home.signer.verifier])
        assert not report.ok, text[place - 20 : place + 20]
        assert report.findings[0].place in ("proof", "checkpoint", "entry 5", "entry 1", "entry 2")
