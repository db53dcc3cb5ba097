"""Background work: requests expire by timer."""

from __future__ import annotations

from uuid import UUID

from seawall.apps.approvals import services
from seawall.apps.timers.handlers import handler
from seawall.apps.timers.models import Timer


@handler(services.EXPIRY)
def expire(timer: Timer) -> None:
    """The request's time is over."""
    services.expire(UUID(timer.object_id))
