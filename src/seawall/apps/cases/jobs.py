"""Background work: SLA clocks, the end of snoozes and suppressions."""

from __future__ import annotations

from uuid import UUID

from seawall.apps.cases.services import alerts, sla
from seawall.apps.timers.handlers import handler
from seawall.apps.timers.models import Timer


@handler(sla.KIND)
def case_is_due(timer: Timer) -> None:
    """A case's time is over."""
    sla.breach(UUID(timer.object_id))


@handler(alerts.SNOOZE)
def snooze_is_over(timer: Timer) -> None:
    """An alert comes back."""
    alerts.wake_up(UUID(timer.object_id))


@handler(alerts.LAPSE)
def suppression_is_over(timer: Timer) -> None:
    """A suppression ends."""
    alerts.lapse(UUID(timer.object_id))
