"""What the service hands out: decisions by id, and refusals that HTTP has a status for."""

from __future__ import annotations

from typing import NamedTuple

from seawall.engine.decision import Decision
from seawall.engine.errors import SeawallError
from seawall.engine.journal import Journal, Kind, decode_event

_VERSION_7 = "7000"
_VARIANT = 0x8000
_LOW = (1 << 48) - 1


class BusyError(SeawallError):
    """Too much waits already (HTTP 429); nothing was taken. `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class UnavailableError(SeawallError):
    """The service cannot keep anything now (HTTP 503); nothing was taken. `retry_after` in seconds."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Decided(NamedTuple):
    """A durable decision; `repeated` when the event had been decided before."""

    decision: Decision
    decision_id: str
    repeated: bool


def decision_id(decision: Decision) -> str:
    """UUID version 7 of a decision: its effective time (ms), then its sequence number in the random bits."""
    time = f"{decision.effective_ms:012x}"
    high, low = decision.sequence >> 48, decision.sequence & _LOW
    return f"{time[:8]}-{time[8:]}-{_VERSION_7}-{_VARIANT | high:04x}-{low:012x}"


def decided_after(journal: Journal, after: int, limit: int) -> list[Decided]:
    """The decisions in a journal after a sequence number, at most `limit`."""
    found: list[Decided] = []
    for record in journal.read(after, verify=False):
        decision = decode_event(record).decision if record.kind == Kind.EVENT else None
        if decision is not None:
            found.append(Decided(decision, decision_id(decision), True))
            if len(found) >= limit:
                break
    return found


def sequence_of(text: str) -> int | None:
    """The sequence number in a decision id; None where the text is no decision id."""
    parts = text.split("-")
    if len(text) != 36 or [len(part) for part in parts] != [8, 4, 4, 4, 12] or parts[2] != _VERSION_7:
        return None
    try:
        return (int(parts[3], 16) - _VARIANT) << 48 | int(parts[4], 16)
    except ValueError:
        return None
