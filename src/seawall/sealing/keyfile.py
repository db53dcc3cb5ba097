"""The local key file: a key ring at rest, sealed by a passphrase or, for trials, open."""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
import unicodedata
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from seawall.sealing.errors import KeyFileError
from seawall.sealing.keys import KEY_BYTES, KeyRing

FORMAT = "seawall-keys-1"
MAX_BYTES = 64 * 1024
SHORTEST_PASSPHRASE = 8
_SALT_BYTES, _NONCE_BYTES = 16, 12


class OpenKeyWarning(UserWarning):
    """The root key lies on the disk unprotected."""


@dataclass(frozen=True, slots=True)
class Work:
    """Parameters of scrypt: memory is 128·n·r bytes. The default takes 128 MiB and a few tenths of a second."""

    n: int = 2**17
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        whole = all(type(value) is int for value in (self.n, self.r, self.p))
        if not (whole and 2**14 <= self.n <= 2**20 and not self.n & self.n - 1 and 8 <= self.r <= 32):
            raise KeyFileError(
                "scrypt's n is a power of 2 from 2^14 to 2^20 and its r is 8 to 32; restore the key file"
            )
        if not 1 <= self.p <= 16 or self.n * self.r > 2**23:
            raise KeyFileError("scrypt's p is 1 to 16 and its memory at most 1 GiB; restore the key file")


@dataclass(frozen=True)
class LocalKeyFile:
    """A KeyProvider over one file of mode 0600. Without a passphrase every use warns loudly."""

    path: Path
    passphrase: str | None = field(default=None, repr=False)

    def create(self, work: Work | None = None) -> KeyRing:
        """Makes the file, durably, with a new ring; never over an existing file (KeyFileError)."""
        ring = KeyRing.new(self.passphrase is not None)
        _write(self.path, _encode(ring, self.passphrase, work or Work()), replace=False)
        self._warn(ring)
        return ring

    def load(self) -> KeyRing:
        """The ring in the file. KeyFileError: absent, readable by others, damaged, or a wrong passphrase."""
        ring, _ = self._read()
        self._warn(ring)
        return ring

    def rotate(self) -> KeyRing:
        """Adds a root key, durably, and returns the new ring; `SubjectKeys.rewrap` then moves the data keys to it."""
        ring, work = self._read()
        rotated = ring.rotated()
        _write(self.path, _encode(rotated, self.passphrase, work), replace=True)
        self._warn(rotated)
        return rotated

    def change_passphrase(self, new: str | None, work: Work | None = None) -> LocalKeyFile:
        """Seals the same ring under another passphrase (None: leaves it open); returns the file as it is then."""
        ring, _ = self._read()
        changed = KeyRing(ring.ring_id, ring.roots, new is not None)
        _write(self.path, _encode(changed, new, work or Work()), replace=True)
        self._warn(changed)
        return LocalKeyFile(self.path, new)

    def _read(self) -> tuple[KeyRing, Work]:
        return _decode(_read(self.path), self.passphrase, self.path)

    def _warn(self, ring: KeyRing) -> None:
        if not ring.protected:
            warnings.warn(
                f"the root key in {self.path} is NOT PROTECTED: whoever copies this file can read every sealed value; "
                "set a passphrase before real data enters",
                OpenKeyWarning,
                stacklevel=3,
            )


# --- form -------------------------------------------------------------------------------------------------------------


def _encode(ring: KeyRing, passphrase: str | None, work: Work) -> bytes:
    head: dict[str, object] = {"format": FORMAT, "ring": ring.ring_id, "checks": list(ring.checks)}
    roots = b"".join(ring.roots)
    if passphrase is None:
        return _json(head | {"roots": _text(roots)})
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    head |= {"scrypt": {"n": work.n, "r": work.r, "p": work.p, "salt": _text(salt)}}
    sealed = AESGCM(_stretched(passphrase, salt, work)).encrypt(nonce, roots, _json(head))
    return _json(head | {"nonce": _text(nonce), "sealed": _text(sealed)})


