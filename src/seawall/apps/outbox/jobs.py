"""Background work: a round of a channel, which the worker calls again and again."""

from __future__ import annotations

from seawall.apps.outbox.sending import deliver

__all__ = ["EVERY_SECONDS", "deliver"]
EVERY_SECONDS = 1.0
