"""Who may see which alert and case: roles with their scopes, members of queues, people of restricted cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import scopes
from seawall.apps.accounts.scope import Facts, Scope, describes
from seawall.apps.cases.models import Alert, Case, CaseAlert, Queue

ALL_QUEUES = ("cases.assign", "cases.restricted")  # whoever may either sees the work of every queue
M = TypeVar("M", bound=Model)


@describes(Case)
def _case_facts(case: Case) -> Facts:
    return Facts(queue=case.queue.key, case=case.number, at=case.opened_at)


@describes(Alert)
def _alert_facts(alert: Alert) -> Facts:
    link = CaseAlert.objects.filter(alert=alert, removed_at=None).select_related("case").first()
    return Facts(queue=alert.queue.key, case=link.case.number if link else None, at=alert.last_at)


@describes(Queue)
def _queue_facts(queue: Queue) -> Facts:
    return Facts(queue=queue.key)


def visible_queues(user: User) -> QuerySet[Queue]:
    """Queues whose work this person may see: their own, those of nobody in particular; all for those who assign."""
    rows = Queue.objects.all()
    if not any(user.has_perm(permission) for permission in ALL_QUEUES):
        own = Queue.members.through.objects.filter(queue_id=OuterRef("pk"))
        rows = rows.filter(Exists(own.filter(user_id=user.pk)) | ~Exists(own))
    held = scopes(user, "cases.view") + scopes(user, "alerts.view")
    if any(scope.queues is None for scope in held):
        return rows
    return rows.filter(key__in={key for scope in held for key in scope.queues or ()})


def visible_cases(user: User) -> QuerySet[Case]:
    """Cases this person may know of."""
    involved = Q(assignee=user) | Exists(Case.people.through.objects.filter(case_id=OuterRef("pk"), user_id=user.pk))
    rows = _narrowed(Case.objects.all(), scopes(user, "cases.view"), "opened_at", _in_cases)
    if not any(user.has_perm(permission) for permission in ALL_QUEUES):
        rows = rows.filter(Q(queue__in=_queue_ids(user)) | involved)
    if not user.has_perm("cases.restricted"):
        rows = rows.filter(Q(restricted=False) | involved)
    return rows


def visible_alerts(user: User) -> QuerySet[Alert]:
    """Alerts this person may know of; one in a restricted case only with the case."""
    rows = _narrowed(Alert.objects.all(), scopes(user, "alerts.view"), "last_at", _alerts_in_cases)
    if not any(user.has_perm(permission) for permission in ALL_QUEUES):
        own = _queue_ids(user)
        if len(own) < Queue.objects.count():
            rows = rows.filter(queue__in=own)
    if not user.has_perm("cases.restricted"):
        hidden = Case.objects.filter(restricted=True).exclude(pk__in=visible_cases(user).values("pk"))
        if hidden.exists():  # almost never: then the list is spared the look
            rows = rows.exclude(pk__in=CaseAlert.objects.filter(case__in=hidden, removed_at=None).values("alert"))
    return rows


def may_see(user: User, case: Case) -> bool:
    """Whether this person may know of the case."""
    return user.has_perm("cases.view", case) and visible_cases(user).filter(pk=case.pk).exists()


def _queue_ids(user: User) -> list[object]:
    return list(visible_queues(user).values_list("pk", flat=True))


def _in_cases(numbers: frozenset[str]) -> Q:
    return Q(serial__in=serials(numbers))


def _alerts_in_cases(numbers: frozenset[str]) -> Q:
    links = CaseAlert.objects.filter(alert=OuterRef("pk"), removed_at=None, case__serial__in=serials(numbers))
    return Q(Exists(links))


def serials(numbers: frozenset[str]) -> list[int]:
    """The serial numbers of cases named like C-1042."""
    return [int(number[2:]) for number in numbers if number.startswith("C-") and number[2:].isdecimal()]


def _narrowed(
    rows: QuerySet[M], held: list[Scope], instant: str, in_cases: Callable[[frozenset[str]], Q]
) -> QuerySet[M]:
    if any(scope.everything for scope in held):
        return rows
    wanted = Q(pk__in=())
    for scope in held:
        part = Q()
        if scope.queues is not None:
            part &= Q(queue__key__in=scope.queues)
        if scope.cases is not None:
            part &= in_cases(scope.cases)
        if scope.start is not None:
            part &= Q(**{f"{instant}__gte": _midnight(scope.start)})
        if scope.end is not None:
            part &= Q(**{f"{instant}__lt": _midnight(scope.end + timedelta(days=1))})
        wanted |= part
    return rows.filter(wanted)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
