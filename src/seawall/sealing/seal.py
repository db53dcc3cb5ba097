"""One sealed value: AES-256-GCM under a data key, bound to its subject and place.

The text is `sw1.KEY.NONCE.CIPHERTEXT`, each part unpadded base64url: 6 bytes that name the data key, 12 random bytes,
the ciphertext with its tag of 16.
"""

from __future__ import annotations

import binascii
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seawall.sealing.errors import SealingError, TamperError

MAX_VALUE = 1 << 20
MAX_NAME = 4096
KEY_ID_BYTES = 6
_NONCE_BYTES = 12
_TEXT = re.compile(r"sw1\.([\w-]{8})\.([\w-]{16})\.([\w-]{22,})", re.ASCII)


class DataKey(NamedTuple):
    """A subject's data key, ready for use; `key_id` is 8 base64url characters, never used again after erasure."""

    key_id: str
    cipher: AESGCM


def seal_value(key: DataKey, subject: str, place: str, value: bytes) -> str:
    """The sealed text of up to 1 MiB. The same value seals to another text every time. SealingError: too long."""
    if len(value) > MAX_VALUE:
        raise SealingError(f"a value of {len(value):,} bytes is too long to seal; {MAX_VALUE:,} is the most")
    nonce = os.urandom(_NONCE_BYTES)
    sealed = key.cipher.encrypt(nonce, value, _bound_to(key.key_id, subject, place))
    # 12 bytes are 16 characters without padding, so that nonce and ciphertext may be encoded in one go.
    text = urlsafe_b64encode(nonce + sealed).decode().rstrip("=")
    return f"sw1.{key.key_id}.{text[:16]}.{text[16:]}"


def open_value(key: DataKey, subject: str, place: str, text: str) -> bytes:
    """The value in a sealed text. TamperError: changed, or made for another subject, place or key."""
    key_id, nonce, sealed = _split(text)
    if key_id != key.key_id:
        raise TamperError(f"the value at {place!r} is sealed under another data key; open it with that one")
    try:
        return key.cipher.decrypt(nonce, sealed, _bound_to(key_id, subject, place))
    except InvalidTag:
        raise TamperError(
            f"the value at {place!r} was changed or belongs elsewhere; compare the record with the journal"
        ) from None


def key_id_of(text: str) -> str:
    """Which data key sealed the text. TamperError: not a sealed text."""
    return _split(text)[0]


def _split(text: str) -> tuple[str, bytes, bytes]:
    found = _TEXT.fullmatch(text) if len(text) <= 2 * MAX_VALUE else None
    try:
        if found is None:
            raise ValueError("not a sealed text")
        nonce, sealed = _decoded(found[2]), _decoded(found[3])
    except ValueError:
        raise TamperError("this is not a sealed text (sw1.KEY.NONCE.CIPHERTEXT); check the field") from None
    return found[1], nonce, sealed


def _decoded(text: str) -> bytes:
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(data).decode().rstrip("=") != text:
        raise binascii.Error("stray bits")  # else one value had several texts
    return data


def _bound_to(key_id: str, subject: str, place: str) -> bytes:
    try:
        who, where = subject.encode(), place.encode()
    except UnicodeEncodeError:
        raise SealingError("a subject or place is not valid Unicode; send it without lone surrogates") from None
    if not who or len(who) > MAX_NAME or len(where) > MAX_NAME:
        raise SealingError(f"a subject has 1 to {MAX_NAME} bytes and a place at most {MAX_NAME}; send shorter ones")
    return b"sw1.%b.%d.%b%b" % (key_id.encode(), len(who), who, where)
