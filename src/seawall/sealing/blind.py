"""Blind indexes: what the store files things under, so that its file alone names nobody."""

from __future__ import annotations

from seawall.sealing.errors import SealingError
from seawall.sealing.keys import KeyRing
from seawall.sealing.mac import hmac_under

MAX_BYTES = 4096


class BlindIndex:
    """HMAC-SHA-256 of a value within a space, under the ring's index key."""

    def __init__(self, ring: KeyRing, purpose: str) -> None:
        self._mac, self._purpose = hmac_under(ring.index_key), purpose.encode()

    def digest(self, space: str, value: str) -> bytes:
        """32 bytes. SealingError: an empty value, one over 4,096 bytes, or not valid Unicode."""
        try:
            room, data = space.encode(), value.encode()
        except UnicodeEncodeError:
            raise SealingError("a value is not valid Unicode; send it without lone surrogates") from None
        if not 0 < len(data) <= MAX_BYTES:
            raise SealingError(f"a value of {len(data):,} bytes cannot be looked up; send 1 to {MAX_BYTES:,}")
        return self._mac(b"%b.%d.%b%b" % (self._purpose, len(room), room, data))
