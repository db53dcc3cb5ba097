"""REST: alerts and cases. A change of one names the version it was decided on in If-Match."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.cases import queries
from seawall.apps.cases.models import Alert, Case, Evidence, Note, Queue, Suppression, Task
from seawall.apps.cases.schemas import (
    ActionIn,
    AlertOut,
    AlertsIn,
    CaseIn,
    CaseOut,
    DoneIn,
    EvidenceOut,
    MadeOut,
    NoteIn,
    NoteOut,
    QueueOut,
    TaskIn,
    TaskOut,
)
from seawall.apps.cases.services import alerts as alert_services
from seawall.apps.cases.services import cases as case_services
from seawall.apps.cases.services import evidence as evidence_services
from seawall.apps.cases.services import opening, work
from seawall.apps.cases.services.cases import Given
from seawall.apps.cases.severity import RANKS
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.etag import conditional, tagged, version_asked

alerts_router = Router(tags=["alerts"])
cases_router = Router(tags=["cases"])
MOST = 200


# --- alerts -----------------------------------------------------------------------------------------------------------


@alerts_router.get("", response=list[AlertOut])
@api_requires("alerts.view")
def list_alerts(
    request: HttpRequest, state: str = "", severity: str = "", typology: str = "", entity: str = "",
    before: UUID | None = None, limit: int = 100,
) -> list[Alert]:  # fmt: skip
    """Alerts, the newest first; `before` is the last id of the page before."""
    rows = queries.alerts(person(request))
    wanted = {"state": state, "severity": _rank(severity), "typology": typology, "entity_value": entity}
    return _page(rows.filter(**{name: value for name, value in wanted.items() if value}), before, limit)


@alerts_router.get("/{alert_id}", response=AlertOut)
@api_requires("alerts.view")
def get_alert(request: HttpRequest, response: HttpResponse, alert_id: UUID) -> Any:
    """One alert."""
    return _tagged(request, response, queries.get_alert(person(request), alert_id))


@alerts_router.post("/{alert_id}/{action}", response={200: AlertOut, 201: MadeOut})
@api_requires("alerts.view")
@conditional()
def alert_action(request: HttpRequest, response: HttpResponse, alert_id: UUID, action: str, body: ActionIn) -> Any:
    """snooze (until), wake, suppress (until), lift or dismiss; the service asks for the action's permission."""
    me, version = person(request), version_asked(request)
    if action == "suppress":
        made = alert_services.suppress(me, alert_id, _until(body), body.reason, version)
        key = "suppression" if isinstance(made, Suppression) else "approval"
        return Status(201, MadeOut(**{key: made.pk}))
    if action == "snooze":
        return _tagged(request, response, alert_services.snooze(me, alert_id, _until(body), body.reason, version))
    if action == "wake":
        return _tagged(request, response, alert_services.wake(me, alert_id, version))
    if action == "lift":
        return _tagged(request, response, alert_services.lift_alert(me, alert_id, body.reason, version))
    if action == "dismiss":
        return _tagged(request, response, alert_services.dismiss(me, alert_id, body.reason, version))
    queries.get_alert(me, alert_id)
    raise UnknownError(_("There is no such action."))


# --- cases ------------------------------------------------------------------------------------------------------------


@cases_router.get("", response=list[CaseOut])
@api_requires("cases.view")
def list_cases(
    request: HttpRequest, state: str = "", severity: str = "", assignee: UUID | None = None, entity: str = "",
    before: UUID | None = None, limit: int = 100,
) -> list[Case]:  # fmt: skip
    """Cases, the newest first; `before` is the last id of the page before."""
    rows = queries.cases(person(request))
    wanted = {"state": state, "severity": _rank(severity), "assignee": assignee}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if entity:
        rows = rows.filter(Q(entities__value=entity)).distinct()
    return _page(rows, before, limit)


@cases_router.post("", response={201: CaseOut})
@api_requires("cases.work")
def open_case(request: HttpRequest, response: HttpResponse, body: CaseIn) -> Status[Case]:
    """Open a case, of alerts or of none."""
    made = opening.open_case(
        person(request), body.alerts, title=body.title, queue_id=body.queue, severity=_rank(body.severity),
        take=body.take, restricted=body.restricted,
    )  # fmt: skip
    return Status(201, _tagged(request, response, made))


@cases_router.get("/queues", response=list[QueueOut])
@api_requires("cases.view")
def list_queues(request: HttpRequest) -> list[Queue]:
    """Queues whose work this person may see."""
    return list(queries.queues(person(request)))


@cases_router.get("/{case_id}", response=CaseOut)
@api_requires("cases.view")
def get_case(request: HttpRequest, response: HttpResponse, case_id: UUID) -> Any:
    """One case."""
    return _tagged(request, response, queries.get_case(person(request), case_id))


