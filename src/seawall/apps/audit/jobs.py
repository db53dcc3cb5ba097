"""Background work of the record."""

from __future__ import annotations

from seawall.apps.audit import services

CHECKPOINT_EVERY_SECONDS = 600
DRAIN_EVERY_SECONDS = 10


def drain() -> int:
    """Send what a failed ledger left waiting."""
    return services.drain()


def checkpoint() -> bool:
    """Sign a checkpoint where there are new entries."""
    return services.sign_checkpoint() is not None


def verify() -> bool:
    """The nightly check of the whole ledger."""
    return services.verify(services.SYSTEM).ok
