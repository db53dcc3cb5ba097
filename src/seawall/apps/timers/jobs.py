"""Background work of timers: what the worker calls."""

from __future__ import annotations

from seawall.apps.timers import services

EVERY_SECONDS = 5


def fire_due() -> int:
    """Fire what is due, in batches until nothing is left; returns how many fired."""
    total = 0
    while fired := services.run_due():
        total += fired
    return total