def _decode(data: bytes, passphrase: str | None, path: Path) -> tuple[KeyRing, Work]:
    damaged = KeyFileError(f"key file {path} is damaged; restore it from a backup")
    try:
        body = json.loads(data)
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            raise KeyFileError(f"{path} is not a key file of format {FORMAT}; check the path")
        head = {name: body[name] for name in ("format", "ring", "checks")}
        if "scrypt" in body:
            head |= {"scrypt": body["scrypt"]}
            scrypt = body["scrypt"]
            work, salt = Work(scrypt["n"], scrypt["r"], scrypt["p"]), _bytes(scrypt["salt"])
            nonce, sealed = _bytes(body["nonce"]), _bytes(body["sealed"])
        else:
            work, roots = Work(), _bytes(body["roots"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged from error
    protected = "scrypt" in body
    if protected:
        if passphrase is None:
            raise KeyFileError(f"key file {path} is sealed; give its passphrase")
        if len(salt) != _SALT_BYTES or len(nonce) != _NONCE_BYTES:
            raise damaged
        try:
            roots = AESGCM(_stretched(passphrase, salt, work)).decrypt(nonce, sealed, _json(head))
        except InvalidTag:
            raise KeyFileError(
                f"wrong passphrase for key file {path}, or the file is damaged; try again, else restore it"
            ) from None
    elif passphrase is not None:
        raise KeyFileError(f"key file {path} is open, yet a passphrase was given; drop it, or seal the file with it")
    if len(roots) % KEY_BYTES or not isinstance(head["ring"], str):
        raise damaged
    split = tuple(roots[start : start + KEY_BYTES] for start in range(0, len(roots), KEY_BYTES))
    ring = KeyRing(head["ring"], split, protected)
    if list(ring.checks) != head["checks"]:
        raise damaged
    return ring, work


def _stretched(passphrase: str, salt: bytes, work: Work) -> bytes:
    normal = unicodedata.normalize("NFC", passphrase)
    if len(normal) < SHORTEST_PASSPHRASE:
        raise KeyFileError(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters; give a longer one")
    try:
        secret = normal.encode()
    except UnicodeEncodeError:
        raise KeyFileError("the passphrase is not valid Unicode; type it again") from None
    try:
        return Scrypt(salt=salt, length=KEY_BYTES, n=work.n, r=work.r, p=work.p).derive(secret)
    except MemoryError:
        raise KeyFileError(f"scrypt needs {128 * work.n * work.r >> 20} MiB of memory; free some and retry") from None


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: Any) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError("not base64") from error
    if _text(data) != text:
        raise ValueError("stray bits after the last byte")
    return data


# --- file -------------------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyFileError(f"no key file at {path}; create one, or restore it from a backup") from None
    except OSError as error:
        raise KeyFileError(f"key file {path} cannot be read: {error.strerror}") from None
    with os.fdopen(file, "rb") as opened:
        # Of the opened file, so that nobody can swap it between the check and the read.
        mode = os.fstat(opened.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileError(f"{path} is not a plain file; give the path of a key file")
        if mode & 0o077:
            raise KeyFileError(f"key file {path} is open to other users (mode {mode & 0o777:04o}); run chmod 600 on it")
        data = opened.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise KeyFileError(f"{path} is longer than any key file; check the path")
    return data


def _write(path: Path, data: bytes, replace: bool) -> None:
    """All or nothing, durable on return; without `replace`, never over an existing file."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(file, "wb") as opened:
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
            if replace:
                os.replace(draft, path)
            else:
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError:
        raise KeyFileError(f"{path} exists already; a key file is never overwritten, choose another path") from None
    except OSError as error:
        raise KeyFileError(f"key file {path} cannot be written: {error.strerror}") from None


def sync_folder(folder: Path) -> None:
    """Makes the folder's entries durable. OSError when the disk refuses."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
