"""Background work: SLA clocks, the end of snoozes and suppressions, delivery of labels."""

from __future__ import annotations

from uuid import UUID

from seawall.apps.cases import delivery
from seawall.apps.cases.services import alerts, labels, sla
from seawall.apps.timers.handlers import handler
from seawall.apps.timers.models import Timer

DELIVER_EVERY_SECONDS = 5


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


def deliver_labels(api: delivery.LabelApi | None = None) -> int:
    """Send waiting labels to the decision API (of this home by default); 0 where there is none yet."""
    client = api or delivery.from_settings()
    return labels.deliver(client) if client is not None else 0
