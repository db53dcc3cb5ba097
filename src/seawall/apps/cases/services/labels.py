"""Sending what waits to the journal: each label until its sequence number is known, in order, exactly one record."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.cases.delivery import DeliveryError, LabelApi, RefusedError
from seawall.apps.cases.models import LabelDelivery, Notification
from seawall.apps.cases.services.notifications import notify

BATCH = 100
FIRST_RETRY, LAST_RETRY = timedelta(seconds=10), timedelta(minutes=30)
State = LabelDelivery.State
log = structlog.get_logger(__name__)


def deliver(api: LabelApi, now: datetime | None = None) -> int:
    """Send what is due, at most BATCH; returns how many arrived. The first failure of the way ends the round.

    A label whose answer was lost is sent again, byte for byte: the journal answers with the record that it has.
    """
    at = now or timezone.now()
    due = LabelDelivery.objects.filter(state=State.WAITING, next_try__lte=at).order_by("id")
    arrived = 0
    for row_id in list(due.values_list("pk", flat=True)[:BATCH]):
        outcome = _send(api, row_id, at)
        if outcome is None:
            break
        arrived += outcome
    return arrived


def _send(api: LabelApi, row_id: object, at: datetime) -> bool | None:
    """True: arrived; False: not to be sent; None: the way is closed."""
    row = LabelDelivery.objects.select_related("disposition__case", "disposition__maker").get(pk=row_id)
    if row.state != State.WAITING:
        return False
    body = {"label": row.label, "event_id": row.event_id, "label_time": row.label_time}
    try:
        sequence = api.label(body)  # outside a transaction: the network must not hold the database's lock
    except DeliveryError as error:
        _postpone(row, at, str(error))
        return None
    except RefusedError as error:
        _close(row, State.REFUSED, None, str(error))
        return False
    return _close(row, State.DELIVERED, sequence, "")


def _close(row: LabelDelivery, state: LabelDelivery.State, sequence: int | None, problem: str) -> bool:
    with transaction.atomic():
        waiting = LabelDelivery.objects.filter(pk=row.pk, state=State.WAITING)
        if not waiting.update(state=state, sequence=sequence, problem=problem[:300], attempts=row.attempts + 1):
            return False  # another worker was faster
        case = row.disposition.case
        about = {"label": row.label, "decision": row.decision_sequence, "sequence": sequence, "case": case.number}
        record(SYSTEM, f"label.{state}", "case", case.pk, about, private={"event": row.event_id})
        if state == State.REFUSED:
            notify([row.disposition.maker], Notification.Kind.LABEL, case)
    return state == State.DELIVERED


def _postpone(row: LabelDelivery, at: datetime, problem: str) -> None:
    wait = min(FIRST_RETRY * 2 ** min(row.attempts, 10), LAST_RETRY)
    with transaction.atomic():
        LabelDelivery.objects.filter(pk=row.pk, state=State.WAITING).update(
            attempts=row.attempts + 1, next_try=at + wait, problem=problem[:300]
        )
    log.warning("label", problem=problem, attempts=row.attempts + 1)
