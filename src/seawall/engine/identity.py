"""Which events are known: the index of event ids over a declared horizon."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from functools import lru_cache

from .decision import Decision
from .errors import StateError

MAX_IDS = 5_000_000


Known = tuple[
    bytes, Decision
]  # the digest of what the caller sent, and the decision; plain, so that the collector lets go


class IdIndex:
    """Decided events by id, forgotten once `horizon_ms` of effective time has passed; bounded."""

    def __init__(self, horizon_ms: int, max_ids: int = MAX_IDS) -> None:
        self.horizon_ms = horizon_ms
        self.max_ids = max_ids
        self._known: OrderedDict[str, Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, event_id: str, now_ms: int) -> Known | None:
        """What is known of an id at effective time `now_ms`: nothing once the horizon has passed."""
        known = self._known.get(event_id)
        return known if known is not None and self.covers(known[1].effective_ms, now_ms) else None

    def covers(self, effective_ms: int, now_ms: int) -> bool:
        """Whether an event decided at `effective_ms` is still known at `now_ms`."""
        return effective_ms >= now_ms - self.horizon_ms

    def make_room(self, more: int) -> None:
        """StateError where `more` ids would pass the bound: asked before anything is done."""
        if len(self._known) + more > self.max_ids:
            message = f"{self.max_ids:,} event ids within the idempotency horizon: shorten the pack's `idempotency`"
            raise StateError(message)

    def add(self, mac: bytes, decision: Decision) -> None:
        """Remember one event; effective times never go back."""
        known = self._known
        known.pop(decision.event_id, None)  # of an earlier horizon: the order is that of the decisions
        known[decision.event_id] = (mac, decision)

    def expire(self, now_ms: int, more: int) -> None:
        """Let go of ids whose horizon has passed, at most `more` + 1: a little with every batch, never all at once."""
        known, oldest_kept = self._known, now_ms - self.horizon_ms
        for _ in range(more + 1):
            oldest = next(iter(known), None)
            if oldest is None or known[oldest][1].effective_ms >= oldest_kept:
                break
            del known[oldest]

    def dump(self) -> list[tuple[bytes, Decision]]:
        """Everything remembered, oldest first."""
        return list(self._known.values())

    def load(self, stored: list[tuple[bytes, Decision]]) -> None:
        """Remember what `dump` gave."""
        for mac, decision in stored:
            self._known[decision.event_id] = (mac, decision)


@lru_cache(maxsize=1 << 16)
def text_as_double(text: str | int | None) -> float:
    """A text feature in the vector of `content_hash`: the first 52 bits of its SHA-256, NaN where missing."""
    if text is None:
        return math.nan
    return float(int.from_bytes(hashlib.sha256(str(text).encode()).digest()[:8], "little") >> 12)
