"""Commands on alerts: snooze, wake, dismiss, suppress, lift; and what their timers do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.cases.models import Alert, Suppression
from seawall.apps.cases.services import editing
from seawall.apps.cases.severity import HIGHEST, LOWEST
from seawall.apps.cases.states import ALERTS, check_state
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.timers import services as timers
from seawall.apps.transitions import row_of

SNOOZE, LAPSE, SUPPRESS = "cases.snooze", "cases.suppression", "cases.suppress"
LONGEST_SNOOZE = timedelta(days=30)
LONGEST_ALONE = timedelta(days=30)  # a suppression beyond this needs a second person
LONGEST = timedelta(days=366)
State = Alert.State


@dataclass(frozen=True)
class Wanted:
    """A suppression as somebody wants it; "" means any entity or any typology. `alert`: the alert it began with."""

    entity_kind: str
    entity_value: str
    typology: str
    severity: int
    until: datetime
    reason: str
    alert: UUID | None = None


def snooze(user: User, alert_id: UUID, until: datetime, reason: str, version: int | None = None) -> Alert:
    """Put an alert aside until an instant, at most 30 days; a graver hit brings it back sooner."""
    row = row_of(ALERTS, "snooze")
    with transaction.atomic():
        alert = editing.locked_alert(user, alert_id, row.permission, version)
        check_state(ALERTS, row, alert.state, str(alert))
        why = editing.reason_text(reason, row.reason)
        _check_until(until, LONGEST_SNOOZE)
        timers.cancel(SNOOZE, "alert", alert.pk)
        timers.start(SNOOZE, "alert", alert.pk, due_at=until)
        editing.save(user, "alert.snoozed", alert, {"state": row.to, "snoozed_until": until, "reason": why}, why)
    return alert


def wake(user: User, alert_id: UUID, version: int | None = None) -> Alert:
    """End a snooze now."""
    row = row_of(ALERTS, "wake")
    with transaction.atomic():
        alert = editing.locked_alert(user, alert_id, row.permission, version)
        check_state(ALERTS, row, alert.state, str(alert))
        timers.cancel(SNOOZE, "alert", alert.pk)
        editing.save(user, "alert.woken", alert, {"state": row.to, "snoozed_until": None})
    return alert


def dismiss(user: User, alert_id: UUID, reason: str, version: int | None = None) -> Alert:
    """Close an alert that is not worth a case."""
    row = row_of(ALERTS, "dismiss")
    with transaction.atomic():
        alert = editing.locked_alert(user, alert_id, row.permission, version)
        check_state(ALERTS, row, alert.state, str(alert))
        why = editing.reason_text(reason, row.reason)
        timers.cancel(SNOOZE, "alert", alert.pk)
        fields = {"state": row.to, "collecting": False, "snoozed_until": None, "reason": why}
        editing.save(user, "alert.dismissed", alert, fields, why)
    return alert


def snooze_all(user: User, alert_ids: Sequence[UUID], until: datetime, reason: str) -> None:
    """Snooze several alerts, all of them or none."""
    with transaction.atomic():
        for one in alert_ids:
            snooze(user, one, until, reason)


def dismiss_all(user: User, alert_ids: Sequence[UUID], reason: str) -> None:
    """Dismiss several alerts, all of them or none."""
    with transaction.atomic():
        for one in alert_ids:
            dismiss(user, one, reason)


def suppress(
    user: User, alert_id: UUID, until: datetime, reason: str, version: int | None = None
) -> Suppression | Request:
    """Hold back hits of this entity and typology up to the alert's severity; beyond 30 days a second person decides."""
    row = row_of(ALERTS, "suppress")
    with transaction.atomic():
        alert = editing.locked_alert(user, alert_id, row.permission, version)
        check_state(ALERTS, row, alert.state, str(alert))
        wanted = Wanted(*alert.key, alert.severity, until, reason, alert.pk)
        return add_suppression(user, wanted)


def add_suppression(user: User, wanted: Wanted) -> Suppression | Request:
    """The same without an alert: of an entity, of a typology, or of one in the other."""
    check(user, row_of(ALERTS, "suppress").permission)
    why = editing.reason_text(wanted.reason, required=True)
    _check_until(wanted.until, LONGEST)
    if not (wanted.entity_value or wanted.typology) or bool(wanted.entity_kind) != bool(wanted.entity_value):
        raise InvalidError(_("Name an entity with its kind, a typology, or both."))
    if not LOWEST <= wanted.severity <= HIGHEST:
        raise InvalidError(_("There is no such severity."))
    with transaction.atomic():
        if wanted.until - timezone.now() > LONGEST_ALONE + timedelta(minutes=1):
            payload = {
                "entity_kind": wanted.entity_kind, "entity_value": wanted.entity_value, "typology": wanted.typology,
                "severity": wanted.severity, "until": wanted.until.isoformat(),
                "alert": str(wanted.alert) if wanted.alert else None,
            }  # fmt: skip
            about = f"{wanted.entity_kind}:{wanted.entity_value}:{wanted.typology}"
            return approvals.submit(user, SUPPRESS, "suppression", about[:200], payload, why, title=about)
        return _suppress(user, None, wanted, why)


