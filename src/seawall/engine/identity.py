"""Which events are known: the index of event ids over a declared horizon."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

import msgspec
import numpy as np

from .decision import Decision
from .errors import StateError

MAX_IDS = 5_000_000
_MAC_BYTES = 32
IMPORTED = bytes(_MAC_BYTES)  # in the place of a digest: a record of history, whose sender's bytes are not known

Recall = Callable[[int], Decision | None]
# sequence number, effective time, digest of what the caller sent; plain, so that the collector lets go
Known = tuple[int, int, bytes]


class StoredIds(msgspec.Struct):
    """The index at rest, column by column, oldest first; decisions only where no journal keeps them."""

    event_ids: list[str]
    sequences: bytes
    effective: bytes
    macs: bytes
    decisions: list[Decision]


class IdIndex:
    """Decided events by id, forgotten once `horizon_ms` of effective time has passed; bounded.

    `recall` reads a decision by its sequence number from where it is durable; without it the index keeps them itself.
    """

    def __init__(self, horizon_ms: int, max_ids: int = MAX_IDS, recall: Recall | None = None) -> None:
        self.horizon_ms = horizon_ms
        self.max_ids = max_ids
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._kept: dict[int, Decision] | None = {} if recall is None else None
        self.recall: Recall = recall or self._keep_of

    def __len__(self) -> int:
        return len(self._known)

    def find(self, event_id: str, now_ms: int) -> Known | None:
        """What is known of an id at effective time `now_ms`: nothing once the horizon has passed."""
        known = self._known.get(event_id)
        return known if known is not None and self.covers(known[1], now_ms) else None

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
        self.add_key(decision.event_id, decision.sequence, decision.effective_ms, mac)
        if self._kept is not None:
            self._kept[decision.sequence] = decision

    def add_key(self, key: str, sequence: int, effective_ms: int, mac: bytes) -> None:
        """Remember a record that has no decision."""
        before = self._known.pop(key, None)  # of an earlier horizon: the order is that of the records
        if before is not None and self._kept is not None:
            self._kept.pop(before[0], None)
        self._known[key] = (sequence, effective_ms, mac)

    def expire(self, now_ms: int, more: int) -> None:
        """Let go of ids whose horizon has passed, at most `more` + 1: a little with every batch, never all at once."""
        known, oldest_kept = self._known, now_ms - self.horizon_ms
        for _ in range(more + 1):
            oldest = next(iter(known), None)
            if oldest is None or known[oldest][1] >= oldest_kept:
                break
            sequence, _, _ = known.pop(oldest)
            if self._kept is not None:
                self._kept.pop(sequence, None)

    def dump(self) -> StoredIds:
        """Everything remembered."""
        known = self._known.values()
        return StoredIds(
            event_ids=list(self._known),
            sequences=np.array([one[0] for one in known], "<i8").tobytes(),
            effective=np.array([one[1] for one in known], "<i8").tobytes(),
            macs=b"".join(one[2] for one in known),
            decisions=list(self._kept.values()) if self._kept is not None else [],
        )

    def load(self, stored: StoredIds) -> None:
        """Remember what `dump` gave. StateError where this index is to keep decisions and the dump has none."""
        sequences: list[int] = np.frombuffer(stored.sequences, "<i8").tolist()
        effective: list[int] = np.frombuffer(stored.effective, "<i8").tolist()
        macs = [stored.macs[at : at + _MAC_BYTES] for at in range(0, len(stored.macs), _MAC_BYTES)]
        self._known.update(zip(stored.event_ids, zip(sequences, effective, macs, strict=True), strict=True))
        if self._kept is not None:
            if sequences and not stored.decisions:
                raise StateError("the snapshot leaves its decisions to a journal; restore it with that journal")
            self._kept.update({decision.sequence: decision for decision in stored.decisions})

    def _keep_of(self, sequence: int) -> Decision | None:
        assert self._kept is not None
        return self._kept.get(sequence)


@lru_cache(maxsize=1 << 16)
def text_as_double(text: str | int | None) -> float:
    """A text feature in the vector of `content_hash`: the first 52 bits of its SHA-256, NaN where missing."""
    if text is None:
        return math.nan
    return float(int.from_bytes(hashlib.sha256(str(text).encode()).digest()[:8], "little") >> 12)
