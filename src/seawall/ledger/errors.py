"""Every error the ledger raises on purpose."""

from __future__ import annotations


class LedgerError(Exception):
    """Base of all errors of this room; its text is one clear line."""


class EntryError(LedgerError):
    """An entry that cannot be recorded, or bytes that are no entry in canonical form."""


class CheckpointError(LedgerError):
    """A checkpoint, note or signature that cannot be read or does not verify."""


class SigningKeyError(LedgerError):
    """A signing or public key that cannot be made, read or unlocked."""


class StoreError(LedgerError):
    """A ledger file that cannot be opened, read or written; nothing of the batch at hand was recorded."""
