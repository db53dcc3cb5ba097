"""What a challenge keeps secret: its own key and the mask of where a code went, sealed under the subject's data key."""

from __future__ import annotations

import hmac
import secrets
import time
import uuid
from dataclasses import dataclass

import msgspec

from seawall.sealing import ErasedError, LocalSealer, TamperError, mask

KEY_BYTES = 32
_MASKS = {"sms": "phone", "email": "email"}


class _Sealed(msgspec.Struct):
    key: bytes
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """The key under which code and contact are kept as HMACs; `shown` is what people see of the contact."""

    key: bytes
    shown: str = ""

    def digest(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA-256 of a code or contact."""
        return hmac.digest(self.key, f"{purpose}\n{text}".encode(), "sha256")

    def matches(self, purpose: str, text: str, digest: bytes | None) -> bool:
        """Whether it is the one, in a time that says nothing."""
        return hmac.compare_digest(self.digest(purpose, text), digest or bytes(32)) and digest is not None


def new_secret(channel: str = "", to: str = "") -> Secret:
    """A fresh key; for a code, with the mask of its contact."""
    return Secret(secrets.token_bytes(KEY_BYTES), mask(_MASKS[channel], to) if channel else "")


def sealed(sealer: LocalSealer, subject: str, challenge_id: str, secret: Secret) -> str:
    """The text to keep."""
    value = msgspec.json.encode(_Sealed(secret.key, secret.shown))
    return sealer.seal_durably(subject, f"challenge/{challenge_id}", value)


def opened(sealer: LocalSealer, subject: str, challenge_id: str, text: str) -> Secret | None:
    """The secret in it; None once the subject is erased."""
    if not text:
        return None
    try:
        found = msgspec.json.decode(sealer.open(subject, f"challenge/{challenge_id}", text), type=_Sealed)
    except (ErasedError, TamperError):
        return None
    return Secret(found.key, found.mask)


def new_code(digits: int) -> str:
    """Random digits."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def new_id(now_ms: int | None = None) -> str:
    """UUID version 7: a time, then 74 random bits."""
    at = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    random = secrets.randbits(74)
    number = (at & (1 << 48) - 1) << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=number))
