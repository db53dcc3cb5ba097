"""`seawall ledger`: what an auditor types, what it says, and the status it ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seawall.bench import ledger as bench
from seawall.cli import BAD_INPUT, FAILED, OK
from seawall.ledger import Ledger, create_key, load_public_keys

from ..ledger.conftest import ORIGIN, Home, build, entry
from .conftest import Run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return build(tmp_path_factory.mktemp("cli-ledger"), unsigned=2)


@pytest.fixture
def home(made: Home, tmp_path: Path) -> Home:
    return made.copy(tmp_path / "home")


def test_verify_a_home(seawall: Run, home: Home) -> None:
    ran = seawall("ledger", "verify", "--home", str(home.folder))
    assert ran.status == OK
    assert f"{ORIGIN}: 10 entries and 3 checkpoints as recorded" in ran.out
    assert "signed up to entry 7 at 2027-" in ran.out
    assert "2 entries after that are not signed yet" in ran.out
    assert "the public key came with the ledger" in ran.out
    pinned = seawall("ledger", "verify", "--home", str(home.folder), "--key", home.signer.verifier.text)
    assert pinned.status == OK
    assert "the public key came" not in pinned.out


def test_a_changed_ledger_fails_and_is_named(seawall: Run, home: Home) -> None:
    home.change("UPDATE entries SET body = replace(body, 'user:7', 'user:8') WHERE idx = 4")
    ran = seawall("ledger", "verify", "--file", str(home.db))
    assert ran.status == FAILED
    assert ran.out.splitlines()[0].startswith("entry 4: its content was changed")
    as_json = json.loads(seawall("ledger", "verify", "--file", str(home.db), "--json").out)
    assert as_json["ok"] is False
    assert as_json["findings"][0]["place"] == "entry 4"


def test_export_travels_to_another_machine(seawall: Run, home: Home, tmp_path: Path) -> None:
    out = tmp_path / "ledger.ndjson"
    assert seawall("ledger", "export", "--home", str(home.folder), "--out", str(out)).status == OK
    (tmp_path / "kept.pub").write_text(home.signer.verifier.text + "\n", "utf-8")
    verify = ("ledger", "verify", "--file", str(out), "--key", str(tmp_path / "kept.pub"), "--json")
    report = json.loads(seawall(*verify).out)
    assert (report["ok"], report["entries"], report["signed"]) == (True, 8, 8)
    out.write_bytes(out.read_bytes().replace(b"C-5", b"C-6"))
    assert seawall(*verify).status == FAILED


def test_a_kept_checkpoint_shows_what_was_cut_off(seawall: Run, home: Home, tmp_path: Path) -> None:
    ran = seawall("ledger", "checkpoint", "--home", str(home.folder))
    assert ran.status == OK
    kept = tmp_path / "kept.txt"
    kept.write_text(ran.out, "utf-8")
    verify = ("ledger", "verify", "--home", str(home.folder), "--checkpoint", str(kept))
    assert seawall(*verify).status == OK
    for statement in (
        "DELETE FROM entries WHERE idx >= 8",
        "DELETE FROM nodes WHERE position > 7",
        "DELETE FROM checkpoints WHERE size > 8",
    ):
        home.change(statement)
    assert seawall(*verify[:4]).status == OK
    ran = seawall(*verify)
    assert ran.status == FAILED
    assert "the ledger was truncated" in ran.out


def test_proof_of_one_entry(seawall: Run, home: Home, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    for size in ([], ["--size", "8"]):
        proof.write_text(seawall("ledger", "proof", "2", *size, "--home", str(home.folder)).out, "utf-8")
        ran = seawall("ledger", "verify", "--file", str(proof), "--key", str(home.folder / "ledger.pub"))
        assert ran.status == OK
        assert f"{ORIGIN}: entry 2 is among the {size[1] if size else 3} entries signed at 2027-" in ran.out
    proof.write_text(proof.read_text("utf-8").replace("user:7", "user:8"), "utf-8")
    ran = seawall("ledger", "verify", "--file", str(proof), "--key", str(home.folder / "ledger.pub"))
    assert ran.status == FAILED
    assert "entry 2: the path does not lead from it to the root" in ran.out


def test_show(seawall: Run, home: Home) -> None:
    ran = seawall("ledger", "show", "--home", str(home.folder), "--last", "3")
    assert ran.status == OK
    assert "case C-7" in ran.out
    assert "case C-6" not in ran.out
    facts = json.loads(seawall("ledger", "show", "--home", str(home.folder), "--json").out)
    with Ledger.open(home.db, read_only=True) as ledger:
        assert (facts["entries"], facts["signed"], facts["root"]) == (10, 8, ledger.head().root.hex())
    assert facts["key_ids"] == [home.signer.verifier.key_id]
    one = json.loads(seawall("ledger", "show", "4", "--home", str(home.folder)).out)
    assert (one["index"], one["object"]) == (4, {"id": "C-4", "type": "case"})


def test_a_new_ledger_says_that_nothing_is_signed(seawall: Run, tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        ledger.append([entry(0)])
        create_key(tmp_path / "ledger.key", ledger.origin, "correct horse battery")
    ran = seawall("ledger", "show", "--home", str(tmp_path))
    assert "never" in ran.out
    ran = seawall("ledger", "export", "--home", str(tmp_path), "--out", "x")
    assert (ran.status, "run `seawall ledger checkpoint` first" in ran.err) == (BAD_INPUT, True)


def test_the_passphrase_comes_from_the_environment(
    seawall: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        ledger.append([entry(0)])
        signer = create_key(tmp_path / "ledger.key", ledger.origin, "correct horse battery")
    (tmp_path / "ledger.pub").unlink()
    ran = seawall("ledger", "checkpoint", "--home", str(tmp_path))
    assert (ran.status, "give its passphrase" in ran.err) == (BAD_INPUT, True)
    monkeypatch.setenv("SEAWALL_LEDGER_PASSPHRASE", "correct horse battery")
    assert seawall("ledger", "checkpoint", "--home", str(tmp_path)).status == OK
    assert load_public_keys(tmp_path / "ledger.pub") == [signer.verifier], "the public half is made again"
    assert seawall("ledger", "verify", "--home", str(tmp_path)).status == OK


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "--home", "absent"], "cannot be read: No such file"),
        (["verify", "--file", "absent.ndjson"], "cannot be read: No such file"),
        (["show", "--home", "absent"], "no ledger at"),
        (["show", "--home", "HOME", "--last", "-1"], "--last must lie between 0 and 10,000"),
        (["show", "99", "--home", "HOME"], "the ledger has no entry 99; it has 10"),
        (["proof", "9", "--home", "HOME"], "no checkpoint covers entry 9"),
        (["proof", "-1", "--home", "HOME"], "the ledger has no entry -1"),
        (["verify", "--home", "HOME", "--key", "no/such/key"], "public key file no/such/key cannot be read"),
        (["verify", "--home", "HOME", "--key", "a+00000000+AAAA"], "is no public key of the form NAME+ID+BASE64"),
        (["verify", "--home", "HOME", "--checkpoint", "HOME/ledger.pub"], "is no checkpoint"),
    ],
)
def test_bad_input_is_one_line(seawall: Run, home: Home, arguments: list[str], message: str) -> None:
    ran = seawall("ledger", *(word.replace("HOME", str(home.folder)) for word in arguments))
    assert ran.status == BAD_INPUT
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_the_bench_measures_what_it_says(tmp_path: Path) -> None:
    found = {figure.name: figure for figure in bench.figures(64, 1, tmp_path)}
    assert {
        "ledger_append_100",
        "ledger_append_1",
        "ledger_disk_syncs",
        "ledger_inclusion_proof",
        "ledger_verify",
    } <= found.keys()
    assert all(figure.value > 0 for figure in found.values())
    assert list(tmp_path.iterdir()) == []
