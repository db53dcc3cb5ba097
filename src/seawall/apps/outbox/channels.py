"""Ways out: each channel knows how to send one delivery, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from seawall.apps.outbox.backoff import Backoff
from seawall.console.words import Text

if TYPE_CHECKING:
    from seawall.apps.outbox.models import Delivery


class ChannelError(Exception):
    """A channel that is registered twice, or not at all."""


@dataclass(frozen=True)
class Outcome:
    """What came of one try. `closed`: the way itself is shut, so what else goes that way waits too; `counts`: the try
    is one of those after which a delivery is stuck; `after`: the receiver said how long to wait."""

    kind: str  # delivered, retry, refused
    reason: str = ""
    sequence: int | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    closed: bool = False
    counts: bool = True
    after: timedelta | None = None


def delivered(sequence: int | None = None, answer: Mapping[str, Any] | None = None) -> Outcome:
    """It is there; `sequence` is its record in the journal, where it has one."""
    return Outcome("delivered", sequence=sequence, answer=dict(answer or {}))


def retry(reason: str, *, closed: bool = False, counts: bool = True, after: timedelta | None = None) -> Outcome:
    """Not this time."""
    return Outcome("retry", reason, closed=closed, counts=counts, after=after)


def refused(reason: str) -> Outcome:
    """Never, however often it is sent."""
    return Outcome("refused", reason)


@dataclass(frozen=True)
class Channel:
    """One way out.

    `send(delivery)` runs outside every transaction, perhaps in a thread, and does not touch the database: what it needs
    from there `look_up(delivery)` gives beforehand, as `delivery.found` (an Outcome there ends the try). `at_once`: the
    first try comes right after the commit. `private`: bodies are sealed at rest, and gone once they are delivered.
    `by_target`: each target is a way of its own, that fails and waits by itself. `replayable`: may be sent once more
    after it was delivered.
    """

    key: str
    title: Text
    send: Callable[[Delivery], Outcome]
    backoff: Backoff = field(default_factory=Backoff)
    look_up: Callable[[Delivery], Any] | None = None
    at_once: bool = False
    private: bool = False
    by_target: bool = False
    replayable: bool = False

    def way(self, target: str) -> str:
        """What fails as one."""
        return f"{self.key} {target}" if self.by_target else self.key


_CHANNELS: dict[str, Channel] = {}


def register(channel: Channel) -> Channel:
    """Make a channel known; the same one again changes nothing."""
    if _CHANNELS.setdefault(channel.key, channel) != channel:
        raise ChannelError(f"outbox channel {channel.key} is registered twice; choose another key")
    return channel


def unregister(key: str) -> None:
    """Take a channel out again."""
    _CHANNELS.pop(key, None)


def channel_of(key: str) -> Channel:
    """The channel of that key. ChannelError where there is none."""
    try:
        return _CHANNELS[key]
    except KeyError:
        raise ChannelError(f"no outbox channel {key!r}; there are {', '.join(sorted(_CHANNELS)) or 'none'}") from None


def channels() -> list[Channel]:
    """All, by key."""
    return [_CHANNELS[key] for key in sorted(_CHANNELS)]
