"""What else happens when a delivery ends: rooms register functions for what their deliveries are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seawall.apps.outbox.models import Delivery

Handler = Callable[["Delivery"], None]


class HandlerError(Exception):
    """Two rooms claim the same deliveries."""


@dataclass(frozen=True)
class Handlers:
    """Called in the transaction that marks the delivery, so exactly once; what they raise takes the mark back."""

    delivered: Handler | None = None
    refused: Handler | None = None
    stuck: Handler | None = None
    cancelled: Handler | None = None
    undone: Handler | None = None

    def of(self, state: str) -> Handler | None:
        """The one for a state."""
        found: Handler | None = getattr(self, state, None)
        return found


_NONE = Handlers()
_HANDLERS: dict[str, Handlers] = {}


def on(
    about_type: str, *, delivered: Handler | None = None, refused: Handler | None = None, stuck: Handler | None = None,
    cancelled: Handler | None = None, undone: Handler | None = None,
) -> None:  # fmt: skip
    """Register for deliveries about objects of a type (the first of `about`). A handler must not wait for anything
    outside; it writes the ledger entry of what it does."""
    wanted = Handlers(delivered, refused, stuck, cancelled, undone)
    if _HANDLERS.setdefault(about_type, wanted) != wanted:
        raise HandlerError(f"deliveries about {about_type!r} have handlers already; choose another type")


def off(about_type: str) -> None:
    """Take them out again."""
    _HANDLERS.pop(about_type, None)


def handlers_of(about_type: str) -> Handlers:
    """What was registered for a type."""
    return _HANDLERS.get(about_type, _NONE)
