"""What can go wrong with a journal."""

from __future__ import annotations

from seawall.engine.errors import SeawallError


class JournalError(SeawallError):
    """The journal cannot be opened, read or written; nothing of the batch in hand was kept."""


class JournalDamage(JournalError):
    """Records are missing or not as they were written; `sequence` is the last good one before that, -1 if none."""

    def __init__(self, message: str, sequence: int) -> None:
        self.sequence = sequence
        super().__init__(message)