def execute_suppression(request: Request, checker: User) -> None:
    """Carry out an approved request."""
    data = request.payload
    wanted = Wanted(data["entity_kind"], data["entity_value"], data["typology"], data["severity"],
                    datetime.fromisoformat(data["until"]), request.reason,
                    UUID(data["alert"]) if data["alert"] else None)  # fmt: skip
    _check_until(wanted.until, LONGEST)
    _suppress(request.maker, checker, wanted, request.reason)


def _suppress(maker: User, checker: User | None, wanted: Wanted, why: str) -> Suppression:
    made = Suppression.objects.create(
        entity_kind=wanted.entity_kind, entity_value=wanted.entity_value, typology=wanted.typology,
        severity=wanted.severity, reason=why, created_by=maker, approved_by=checker, until=wanted.until,
    )  # fmt: skip
    timers.start(LAPSE, "suppression", made.pk, due_at=wanted.until)
    about = {"typology": wanted.typology, "severity": made.severity_name, "until": wanted.until.isoformat()}
    entity = {"entity": f"{wanted.entity_kind}:{wanted.entity_value}"} if wanted.entity_value else {}
    record(maker, "suppression.made", "suppression", made.pk, about, private={"reason": why, **entity})
    row = row_of(ALERTS, "suppress")
    for alert in _covered(made).filter(state__in=row.sources, severity__lte=made.severity):
        timers.cancel(SNOOZE, "alert", alert.pk)
        fields = {"state": row.to, "snoozed_until": None, "reason": why}
        editing.save(maker, "alert.suppressed", alert, fields, data={"suppression": str(made.pk)})
    return made


def lift(user: User, suppression_id: UUID, reason: str) -> Suppression:
    """End a suppression now: what it held back is work again."""
    row = row_of(ALERTS, "lift")
    with transaction.atomic():
        check(user, row.permission)
        found = Suppression.objects.select_for_update().filter(pk=suppression_id).first()
        if found is None:
            raise UnknownError(_("There is no such suppression."))
        if found.ended_at is not None:
            raise ConflictError(_("This suppression has ended already."))
        why = editing.reason_text(reason, row.reason)
        timers.cancel(LAPSE, "suppression", found.pk)
        _end(found)
        record(user, "suppression.lifted", "suppression", found.pk, private={"reason": why})
        for alert in _covered(found).filter(state__in=row.sources):
            editing.save(user, "alert.lifted", alert, {"state": row.to}, data={"suppression": str(found.pk)})
    return found


def lift_alert(user: User, alert_id: UUID, reason: str, version: int | None = None) -> Alert:
    """Make a suppressed alert work again; every suppression that covers it ends."""
    row = row_of(ALERTS, "lift")
    with transaction.atomic():
        alert = editing.locked_alert(user, alert_id, row.permission, version)
        check_state(ALERTS, row, alert.state, str(alert))
        why = editing.reason_text(reason, row.reason)
        for one in Suppression.objects.filter(ended_at=None):
            if _covered(one).filter(pk=alert.pk).exists():
                lift(user, one.pk, why)
        alert.refresh_from_db()
        if alert.state == State.SUPPRESSED:  # nothing held it back any more
            editing.save(user, "alert.lifted", alert, {"state": row.to}, why)
    return alert


# --- timers -----------------------------------------------------------------------------------------------------------


def wake_up(alert_id: UUID) -> None:
    """A snooze is over. Called by its timer, in its transaction."""
    row = row_of(ALERTS, "wake_up")
    alert = Alert.objects.select_for_update().filter(pk=alert_id, state__in=row.sources).first()
    if alert is not None:
        editing.save(SYSTEM, "alert.woken", alert, {"state": row.to, "snoozed_until": None})


def lapse(suppression_id: UUID) -> None:
    """A suppression is over: what it held back is closed, the next hit is new work. Called by its timer."""
    row = row_of(ALERTS, "lapse")
    found = Suppression.objects.select_for_update().filter(pk=suppression_id, ended_at=None).first()
    if found is None:
        return
    _end(found)
    record(SYSTEM, "suppression.lapsed", "suppression", found.pk, {"held_back": found.held_back})
    for alert in _covered(found).filter(state__in=row.sources):
        if not _held_otherwise(alert):
            editing.save(SYSTEM, "alert.lapsed", alert, {"state": row.to, "collecting": False})


def _held_otherwise(alert: Alert) -> bool:
    return any(
        _covered(one).filter(pk=alert.pk).exists()
        for one in Suppression.objects.filter(ended_at=None, severity__gte=alert.severity, until__gt=timezone.now())
    )


def _end(found: Suppression) -> None:
    found.ended_at = timezone.now()
    found.save(update_fields=["ended_at"])


def _covered(one: Suppression) -> QuerySet[Alert]:
    rows = Alert.objects.select_for_update().select_related("queue")
    if one.entity_value:
        rows = rows.filter(entity_kind=one.entity_kind, entity_value=one.entity_value)
    return rows.filter(typology=one.typology) if one.typology else rows


def _check_until(until: datetime, longest: timedelta) -> None:
    left = until - timezone.now()
    if not timedelta(0) < left <= longest + timedelta(minutes=1):
        text = _("Choose a time from now to %(days)d days ahead.") % {"days": longest.days}
        raise InvalidError(text, {"until": text})
