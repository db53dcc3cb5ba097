"""Which digests may be in a table: the rest need not be asked for."""

from __future__ import annotations

from collections.abc import Sequence

_LEAST_BITS, _BITS_EACH = 23, 16  # 1 MiB at least; one digest in 16 that is absent is asked for all the same


class Filed:
    """A Bloom filter of one hash, taken from the digests themselves. Never says no to a digest that was added."""

    def __init__(self, digests: Sequence[bytes]) -> None:
        self._bits = max(_LEAST_BITS, (len(digests) * _BITS_EACH).bit_length())
        self._kept = bytearray(1 << self._bits - 3)
        for digest in digests:
            self.add(digest)

    def add(self, digest: bytes) -> None:
        """From now on it may be there."""
        place = int.from_bytes(digest[:8], "big") >> 64 - self._bits
        self._kept[place >> 3] |= 1 << (place & 7)

    def __contains__(self, digest: bytes) -> bool:
        place = int.from_bytes(digest[:8], "big") >> 64 - self._bits
        return bool(self._kept[place >> 3] >> (place & 7) & 1)
