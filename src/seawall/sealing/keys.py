"""The key hierarchy: root keys, and what is derived from them. Nothing here touches a file."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seawall.sealing.errors import KeyFileError

KEY_BYTES = 32
MAX_ROOTS = 256
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class KeyRing:
    """The root keys of one home, oldest first; a root's version is its place, counted from 1.

    The newest root wraps new data keys. Index and MAC keys come from the first, for what they made must be found again
    after a rotation. `protected` tells whether a passphrase guards the keys at rest. Roots never show in repr.
    """

    ring_id: str
    roots: tuple[bytes, ...] = field(repr=False)
    protected: bool

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.ring_id):
            raise KeyFileError("the key ring's id is not 32 hexadecimal digits; restore the key file from a backup")
        if not 1 <= len(self.roots) <= MAX_ROOTS or any(len(root) != KEY_BYTES for root in self.roots):
            raise KeyFileError(f"a key ring holds 1 to {MAX_ROOTS} roots of 256 bits; restore it from a backup")

    @classmethod
    def new(cls, protected: bool) -> KeyRing:
        """A ring of one random root of 256 bits."""
        return cls(secrets.token_hex(16), (secrets.token_bytes(KEY_BYTES),), protected)

    def rotated(self) -> KeyRing:
        """The same ring with a new root, which wraps from now on. KeyFileError when the ring is full."""
        return KeyRing(self.ring_id, (*self.roots, secrets.token_bytes(KEY_BYTES)), self.protected)

    @property
    def version(self) -> int:
        """Version of the newest root."""
        return len(self.roots)

    @cached_property
    def index_key(self) -> bytes:
        """32 bytes: key of the blind indexes."""
        return self.derive("index", 1)

    @cached_property
    def mac_key(self) -> bytes:
        """32 bytes: key of content digests."""
        return self.derive("mac", 1)

    @cached_property
    def check(self) -> str:
        """32 hexadecimal digits that tell this ring from any other and say nothing of its keys."""
        return self.checks[0]

    @cached_property
    def checks(self) -> tuple[str, ...]:
        """The like of every root, oldest first: a damaged root shows before it seals anything."""
        return tuple(self.derive("check", version + 1)[:16].hex() for version in range(self.version))

    def wrap_key(self, version: int) -> bytes:
        """32 bytes: the key that wraps data keys, of one root. KeyFileError when the ring lacks that root."""
        return self.derive("wrap", version)

    def derive(self, label: str, version: int) -> bytes:
        """32 bytes by HKDF-SHA-256 from one root, for one use. KeyFileError when the ring lacks that root."""
        if not 1 <= version <= self.version:
            raise KeyFileError(f"root key {version} is not in the key file, which ends at {self.version}; load it anew")
        info = f"seawall-sealing-1/{label}".encode()
        kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=bytes.fromhex(self.ring_id), info=info)
        return kdf.derive(self.roots[version - 1])


class KeyProvider(Protocol):
    """Where a home's key ring comes from: a local file here, a key service elsewhere."""

    def load(self) -> KeyRing:
        """The ring. KeyFileError says why there is none."""
