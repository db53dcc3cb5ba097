"""Commitments: what an entry keeps of a value that may one day have to be forgotten.

The entry holds SHA-256("seawall-commitment-1" ‖ 0 ‖ salt ‖ name ‖ 0 ‖ value). The salt and the value live outside the
ledger; once the salt is erased, nobody can tell which value was meant, not even by trying all of them.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from hmac import compare_digest

from seawall.ledger.errors import EntryError

SALT_BYTES = 32
_DOMAIN = b"seawall-commitment-1\x00"


def new_salt() -> bytes:
    """32 random bytes; one salt is for one value of one entry and is never used again."""
    return secrets.token_bytes(SALT_BYTES)


def commit(name: str, value: str | bytes, salt: bytes) -> str:
    """64 hexadecimal digits. EntryError: a salt of another length, a name with NUL, text that is not valid Unicode."""
    if len(salt) != SALT_BYTES:
        raise EntryError(f"a commitment's salt has {SALT_BYTES} bytes, not {len(salt):,}; use new_salt()")
    try:
        label = name.encode()
        content = value.encode() if isinstance(value, str) else value
    except UnicodeEncodeError:
        raise EntryError("a commitment's name or value is not valid Unicode; send it without lone surrogates") from None
    if b"\x00" in label:
        raise EntryError("a commitment's name holds NUL; name it in plain text")
    return sha256(_DOMAIN + salt + label + b"\x00" + content).hexdigest()


def opens(commitment: str, name: str, value: str | bytes, salt: bytes) -> bool:
    """Whether this is the value that the commitment was made of."""
    return compare_digest(commitment.encode("utf-8", "replace"), commit(name, value, salt).encode())
