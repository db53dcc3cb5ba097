"""How long to wait between two tries, and ways that are shut for everybody."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

_JITTER = 0.2  # of the wait, to either side
_DOUBLINGS = 40  # bounds the exponent; `last` bounds the wait


@dataclass(frozen=True)
class Backoff:
    """Waits double from `first` to `last`; after `attempts` tries a person must look."""

    first: timedelta = timedelta(seconds=10)
    last: timedelta = timedelta(minutes=30)
    attempts: int = 30

    def wait(self, attempt: int, key: str) -> timedelta:
        """After the `attempt`-th try (from 1) that failed. The spread comes from the delivery's key: what failed
        together does not come back together, and a test knows when it comes."""
        plain = min(self.first * 2 ** min(max(attempt, 1) - 1, _DOUBLINGS), self.last)
        digest = hashlib.blake2b(f"{key}:{attempt}".encode(), digest_size=4).digest()
        return plain * (1 - _JITTER + 2 * _JITTER * int.from_bytes(digest, "big") / (2**32 - 1))


class Ways:
    """Ways that could not be reached lately: for a while nothing more is tried there. Kept by each process for itself.
    Thread-safe."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._lock = threading.Lock()
        self._shut: dict[str, tuple[int, datetime]] = {}

    def open(self, way: str, at: datetime) -> bool:
        """Whether the way may be tried."""
        with self._lock:
            return way not in self._shut or self._shut[way][1] <= at

    def shut(self, at: datetime) -> list[str]:
        """The ways that may not be tried now."""
        with self._lock:
            return [way for way, (_failures, until) in self._shut.items() if until > at]

    def fail(self, way: str, at: datetime) -> None:
        """It could not be reached."""
        with self._lock:
            failures = self._shut.get(way, (0, at))[0] + 1
            self._shut[way] = (failures, at + self._backoff.wait(failures, way))

    def succeed(self, way: str) -> None:
        """It was reached."""
        with self._lock:
            self._shut.pop(way, None)

    def forget(self) -> None:
        """All of it."""
        with self._lock:
            self._shut.clear()
