from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from seawall.sealing import KeyFileError, LocalKeyFile, OpenKeyWarning, Work

LIGHT = Work(n=2**14)
PHRASE = "correct horse battery"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seawall.key"


def test_a_sealed_file_comes_back_and_holds_no_root_in_clear(path: Path) -> None:
    file = LocalKeyFile(path, PHRASE)
    ring = file.create(LIGHT)
    assert file.load() == ring
    assert ring.protected
    assert path.stat().st_mode & 0o777 == 0o600
    assert "roots" not in json.loads(path.read_text())
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert PHRASE not in repr(file)


def test_an_open_file_warns_loudly_every_time(path: Path) -> None:
    with pytest.warns(OpenKeyWarning, match="NOT PROTECTED"):
        ring = LocalKeyFile(path).create()
    with pytest.warns(OpenKeyWarning, match="NOT PROTECTED"):
        assert LocalKeyFile(path).load() == ring
    with pytest.raises(KeyFileError, match="is open, yet a passphrase"):
        LocalKeyFile(path, PHRASE).load()


def test_a_wrong_or_missing_passphrase_is_told(path: Path) -> None:
    LocalKeyFile(path, PHRASE).create(LIGHT)
    with pytest.raises(KeyFileError, match="wrong passphrase"):
        LocalKeyFile(path, PHRASE + "!").load()
    with pytest.raises(KeyFileError, match="is sealed; give its passphrase"):
        LocalKeyFile(path).load()
    with pytest.raises(KeyFileError, match="at least 8"):
        LocalKeyFile(path.with_name("other"), "short").create(LIGHT)
    with pytest.raises(KeyFileError, match="valid Unicode"):
        LocalKeyFile(path.with_name("other"), "longer \ud800").create(LIGHT)


def test_both_spellings_of_an_accent_are_one_passphrase(path: Path) -> None:
    ring = LocalKeyFile(path, "caf\u00e9 society").create(LIGHT)
    assert LocalKeyFile(path, "cafe\u0301 society").load() == ring


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o660])
def test_a_file_others_may_touch_is_refused(path: Path, mode: int) -> None:
    LocalKeyFile(path, PHRASE).create(LIGHT)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        LocalKeyFile(path, PHRASE).load()


def test_an_existing_file_is_never_overwritten(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(KeyFileError, match="exists already"):
        LocalKeyFile(path, PHRASE).create(LIGHT)
    assert path.read_text() == "precious"
    assert len(list(path.parent.iterdir())) == 1


def test_absent_folder_and_pipe_are_told(path: Path) -> None:
    with pytest.raises(KeyFileError, match="no key file at"):
        LocalKeyFile(path).load()
    with pytest.raises(KeyFileError, match="cannot be written"):
        LocalKeyFile(path / "deeper", PHRASE).create(LIGHT)
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyFileError, match="not a plain file"):
        LocalKeyFile(path).load()


def test_rotation_and_a_new_passphrase_keep_the_roots(path: Path) -> None:
    file = LocalKeyFile(path, PHRASE)
    first = file.create(LIGHT)
    turned = file.rotate()
    assert turned.roots[0] == first.roots[0]
    assert file.load() == turned
    changed = file.change_passphrase("another phrase", LIGHT)
    assert changed.load() == turned
    with pytest.raises(KeyFileError, match="wrong passphrase"):
        file.load()


@pytest.mark.filterwarnings("ignore::seawall.sealing.OpenKeyWarning")
def test_any_changed_character_of_an_open_file_is_found(path: Path) -> None:
    LocalKeyFile(path).create()
    LocalKeyFile(path).rotate()
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(KeyFileError):
            LocalKeyFile(path).load()


def test_a_changed_sealed_file_is_found(path: Path) -> None:
    LocalKeyFile(path, PHRASE).create(LIGHT)
    body = json.loads(path.read_text())
    cheaper = body | {"scrypt": body["scrypt"] | {"p": 2}}
    moved = body | {"ring": "0" * 32}
    for changed in (cheaper, moved, body | {"sealed": body["sealed"][:-8] + "AAAAAAA="}):
        path.write_text(json.dumps(changed))
        with pytest.raises(KeyFileError, match="wrong passphrase"):
            LocalKeyFile(path, PHRASE).load()


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"format":"seawall-keys-1"}', "[" * 50_000, "x" * 70_000, "\xff",
        '{"format":"seawall-keys-1","ring":1,"checks":1,"roots":1}',
        '{"format":"seawall-keys-1","ring":"","checks":[],"roots":""}',
        '{"format":"seawall-keys-1","ring":"","checks":[],"scrypt":5}',
        '{"format":"seawall-keys-1","ring":"","checks":[],"scrypt":{"n":1e9,"r":8,"p":1,"salt":""}}',
        '{"format":"seawall-keys-1","ring":"","checks":[],"scrypt":{"n":1099511627776,"r":8,"p":1,"salt":""}}',
        '{"format":"seawall-keys-1","ring":"","checks":[],"scrypt":{"n":16384,"r":8,"p":1,"salt":""},"nonce":"","sealed":""}',
    ],
)  # fmt: skip
def test_rubbish_is_refused(path: Path, text: str) -> None:
    path.write_text(text, "latin-1")
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        LocalKeyFile(path, PHRASE).load()


@pytest.mark.parametrize(
    "bad", [{"n": 2**13}, {"n": 2**14 + 1}, {"n": 2**21}, {"r": 4}, {"p": 0}, {"n": 2**20, "r": 16}]
)
def test_work_is_bounded(bad: dict[str, int]) -> None:
    with pytest.raises(KeyFileError, match="scrypt"):
        Work(**bad)
