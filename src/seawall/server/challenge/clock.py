"""A clock that never runs slower than time itself: setting the machine's clock back keeps no code alive."""

from __future__ import annotations

import time
from collections.abc import Callable


class SteadyClock:
    """ms that follow the wall clock forward, and the monotonic one where the wall clock stands or goes back.

    `since` is where an earlier process had come to. Its times are for comparing with each other only.
    """

    def __init__(self, wall: Callable[[], int], since: int = 0, timer: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._timer = wall, timer
        self._at, self._seen = max(since, wall()), timer()

    def __call__(self) -> int:
        """Now, never before an earlier answer."""
        seen = self._timer()
        elapsed = max(0, int((seen - self._seen) * 1_000))
        self._at = max(self._at + elapsed, self._wall())
        self._seen += elapsed / 1_000  # the rest of a millisecond is not lost
        return self._at
