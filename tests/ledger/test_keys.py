"""The signing key's file: private, durable, never overwritten."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seawall.ledger import SigningKeyError, create_key, load_key, load_public_keys
from seawall.ledger.keys import publish

PASSPHRASE = "correct horse battery"


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_key_comes_back_as_it_was(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "ledger.key"
    made = create_key(path, "example.org/x", passphrase)
    assert load_key(path, "example.org/x", passphrase).verifier == made.verifier
    assert load_public_keys(tmp_path / "ledger.pub") == [made.verifier]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (b"ENCRYPTED" in path.read_bytes()) == (passphrase is not None)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ledger.key", "ledger.pub"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    create_key(path, "a")
    before = path.read_bytes(), (tmp_path / "ledger.pub").read_bytes()
    with pytest.raises(SigningKeyError, match="is there already"):
        create_key(path, "a")
    (tmp_path / "ledger.pub").unlink()
    with pytest.raises(SigningKeyError, match="exists already"):
        create_key(path, "a")
    publish(path, load_key(path, "a"))
    assert (path.read_bytes(), (tmp_path / "ledger.pub").read_bytes()) == before


def test_a_key_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    with pytest.raises(SigningKeyError, match=r"ledger key .*ledger.key cannot be read: No such file"):
        load_key(path, "a")
    with pytest.raises(SigningKeyError, match="at least 12 characters"):
        create_key(path, "a", "short")
    create_key(path, "a", PASSPHRASE)
    with pytest.raises(SigningKeyError, match="give its passphrase"):
        load_key(path, "a")
    with pytest.raises(SigningKeyError, match="wrong passphrase"):
        load_key(path, "a", "another passphrase")
    path.chmod(0o640)
    with pytest.raises(SigningKeyError, match="run chmod 600"):
        load_key(path, "a", PASSPHRASE)
    path.unlink()
    (tmp_path / "ledger.pub").unlink()
    create_key(path, "a")
    with pytest.raises(SigningKeyError, match="drop the passphrase"):
        load_key(path, "a", PASSPHRASE)
    path.write_bytes(b"-----BEGIN")
    with pytest.raises(SigningKeyError, match="damaged"):
        load_key(path, "a")
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SigningKeyError, match="another kind of key"):
        load_key(path, "a")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "no key\n", "a+00000000+AAAA\n", "客户\n"])
def test_a_file_that_holds_no_public_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text, "utf-8")
    with pytest.raises(SigningKeyError):
        load_public_keys(tmp_path / "keys")