@cases_router.post("/{case_id}/actions/{action}", response=CaseOut)
@api_requires("cases.view")
@conditional()
def case_action(request: HttpRequest, response: HttpResponse, case_id: UUID, action: str, body: ActionIn) -> Any:
    """An action of the transition table; the service asks for its permission. 412 names what changed meanwhile."""
    given = Given(body.reason, body.assignee, body.queue, body.disposition)
    return _tagged(
        request, response, case_services.act(person(request), case_id, action, given, version_asked(request))
    )


@cases_router.post("/{case_id}/alerts", response=CaseOut)
@api_requires("cases.work")
@conditional()
def add_alerts(request: HttpRequest, response: HttpResponse, case_id: UUID, body: AlertsIn) -> Any:
    """Put alerts into the case."""
    changed = opening.add_alerts(person(request), case_id, body.alerts, version_asked(request))
    return _tagged(request, response, changed)


@cases_router.get("/{case_id}/alerts", response=list[AlertOut])
@api_requires("cases.view")
def case_alerts(request: HttpRequest, case_id: UUID) -> list[Alert]:
    """The alerts in the case."""
    return queries.alerts_of(queries.get_case(person(request), case_id))


@cases_router.get("/{case_id}/notes", response=list[NoteOut])
@api_requires("cases.view")
def list_notes(request: HttpRequest, case_id: UUID) -> list[Note]:
    """Notes, the oldest first."""
    return list(queries.get_case(person(request), case_id).notes.order_by("id"))


@cases_router.post("/{case_id}/notes", response={201: NoteOut})
@api_requires("cases.work")
@conditional(required=False)
def add_note(request: HttpRequest, case_id: UUID, body: NoteIn) -> Status[Note]:
    """Write a note; with If-Match, only on that version of the case."""
    return Status(201, work.add_note(person(request), case_id, body.text, version_asked(request, required=False)))


@cases_router.get("/{case_id}/tasks", response=list[TaskOut])
@api_requires("cases.view")
def list_tasks(request: HttpRequest, case_id: UUID) -> list[Task]:
    """Tasks, the oldest first."""
    return list(queries.get_case(person(request), case_id).tasks.order_by("id"))


@cases_router.post("/{case_id}/tasks", response={201: TaskOut})
@api_requires("cases.work")
@conditional(required=False)
def add_task(request: HttpRequest, case_id: UUID, body: TaskIn) -> Status[Task]:
    """Add a task; If-Match as for a note."""
    made = work.add_task(person(request), case_id, body.title, assignee=body.assignee, due_at=body.due_at,
                         version=version_asked(request, required=False))  # fmt: skip
    return Status(201, made)


@cases_router.post("/{case_id}/tasks/{task_id}", response=TaskOut)
@api_requires("cases.work")
@conditional(required=False)
def finish_task(request: HttpRequest, case_id: UUID, task_id: UUID, body: DoneIn) -> Task:
    """Tick a task off, or untick it; If-Match as for a note."""
    return work.finish_task(person(request), case_id, task_id, body.done, version_asked(request, required=False))


@cases_router.get("/{case_id}/evidence", response=list[EvidenceOut])
@api_requires("cases.view")
def list_evidence(request: HttpRequest, case_id: UUID) -> list[Evidence]:
    """Files, the oldest first."""
    return list(queries.get_case(person(request), case_id).evidence.order_by("id"))


@cases_router.post("/{case_id}/evidence", response={201: EvidenceOut})
@api_requires("cases.work")
@conditional(required=False)
def add_evidence(
    request: HttpRequest, case_id: UUID, file: UploadedFile = File(...), comment: str = Form(""),  # noqa: B008
) -> Status[Evidence]:  # fmt: skip
    """Add a file (multipart); If-Match as for a note."""
    made = evidence_services.add_evidence(person(request), case_id, file.name or "", file.chunks(), comment,
                                          version_asked(request, required=False))  # fmt: skip
    return Status(201, made)


# --- what the operations share ----------------------------------------------------------------------------------------


def _page(rows: QuerySet[Any], before: UUID | None, limit: int) -> list[Any]:
    rows = rows.filter(id__lt=before) if before else rows
    return list(rows.order_by("-id")[: max(1, min(limit, MOST))])


def _tagged(request: HttpRequest, response: HttpResponse, row: Alert | Case) -> Any:
    return tagged(request, response, row, AlertOut if isinstance(row, Alert) else CaseOut, version=row.version)


def _rank(severity: str) -> int:
    if severity and severity not in RANKS:
        raise InvalidError(_("There is no severity %(name)s.") % {"name": severity})
    return RANKS.get(severity, 0)


def _until(body: ActionIn) -> datetime:
    if body.until is None or body.until.tzinfo is None:
        text = _("Give an instant with its offset, like 2026-11-22T14:03:00+08:00.")
        raise InvalidError(text, {"until": text})
    return body.until
