"""Signatures of webhooks: HMAC-SHA256 over `timestamp.body`, one for each secret that is valid."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

HEADER = "Seawall-Signature"
PREFIX = "whsec_"


def new_secret() -> tuple[str, str]:
    """A key id and a secret of 256 random bits, as the receiver stores it."""
    return f"k{secrets.token_hex(4)}", PREFIX + secrets.token_urlsafe(32)


def signature(keys: Iterable[tuple[str, str]], timestamp: int, body: bytes) -> str:
    """The header's value: `t=SECONDS,KEY_ID=HEX[,KEY_ID=HEX]`; `keys` are (key id, secret)."""
    signed = str(timestamp).encode() + b"." + body
    parts = [f"{key_id}={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for key_id, secret in keys]
    return ",".join([f"t={timestamp}", *parts])
