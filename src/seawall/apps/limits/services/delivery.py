"""A change on its way to the engine, and what comes back."""

from __future__ import annotations

from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.limits.declared import is_switch
from seawall.apps.limits.models import Change
from seawall.apps.outbox import handlers
from seawall.apps.outbox import services as outbox
from seawall.apps.outbox.models import Delivery
from seawall.engine.times import format_instant

ABOUT = "limit_change"
State = Change.State


def send(change: Change, actor: User) -> None:
    """Put it into the outbox, in the caller's transaction; changes of one setting go in order."""
    name = change.setting.partition(".")[2]
    path = f"/v1/switches/{name}" if is_switch(change.setting) else f"/v1/limits/{name}/entries"
    body = {
        "entry_id": change.entry_id, "value": change.value, "reason": change.reason, "source": change.source,
    }  # fmt: skip
    if not is_switch(change.setting):
        body["scope"] = change.scope
    if change.key:
        body["key"] = change.key
    for name, at in (("valid_from", change.valid_from), ("valid_until", change.valid_until)):
        if at is not None:
            body[name] = format_instant(int(at.timestamp() * 1000))
    if change.removed:
        body["removed"] = True
    change.state = State.SENDING
    change.save(update_fields=["state"])
    outbox.put(
        "engine", path, body, key=f"limit:{change.pk}", order=change.setting.replace(".", "/", 1), actor=actor,
        about=(ABOUT, change.pk),
    )  # fmt: skip


def arrived(delivery: Delivery) -> None:
    """The journal has it."""
    _close(delivery, State.DONE, "limit.in_force")


def refused(delivery: Delivery) -> None:
    """The engine will not take it, or an operator cancelled it."""
    _close(delivery, State.REFUSED, "limit.refused")


def _close(delivery: Delivery, state: Change.State, action: str) -> None:
    change = Change.objects.select_for_update().get(pk=delivery.about_id)
    change.state, change.sequence, change.problem = state, delivery.sequence, delivery.problem[:300]
    change.ended_at = timezone.now()
    change.save(update_fields=["state", "sequence", "problem", "ended_at"])
    record(SYSTEM, action, "limit", change.setting, {"change": str(change.pk), "sequence": delivery.sequence})


def register() -> None:
    """Hear how deliveries of changes end."""
    handlers.on(ABOUT, delivered=arrived, refused=refused, cancelled=refused)
