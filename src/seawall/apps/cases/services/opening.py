"""Opening cases from alerts, adding alerts and entities to them, taking them out again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record
from seawall.apps.cases.models import Alert, Case, CaseAlert, CaseEntity, Notification, Queue
from seawall.apps.cases.scopes import visible_queues
from seawall.apps.cases.services import editing, sla
from seawall.apps.cases.services.alerts import SNOOZE
from seawall.apps.cases.services.notifications import notify
from seawall.apps.cases.services.queues import default_queue, pick
from seawall.apps.cases.states import ALERTS, check_state
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.timers import services as timers
from seawall.apps.transitions import row_of
from seawall.console.formatting import short_id
from seawall.console.words import ENTITIES, word

OPEN, WORK = "alerts.work", "cases.work"
MOST_ALERTS = 500
MOST_ENTITIES = 200
LANGUAGES = {"zh": "zh-hans", "en": "en"}  # as packs and as Django name them
State = Case.State


def open_case(
    user: User,
    alert_ids: Sequence[UUID] = (),
    *,
    title: str = "",
    queue_id: UUID | None = None,
    severity: int = 0,
    take: bool = False,
    restricted: bool = False,
    entities: Iterable[tuple[str, str]] = (),
) -> Case:
    """A case of these alerts (or of none, then with a title). `take`: the person who opens it works it, else its
    queue's way of assigning decides. InvalidError, UnknownError, ConflictError for an alert that is in a case.
    """
    check(user, WORK)
    if len(alert_ids) > MOST_ALERTS:
        raise InvalidError(_("A case takes at most %(most)d alerts at once.") % {"most": MOST_ALERTS})
    with transaction.atomic():
        alerts = [editing.locked_alert(user, one, OPEN) for one in dict.fromkeys(alert_ids)]
        given = " ".join(title.split())
        if not (given or alerts) or len(given) > 200:
            text = _("A case without alerts needs a title of 1 to 200 characters.")
            raise InvalidError(text, {"title": text})
        gravest = max(alerts, key=lambda one: one.severity, default=None)
        queue = _queue(user, queue_id, gravest)
        if restricted:
            check(user, "cases.restricted")
        case = create(user, alerts, queue=queue, title=given, severity=severity, restricted=restricted, take=take)
        _name(case, entities)
        notify([case.assignee], Notification.Kind.ASSIGNED, case, by=user)
    return case


def create(
    actor: User | str,
    alerts: Sequence[Alert],
    *,
    queue: Queue,
    title: str = "",
    severity: int = 0,
    restricted: bool = False,
    take: bool = False,
    about: Mapping[str, Any] | None = None,
) -> Case:
    """Make the case of a command that has checked what it was given, or of the system; `about` goes into the ledger."""
    person = actor if isinstance(actor, User) else None
    gravest = max((one.severity for one in alerts), default=2)
    case = Case(
        serial=(Case.objects.aggregate(last=Max("serial"))["last"] or 1000) + 1, queue=queue, restricted=restricted,
        title=title or _title(alerts), titles={} if title else _titles(alerts), severity=severity or gravest,
        opened_by=person, due_at=timezone.now(),
    )  # fmt: skip
    if person is not None:
        check(person, WORK, case)
    case.assignee = person if take else pick(queue, restricted)
    if case.assignee is not None:
        case.state = State.IN_PROGRESS if take else State.ASSIGNED
    case.due_at = sla.start(case)
    case.save(force_insert=True)
    told = {
        "version": 1, "number": case.number, "queue": queue.key, "alerts": len(alerts), "state": str(case.state),
        "severity": case.severity_name, "assignee": str(case.assignee_id) if case.assignee_id else None,
    }  # fmt: skip
    record(actor, "case.opened", "case", case.pk, told | dict(about or {}), private={"title": case.title})
    link(actor, case, alerts)
    return case


def add_alerts(user: User, case_id: UUID, alert_ids: Sequence[UUID], version: int | None = None) -> Case:
    """Put further alerts into an open case; it becomes as severe as the gravest."""
    if not 0 < len(alert_ids) <= MOST_ALERTS:
        raise InvalidError(_("Choose 1 to %(most)d alerts.") % {"most": MOST_ALERTS})
    with transaction.atomic():
        case = editing.locked_case(user, case_id, WORK, version)
        _check_open(case)
        alerts = [editing.locked_alert(user, one, OPEN) for one in dict.fromkeys(alert_ids)]
        link(user, case, alerts)
        gravest = max([case.severity, *(one.severity for one in alerts)])
        changed: dict[str, object] = {}
        if gravest > case.severity:
            changed = {"severity": gravest, **sla.hasten(case, gravest)}
        editing.save(user, "case.alerts_added", case, changed, data={"alerts": [str(one.pk) for one in alerts]})
    return case


def detach(user: User, case_id: UUID, alert_id: UUID, reason: str, version: int | None = None) -> Case:
    """Take an alert out of a case: it is work of its own again."""
    row = row_of(ALERTS, "detach")
    with transaction.atomic():
        case = editing.locked_case(user, case_id, row.permission, version)
        _check_open(case)
        link = (
            CaseAlert.objects.select_related("alert__queue")
            .filter(case=case, alert_id=alert_id, removed_at=None)
            .first()
        )
        if link is None:
            raise UnknownError(_("This alert is not in the case."))
        check_state(ALERTS, row, link.alert.state, str(link.alert))
        why = editing.reason_text(reason, row.reason)
        link.removed_at = timezone.now()
        link.save(update_fields=["removed_at"])
        key = dict(zip(("entity_kind", "entity_value", "typology"), link.alert.key, strict=True))
        free = not Alert.objects.filter(collecting=True, **key).exclude(pk=alert_id).exists()
        editing.save(user, "alert.detached", link.alert, {"state": row.to, "collecting": free}, why)
        editing.save(user, "case.alert_removed", case, {}, why, data={"alert": str(alert_id)})
    return case


def add_entity(user: User, case_id: UUID, kind: str, value: str, version: int | None = None) -> Case:
    """Name a further entity that the case is about."""
    with transaction.atomic():
        case = editing.locked_case(user, case_id, WORK, version)
        _check_open(case)
        _name(case, [(kind.strip(), value.strip())])
        entity = {"entity": f"{kind.strip()}:{value.strip()}"}
        editing.save(user, "case.entity_added", case, {}, data={"kind": kind.strip()}, private=entity)
    return case


def _queue(user: User, queue_id: UUID | None, gravest: Alert | None) -> Queue:
    if queue_id is None and gravest is not None:
        return gravest.queue
    wanted = queue_id if queue_id is not None else default_queue().pk
    found = visible_queues(user).filter(pk=wanted, active=True).first()
    if found is None:
        raise UnknownError(_("There is no such queue, or it takes no new work."))
    return found


def _first(alerts: Sequence[Alert]) -> tuple[Alert, str]:
    """The alert that names a case, and what says that there are more."""
    first = max(alerts, key=lambda one: (one.severity, one.last_sequence))
    return first, f" +{len(alerts) - 1}" if len(alerts) > 1 else ""


def _title(alerts: Sequence[Alert]) -> str:
    first, more = _first(alerts)
    return f"{first.typology} · {first.entity_kind} {first.entity_value}"[:190] + more


def _titles(alerts: Sequence[Alert]) -> dict[str, str]:
    """The same in words, for both languages."""
    first, more = _first(alerts)
    found = {}
    for key, code in LANGUAGES.items():
        with override(code):
            kind = word(ENTITIES, first.entity_kind).title
            found[key] = f"{first.headline} · {kind} {short_id(first.entity_value)}{more}"
    return found


def link(actor: User | str, case: Case, alerts: Sequence[Alert]) -> None:
    """Put alerts into a case, in the transaction that made or locked it. ConflictError where one is in a case."""
    row = row_of(ALERTS, "open_case")
    for alert in alerts:
        check_state(ALERTS, row, alert.state, str(alert))
        timers.cancel(SNOOZE, "alert", alert.pk)
        editing.save(
            actor, "alert.in_case", alert, {"state": row.to, "snoozed_until": None}, data={"case": case.number}
        )
    CaseAlert.objects.bulk_create([CaseAlert(case=case, alert=alert) for alert in alerts])
    _name(case, [(alert.entity_kind, alert.entity_value) for alert in alerts])


def _name(case: Case, entities: Iterable[tuple[str, str]]) -> None:
    known = {(one.kind, one.value) for one in case.entities.all()}
    new = [pair for pair in dict.fromkeys(entities) if pair not in known]
    if any(not (0 < len(kind) <= 40 and 0 < len(value) <= 300) for kind, value in new):
        raise InvalidError(_("An entity has a kind and a value of 1 to 300 characters."))
    if len(known) + len(new) > MOST_ENTITIES:
        raise ConflictError(_("A case names at most %(most)d entities; open another one.") % {"most": MOST_ENTITIES})
    CaseEntity.objects.bulk_create([CaseEntity(case=case, kind=kind, value=value) for kind, value in new])


def _check_open(case: Case) -> None:
    if case.state in (State.CLOSED, State.CLOSING):
        raise ConflictError(_("%(case)s is closed or about to be; reopen it first.") % {"case": case.number})
