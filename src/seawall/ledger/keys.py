"""The ledger's signing key: a PKCS#8 PEM file of mode 0600, under a passphrase or open; its public half beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from seawall.ledger.errors import SigningKeyError
from seawall.ledger.files import new_file
from seawall.ledger.note import Signer, Verifier

SHORTEST_PASSPHRASE = 12
MAX_BYTES = 64 * 1024
MAX_KEYS = 64


def create_key(path: Path, name: str, passphrase: str | None = None) -> Signer:
    """Makes the file, durably, and its public half as PATH with the suffix .pub; never over an existing file."""
    if public_path(path).exists():
        raise SigningKeyError(f"{public_path(path)} is there already, of another key; choose another path, or move it")
    signer = Signer(name, Ed25519PrivateKey.generate())
    pem = signer.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption(passphrase))
    _write(path, pem, 0o600)
    publish(path, signer)
    return signer


def publish(path: Path, signer: Signer) -> None:
    """Writes the public half beside the key file at `path`, where it is missing."""
    if not public_path(path).exists():
        _write(public_path(path), f"{signer.verifier.text}\n".encode(), 0o644)


def public_path(path: Path) -> Path:
    """Where the public half of a key file, or of the ledger beside it, lies."""
    return path.with_suffix(".pub")


def load_key(path: Path, name: str, passphrase: str | None = None) -> Signer:
    """The signer in the file. SigningKeyError: absent, open to others, damaged, another kind, wrong passphrase."""
    pem = _read(path, private=True)
    try:
        key = load_pem_private_key(pem, None if passphrase is None else passphrase.encode())
    except TypeError:
        asked = "give its passphrase" if passphrase is None else "drop the passphrase, the file has none"
        raise SigningKeyError(f"ledger key {path} cannot be unlocked; {asked}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SigningKeyError(f"ledger key {path}: wrong passphrase, or damaged; restore it from a backup") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{path} holds another kind of key than Ed25519; check the path")
    return Signer(name, key)


def load_public_keys(path: Path) -> list[Verifier]:
    """The public keys of a file, one NAME+ID+BASE64 a line; # begins a comment."""
    try:
        lines = _read(path, private=False).decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise SigningKeyError(f"{path} is not a file of public keys; check the path") from None
    found = [Verifier.parse(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    if not 0 < len(found) <= MAX_KEYS:
        raise SigningKeyError(f"{path} holds {len(found):,} public keys; give a file of 1 to {MAX_KEYS}")
    return found


def _encryption(passphrase: str | None) -> KeySerializationEncryption:
    if passphrase is None:
        return NoEncryption()
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise SigningKeyError(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters; give a longer one")
    return BestAvailableEncryption(passphrase.encode())


def _read(path: Path, private: bool) -> bytes:
    what = "ledger key" if private else "public key file"
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode  # of the opened file: nobody can swap it in between
            if not stat.S_ISREG(mode):
                raise SigningKeyError(f"{path} is not a plain file; give the path of a {what}")
            if private and mode & 0o077:
                raise SigningKeyError(f"{what} {path} is open to other users; run chmod 600 on it")
            return file.read(MAX_BYTES)
    except OSError as error:
        raise SigningKeyError(f"{what} {path} cannot be read: {error.strerror}; make or restore it") from None


def _write(path: Path, data: bytes, mode: int) -> None:
    """All or nothing, durable on return, never over an existing file."""
    try:
        with new_file(path, mode) as file:
            file.write(data)
    except FileExistsError:
        raise SigningKeyError(f"{path} exists already; a key is never overwritten, choose another path") from None
    except OSError as error:
        raise SigningKeyError(f"{path} cannot be written: {error.strerror}; check its folder") from None
