"""Labels on their way to the journal: put into the outbox with the disposition, marked when the journal has them."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.apps.accounts.models import User
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.cases.models import LabelDelivery, Notification
from seawall.apps.cases.services.notifications import notify
from seawall.apps.outbox import handlers
from seawall.apps.outbox import services as outbox
from seawall.apps.outbox.models import Delivery

ABOUT, PATH = "label", "/v1/labels"
AT_ONCE = 20  # more are left to the worker: the person who approves does not wait for them
State = LabelDelivery.State


def put(rows: Sequence[LabelDelivery], actor: User) -> None:
    """Put labels into the outbox, in the transaction of the disposition. What is sent never changes, so the journal
    knows a second try for the first."""
    for row in rows:
        body = {"label": row.label, "event_id": row.event_id, "label_time": row.label_time}
        outbox.put("engine", PATH, body, key=f"label:{row.pk}", order=f"label/{row.event_id}", actor=actor,
                   about=(ABOUT, row.pk), soon=len(rows) <= AT_ONCE)  # fmt: skip


def arrived(delivery: Delivery) -> None:
    """The journal has it."""
    _close(delivery, State.DELIVERED)


def refused(delivery: Delivery) -> None:
    """The journal will not take it, or an operator cancelled it: whoever proposed the disposition is told."""
    _close(delivery, State.REFUSED)


def _close(delivery: Delivery, state: LabelDelivery.State) -> None:
    row = LabelDelivery.objects.select_related("disposition__case", "disposition__maker").get(pk=delivery.about_id)
    row.state, row.sequence, row.problem = state, delivery.sequence, delivery.problem
    row.save(update_fields=["state", "sequence", "problem"])
    case = row.disposition.case
    about = {
        "label": row.label, "decision": row.decision_sequence, "sequence": delivery.sequence, "case": case.number
    }  # fmt: skip
    record(SYSTEM, f"label.{state}", "case", case.pk, about, private={"event": row.event_id})
    if state == State.REFUSED:
        notify([row.disposition.maker], Notification.Kind.LABEL, case)


def register() -> None:
    """Hear how deliveries of labels end."""
    handlers.on(ABOUT, delivered=arrived, refused=refused, cancelled=refused)
