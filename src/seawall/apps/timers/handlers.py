"""What happens when a timer of a kind fires: each app registers its handlers in its jobs module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seawall.apps.timers.models import Timer

Handler = Callable[["Timer"], None]
_HANDLERS: dict[str, Handler] = {}


class HandlerError(Exception):
    """A kind with two handlers, or with none."""


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that a timer of `kind` calls. It runs in the transaction that marks the timer as fired."""

    def add(function: Handler) -> Handler:
        if _HANDLERS.setdefault(kind, function) is not function:
            raise HandlerError(f"timer kind {kind} has two handlers; rename one")
        return function

    return add


def handler_of(kind: str) -> Handler:
    """The handler. HandlerError where the app that had it is not installed."""
    try:
        return _HANDLERS[kind]
    except KeyError:
        raise HandlerError(f"no handler for timers of kind {kind}; is its app installed?") from None
