"""Background work: the end of an action's time, and what the outbox says of its deliveries."""

from __future__ import annotations

from uuid import UUID

from seawall.apps.outbox import handlers
from seawall.apps.response import services
from seawall.apps.response.adapters import ABOUT
from seawall.apps.timers.handlers import handler
from seawall.apps.timers.models import Timer


@handler(services.EXPIRY)
def time_is_over(timer: Timer) -> None:
    """An action's time is over."""
    services.expire(UUID(timer.object_id))


def register() -> None:
    """Hear how deliveries of actions end."""
    handlers.on(ABOUT, delivered=services.arrived, refused=services.refused, cancelled=services.refused)
