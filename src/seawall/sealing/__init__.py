"""Keys, sealed values, surrogates and masks: what keeps a person's data unreadable, and erases it for good."""

from seawall.sealing.errors import ErasedError, KeyFileError, SealingError, StoreError, TamperError
from seawall.sealing.keyfile import LocalKeyFile, OpenKeyWarning, Work
from seawall.sealing.keys import KeyProvider, KeyRing
from seawall.sealing.mask import MASKS, mask
from seawall.sealing.sealer import Erasure, LocalSealer

__all__ = [
    "MASKS",
    "ErasedError",
    "Erasure",
    "KeyFileError",
    "KeyProvider",
    "KeyRing",
    "LocalKeyFile",
    "LocalSealer",
    "OpenKeyWarning",
    "SealingError",
    "StoreError",
    "TamperError",
    "Work",
    "mask",
]
