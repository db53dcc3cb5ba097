"""The clock of a case: working time until it is due, standing still while the customer is asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.audit.services import SYSTEM
from seawall.apps.cases.models import Case, Notification
from seawall.apps.cases.services import editing
from seawall.apps.cases.services.notifications import notify
from seawall.apps.timers import queries as timer_queries
from seawall.apps.timers import services as timers

KIND, OBJECT = "cases.sla", "case"


def start(case: Case, now: datetime | None = None) -> datetime:
    """Begin to count; returns when the case is due."""
    queue = case.queue
    duration = queue.time_for(case.severity)
    return timers.start(KIND, OBJECT, case.pk, duration=duration, calendar=queue.calendar, now=now).due_at


def hasten(case: Case, severity: int) -> dict[str, datetime]:
    """A graver case has at most the time of its new severity, never more than what is left; the fields that change."""
    running = timer_queries.timer_of(KIND, OBJECT, case.pk)
    if running is None or not running.open:
        return {}
    allowed = min(timer_queries.time_left(running), case.queue.time_for(severity))
    timers.cancel(KIND, OBJECT, case.pk)
    timer = timers.start(KIND, OBJECT, case.pk, duration=allowed, calendar=case.queue.calendar)
    if running.paused_at is not None:
        timers.pause(KIND, OBJECT, case.pk)
    return {"due_at": timer.due_at}


def pause(case: Case) -> dict[str, datetime]:
    """The customer is asked; the fields that change."""
    timers.pause(KIND, OBJECT, case.pk)
    return {"waiting_since": timezone.now()}


def resume(case: Case) -> dict[str, datetime | None]:
    """Count on, where the clock stands still; the fields that change."""
    if case.waiting_since is None:
        return {}
    timer = timers.resume(KIND, OBJECT, case.pk)
    due = {"due_at": timer.due_at} if timer is not None else {}
    return {"waiting_since": None, **due}


def stop(case: Case) -> None:
    """The case is closed."""
    timers.cancel(KIND, OBJECT, case.pk)


def breach(case_id: UUID) -> None:
    """The time is over: mark the case, tell its assignee and those who assign in its queue. Called by the timer."""
    case = Case.objects.select_for_update().select_related("queue", "assignee").filter(pk=case_id).first()
    if case is None or not case.open or case.breached_at is not None:
        return
    editing.save(SYSTEM, "case.overdue", case, {"breached_at": timezone.now()})
    notify([case.assignee, *leads(case)], Notification.Kind.OVERDUE, case)


def leads(case: Case) -> list[User]:
    """Members of the case's queue who may assign work in it."""
    return [one for one in case.queue.members.filter(is_active=True) if one.has_perm("cases.assign", case)]
