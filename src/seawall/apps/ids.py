"""UUIDv7: identifiers that sort by the time they were made (RFC 9562 §5.7)."""

from __future__ import annotations

import secrets
import threading
import time
import uuid

_RANDOM_BITS = 74
_COUNTER_ROOM = 1 << 32  # what one millisecond's start leaves free above it
_lock = threading.Lock()
_last = (0, 0)  # millisecond and random part of the newest id of this process


def uuid7() -> uuid.UUID:
    """A new id. Within a process ids grow strictly, also within one millisecond and when the clock steps back."""
    global _last
    with _lock:
        millisecond, rand = time.time_ns() // 1_000_000, secrets.randbits(_RANDOM_BITS)
        if millisecond <= _last[0]:
            millisecond, rand = _last[0], _last[1] + 1 + secrets.randbits(20)
            if rand >> _RANDOM_BITS:
                millisecond, rand = millisecond + 1, secrets.randbits(_RANDOM_BITS) % _COUNTER_ROOM
        _last = (millisecond, rand)
    value = (millisecond << 80) | (0x7 << 76) | ((rand >> 62) << 64) | (0b10 << 62) | (rand & ((1 << 62) - 1))
    return uuid.UUID(int=value)
