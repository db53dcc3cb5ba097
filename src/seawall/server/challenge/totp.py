"""Codes of an authenticator: RFC 6238 over the HOTP of RFC 4226. 30 s a step, six digits, SHA-1: every app has it."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from urllib.parse import quote, urlencode

STEP = 30  # s
DIGITS = 6
DRIFT = 1  # steps that a phone's clock may be off, either way
SECRET_BYTES = 20


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int, digits: int = DIGITS, digest: str = "sha1") -> str:
    """The code of one time step, with leading zeros."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), digest)
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}d}"


def matching_step(secret: bytes, code: str, now: float, used: int) -> int | None:
    """The step whose code this is, near `now` (s since 1970) and after `used`, the last one taken; None for no such.

    Every step is compared, so that the time it takes says nothing.
    """
    here, found = int(now) // STEP, None
    for step in range(here - DRIFT, here + DRIFT + 1):
        is_same = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        if is_same and step > used:
            found = step
    return found


def text_of(secret: bytes) -> str:
    """Base32, as people type it."""
    return b32encode(secret).decode().rstrip("=")


def uri_of(secret: bytes, issuer: str, account: str) -> str:
    """The otpauth address that authenticators read from a QR code."""
    label = quote(f"{issuer}:{account}", safe="")
    query = urlencode(
        {"secret": text_of(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP},
        quote_via=quote,
    )
    return f"otpauth://totp/{label}?{query}"
