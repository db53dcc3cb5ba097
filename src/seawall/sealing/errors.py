"""Every error the sealing room raises on purpose: one clear line, never holding a secret or a clear value."""

from __future__ import annotations


class SealingError(Exception):
    """Base of all errors of this room."""


class KeyFileError(SealingError):
    """A key file that cannot be made, read, unlocked or written."""


class StoreError(SealingError):
    """A key store that cannot be opened, read or written; after it, nothing of the batch at hand may be kept."""


class TamperError(SealingError):
    """A sealed text or wrapped key that was changed, or moved from the place or subject it was made for."""


class ErasedError(SealingError):
    """A value whose data key is gone: it can never be read again."""
