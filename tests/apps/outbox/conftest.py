"""A channel that does as told, over a home of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

if TYPE_CHECKING:
    from seawall.apps.outbox.models import Delivery

Trouble = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path) -> Path:
    from seawall.server.home import Home

    settings.HOME = Home(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def open_ways() -> Iterator[None]:
    from seawall.apps.outbox import sending

    sending.ways.forget()
    yield
    sending.ways.forget()


class Told:
    """What a channel's `send` does, try by try; what it was given is kept."""

    def __init__(self) -> None:
        self.outcomes: list[Any] = []
        self.got: list[dict[str, Any]] = []
        self.heard: list[tuple[str, Any]] = []

    def send(self, delivery: Delivery) -> Any:
        from seawall.apps.outbox import channels

        outcome = self.outcomes.pop(0) if self.outcomes else channels.delivered(100 + len(self.got))
        if outcome.kind == "delivered" or outcome.reason == "answer lost":
            self.got.append(delivery.body)
        return outcome


@pytest.fixture
def told(db: None) -> Iterator[Told]:
    """A channel `told`: three tries, 10 s, 20 s apart; deliveries about a `thing` are heard of."""
    from seawall.apps.outbox import channels, handlers
    from seawall.apps.outbox.backoff import Backoff

    one = Told()
    backoff = Backoff(timedelta(seconds=10), timedelta(minutes=1), attempts=3)
    channels.register(channels.Channel("told", "Told", one.send, backoff, replayable=True))

    def hear(state: str) -> Callable[[Any], None]:
        return lambda row: one.heard.append((state, row.about_id))

    handlers.on("thing", **{state: hear(state) for state in ("delivered", "refused", "stuck", "cancelled", "undone")})
    yield one
    channels.unregister("told")
    handlers.off("thing")


def put(number: int, order: str = "", **more: Any) -> Delivery:
    """A delivery by `told`."""
    from seawall.apps.outbox import services

    fields: dict[str, Any] = {"key": f"k-{number}", "order": order, "about": ("thing", number)} | more
    with transaction.atomic():
        return services.put("told", "somewhere", {"number": number}, **fields)
