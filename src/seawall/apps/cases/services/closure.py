"""Closing a case by four eyes: one person proposes the disposition, another approves it; labels follow from it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.scope import Facts
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import WITHDRAWN, Request
from seawall.apps.audit.services import SYSTEM
from seawall.apps.cases.models import Alert, AlertHit, Case, CaseAlert, Disposition, LabelDelivery, Notification
from seawall.apps.cases.scopes import may_see
from seawall.apps.cases.services import editing, labels, sla
from seawall.apps.cases.services.notifications import notify
from seawall.apps.cases.states import ALERTS, CASES, check_state
from seawall.apps.cases.table import table
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.transitions import row_of

CLOSE = "cases.close"
MOST_LABELS = 2_000


def submit(user: User, case: Case, disposition: str, reason: str) -> Request:
    """Ask for closure with a disposition. InvalidError for none; ConflictError while tasks are open."""
    if disposition not in tuple(Disposition.Kind):
        text = _("Choose a disposition: %(known)s.") % {
            "known": ", ".join(str(title) for _key, title in Disposition.KIND_CHOICES)
        }
        raise InvalidError(text, {"disposition": text})
    open_tasks = case.tasks.filter(done_at=None).count()
    if open_tasks:
        raise ConflictError(_("%(count)d tasks are not done; finish them first.") % {"count": open_tasks})
    payload = {"disposition": disposition, "alerts": case.alert_links.filter(removed_at=None).count()}
    return approvals.submit(user, CLOSE, "case", case.pk, payload, reason, title=str(case))


def request_facts(request: Request) -> Facts:
    """What scopes of the checker are held against."""
    case = Case.objects.select_related("queue").filter(pk=request.object_id).first()
    return Facts(queue=case.queue.key, case=case.number, at=case.opened_at) if case else Facts()


def execute(request: Request, checker: User) -> None:
    """Carry out an approved closure: the case and its alerts close, the disposition stands, labels wait."""
    case = Case.objects.select_for_update().select_related("queue", "assignee").filter(pk=request.object_id).first()
    if case is None or not may_see(checker, case):
        raise UnknownError(_("There is no such case, or it is not for you to see."))
    row = row_of(CASES, "approve")
    check_state(CASES, row, case.state, case.number)
    found = Disposition.objects.create(
        case=case, kind=request.payload["disposition"], reason=request.reason, maker=request.maker, checker=checker
    )
    labelled = _queue_labels(found)
    sla.stop(case)
    about = {"disposition": found.kind, "labels": labelled, "maker": str(request.maker_id)}
    editing.save(checker, "case.closed", case, {"state": row.to, "closed_at": timezone.now()}, data=about)
    closed = row_of(ALERTS, "close")
    for link in CaseAlert.objects.select_related("alert__queue").filter(case=case, removed_at=None):
        if link.alert.state in closed.sources:
            fields = {"state": closed.to, "collecting": False}
            editing.save(checker, "alert.closed", link.alert, fields, data={"case": case.number})
    notify([request.maker, case.assignee], Notification.Kind.APPROVED, case, by=checker)


def returned(request: Request) -> None:
    """A request that came to nothing: the case goes on. Called in the transaction that closes the request."""
    row = row_of(CASES, "return")
    case = Case.objects.select_for_update().select_related("queue", "assignee").filter(
        pk=request.object_id, state__in=row.sources
    ).first()  # fmt: skip
    if case is None:
        return
    actor: User | str = request.checker or (request.maker if request.state == WITHDRAWN else SYSTEM)
    editing.save(actor, "case.closure_returned", case, {"state": row.to}, data={"request": request.state})
    notify(
        [request.maker, case.assignee], Notification.Kind.RETURNED, case, by=actor if isinstance(actor, User) else None
    )


def describe(key: str, value: object) -> tuple[str, str]:
    """One field of a closure request in words."""
    if key == "disposition":
        return _("Disposition"), str(dict(Disposition.KIND_CHOICES).get(str(value), value))
    return _("Alerts in the case"), str(value)


def _queue_labels(found: Disposition) -> int:
    """A label for each event of the case's alerts, if the disposition has one; none twice for an event."""
    label = table().labels.get(found.kind)
    if not label:
        return 0
    alerts = Alert.objects.filter(case_links__case=found.case, case_links__removed_at=None)
    hits = AlertHit.objects.filter(alert__in=alerts).order_by("-sequence")
    events = {hit.event_id: hit.sequence for hit in hits[: MOST_LABELS + 1]}
    if len(events) > MOST_LABELS:
        raise ConflictError(
            _("More than %(most)d events would be labelled; take alerts out of the case.") % {"most": MOST_LABELS}
        )
    known = set(LabelDelivery.objects.filter(label=label, event_id__in=events).values_list("event_id", flat=True))
    at = timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows = [
        LabelDelivery(disposition=found, label=label, event_id=event, decision_sequence=sequence, label_time=at)
        for event, sequence in events.items() if event not in known
    ]  # fmt: skip
    LabelDelivery.objects.bulk_create(rows)
    labels.put(rows, found.checker)
    return len(rows)
