"""What happens to a case by a person's command, as the transition table allows it; and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.scope import Facts
from seawall.apps.cases.models import Case, CaseAlert, Notification, Queue
from seawall.apps.cases.scopes import visible_queues
from seawall.apps.cases.services import closure, editing, sla
from seawall.apps.cases.services.notifications import notify
from seawall.apps.cases.services.queues import pick
from seawall.apps.cases.severity import HIGHEST
from seawall.apps.cases.states import ALERTS, CASES, Transition, check_state
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.transitions import row_of

State = Case.State
Kind = Notification.Kind


@dataclass(frozen=True)
class Given:
    """What an action needs beyond its name: who gets the case, in which queue, what was found."""

    reason: str = ""
    assignee: UUID | None = None
    queue: UUID | None = None
    disposition: str = ""


Effect = Callable[[User, Case, Transition, Given], None]


def act(user: User, case_id: UUID, action: str, given: Given | None = None, version: int | None = None) -> Case:
    """Carry out one action of the table on a case.

    UnknownError: no such action, or case that this person may know of; DeniedError; ConflictError: not in this state;
    StaleError: changed since `version`; InvalidError: a reason or a field is missing.
    """
    try:
        row = row_of(CASES, action)
    except KeyError:
        row = None
    if row is None or row.by_system:
        raise UnknownError(_("There is no such action."))
    asked = given or Given()
    with transaction.atomic():
        case = editing.locked_case(user, case_id, row.permission, version)
        check_state(CASES, row, case.state, case.number)
        why = editing.reason_text(asked.reason, row.reason)
        _EFFECTS[action](user, case, row, Given(why, asked.assignee, asked.queue, asked.disposition))
    return case


def restrict(user: User, case_id: UUID, restricted: bool, reason: str, version: int | None = None) -> Case:
    """Show a case only to its people and to those who may see restricted ones; or to everybody again."""
    with transaction.atomic():
        case = editing.locked_case(user, case_id, "cases.restricted", version)
        why = editing.reason_text(reason, required=True)
        editing.save(
            user, "case.restricted" if restricted else "case.unrestricted", case, {"restricted": restricted}, why
        )
    return case


def add_person(user: User, case_id: UUID, person_id: UUID, version: int | None = None) -> Case:
    """Let a further person see the case, restricted or not."""
    with transaction.atomic():
        case = editing.locked_case(user, case_id, "cases.assign", version)
        found = _person(person_id)
        if not found.has_perm("cases.view"):
            raise InvalidError(
                _("%(person)s may not see cases at all.") % {"person": found}, {"person": _("May not see cases.")}
            )
        case.people.add(found)
        editing.save(user, "case.person_added", case, {}, data={"person": str(found.pk)})
    return case


def _take(user: User, case: Case, row: Transition, given: Given) -> None:
    editing.save(user, "case.taken", case, {"state": row.to, "assignee": user})


def _assign(user: User, case: Case, row: Transition, given: Given) -> None:
    queue = _queue(user, given.queue) if given.queue is not None else case.queue
    chosen = _person(given.assignee) if given.assignee is not None else pick(queue, case.restricted)
    if chosen is None:
        text = _("Choose a person; this queue does not assign by itself.")
        raise InvalidError(text, {"assignee": text})
    if not chosen.has_perm("cases.work", Facts(queue=queue.key, case=case.number, at=case.opened_at)):
        text = _("%(person)s may not work cases of this queue.") % {"person": chosen}
        raise InvalidError(text, {"assignee": text})
    fields = {"state": row.to, "assignee": chosen, "queue": queue, **sla.resume(case)}
    editing.save(user, "case.assigned", case, fields, given.reason)
    notify([chosen], Kind.ASSIGNED, case, by=user)


def _wait(user: User, case: Case, row: Transition, given: Given) -> None:
    editing.save(user, "case.waiting", case, {"state": row.to, **sla.pause(case)}, given.reason)


def _resume(user: User, case: Case, row: Transition, given: Given) -> None:
    editing.save(user, "case.resumed", case, {"state": row.to, **sla.resume(case)})


def _escalate(user: User, case: Case, row: Transition, given: Given) -> None:
    """One level graver, free for whoever takes it next; those who assign are told."""
    graver, told = min(case.severity + 1, HIGHEST), [*sla.leads(case), case.assignee]
    fields = {"state": row.to, "assignee": None, "severity": graver, **sla.resume(case), **sla.hasten(case, graver)}
    editing.save(user, "case.escalated", case, fields, given.reason)
    notify(told, Kind.ESCALATED, case, by=user)


def _submit(user: User, case: Case, row: Transition, given: Given) -> None:
    closure.submit(user, case, given.disposition, given.reason)
    editing.save(
        user, "case.closure_asked", case, {"state": row.to}, given.reason, data={"disposition": given.disposition}
    )


def _reopen(user: User, case: Case, row: Transition, given: Given) -> None:
    fields = {"state": row.to, "closed_at": None, "breached_at": None, "assignee": user, "due_at": sla.start(case)}
    editing.save(user, "case.reopened", case, fields, given.reason)
    back = row_of(ALERTS, "reopen")
    for link in CaseAlert.objects.select_related("alert__queue").filter(case=case, removed_at=None):
        if link.alert.state in back.sources:
            editing.save(user, "alert.reopened", link.alert, {"state": back.to}, data={"case": case.number})


_EFFECTS: dict[str, Effect] = {
    "take": _take, "assign": _assign, "wait": _wait, "resume": _resume, "escalate": _escalate, "submit": _submit,
    "reopen": _reopen,
}  # fmt: skip


def _person(person_id: UUID) -> User:
    found = User.objects.filter(pk=person_id, is_active=True).first()
    if found is None:
        raise UnknownError(_("There is no such person, or they are disabled."))
    return found


def _queue(user: User, queue_id: UUID) -> Queue:
    found = visible_queues(user).filter(pk=queue_id, active=True).first()
    if found is None:
        raise UnknownError(_("There is no such queue, or it takes no new work."))
    return found
