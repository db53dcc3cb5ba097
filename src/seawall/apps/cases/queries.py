"""Reading alerts, cases and the work in them, as far as a person may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.approvals.models import PENDING, Request
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.queries import entries_of
from seawall.apps.cases.models import Alert, AlertHit, Case, Notification, Queue, Suppression, Task
from seawall.apps.cases.scopes import visible_alerts, visible_cases, visible_queues
from seawall.apps.cases.services.closure import CLOSE
from seawall.apps.errors import UnknownError

MOST_HITS = 200
MOST_ENTRIES = 500


def alerts(user: User) -> QuerySet[Alert]:
    """Alerts this person may know of."""
    return visible_alerts(user).select_related("queue")


def get_alert(user: User, alert_id: UUID) -> Alert:
    """One alert. UnknownError where there is none that this person may know of."""
    found = alerts(user).filter(pk=alert_id).first()
    if found is None:
        raise UnknownError(_("There is no such alert, or it is not for you to see."))
    return found


def hits_of(alert: Alert) -> list[AlertHit]:
    """The newest hits of an alert."""
    return list(alert.hit_rows.order_by("-sequence")[:MOST_HITS])


def case_of(user: User, alert: Alert) -> Case | None:
    """The case that an alert is in, if this person may know of it."""
    return visible_cases(user).filter(alert_links__alert=alert, alert_links__removed_at=None).first()


def cases(user: User) -> QuerySet[Case]:
    """Cases this person may know of."""
    return visible_cases(user).select_related("queue", "assignee")


def get_case(user: User, case_id: UUID) -> Case:
    """One case. UnknownError where there is none that this person may know of."""
    found = cases(user).filter(pk=case_id).first()
    if found is None:
        raise UnknownError(_("There is no such case, or it is not for you to see."))
    return found


def alerts_of(case: Case) -> list[Alert]:
    """The alerts in a case, the gravest first."""
    rows = Alert.objects.filter(case_links__case=case, case_links__removed_at=None).select_related("queue")
    return list(rows.order_by("-severity", "-last_sequence"))


def hits_in(case: Case) -> list[AlertHit]:
    """The newest hits of all alerts in a case."""
    rows = AlertHit.objects.filter(alert__case_links__case=case, alert__case_links__removed_at=None)
    return list(rows.select_related("alert").order_by("-sequence")[:MOST_HITS])


def entries(case: Case) -> list[Outbox]:
    """What was done to a case, the newest first."""
    return list(entries_of("case", case.pk).order_by("-id")[:MOST_ENTRIES])


def closure_request(case: Case) -> Request | None:
    """The request for closure that waits for a second person."""
    rows = Request.objects.filter(kind=CLOSE, object_id=str(case.pk), state=PENDING)
    return rows.select_related("maker").first()


def open_cases(user: User) -> QuerySet[Case]:
    """What this person works on, what is due first first."""
    return cases(user).filter(assignee=user).exclude(state=Case.State.CLOSED).order_by("due_at", "id")


def open_in(user: User, queue: Queue) -> QuerySet[Case]:
    """What is open in a queue, what is due first first."""
    return cases(user).filter(queue=queue).exclude(state=Case.State.CLOSED).order_by("due_at", "id")


def free_cases(user: User) -> QuerySet[Case]:
    """What nobody has yet."""
    return cases(user).filter(state=Case.State.NEW).order_by("due_at", "id")


def due_before(instant: datetime) -> Q:
    """Cases whose clock runs out before an instant, and has not yet."""
    return Q(breached_at=None, waiting_since=None, due_at__lt=instant)


def running_out(user: User, soon: datetime) -> QuerySet[Case]:
    """What this person has, and what nobody has, that is overdue or due before an instant; what is due first first."""
    rows = cases(user).filter(Q(assignee=user) | Q(assignee=None)).exclude(state=Case.State.CLOSED)
    return rows.filter(due_before(soon) | Q(breached_at__isnull=False)).order_by("due_at", "id")


def gravest_alerts(user: User) -> QuerySet[Alert]:
    """New alerts of this person's queues, the gravest first."""
    return alerts(user).filter(state=Alert.State.NEW).order_by("-severity", "-id")


def open_tasks(user: User) -> QuerySet[Task]:
    """Tasks of this person that are not done, in cases they may see."""
    rows = Task.objects.filter(assignee=user, done_at=None, case__in=visible_cases(user))
    return rows.select_related("case").order_by("due_at", "id")


def notifications(user: User) -> QuerySet[Notification]:
    """What this person was told, the newest first; nothing about cases that they may no longer see."""
    rows = Notification.objects.filter(person=user, case__in=visible_cases(user))
    return rows.select_related("case", "by").order_by("-id")


def unread(user: User) -> int:
    """How many notifications wait."""
    return notifications(user).filter(read_at=None).count()


def queues(user: User) -> QuerySet[Queue]:
    """Queues whose work this person may see."""
    return visible_queues(user)


@dataclass(frozen=True)
class Load:
    """What waits in a queue."""

    queue: Queue
    alerts: int
    cases: int
    overdue: int
    members: int


def loads(user: User) -> list[Load]:
    """Queues with what waits in them."""
    rows = list(queues(user).annotate(people=Count("members")))
    alerts_waiting = _counts(Alert.objects.filter(queue__in=rows, state=Alert.State.NEW))
    open_ones = Case.objects.filter(queue__in=rows).exclude(state=Case.State.CLOSED)
    cases_open, overdue = _counts(open_ones), _counts(open_ones.filter(breached_at__isnull=False))
    return [
        Load(one, alerts_waiting.get(one.pk, 0), cases_open.get(one.pk, 0), overdue.get(one.pk, 0), one.people)
        for one in rows
    ]  # fmt: skip


def get_queue(user: User, queue_id: UUID) -> Queue:
    """One queue. UnknownError where there is none that this person may know of."""
    found = queues(user).filter(pk=queue_id).first()
    if found is None:
        raise UnknownError(_("There is no such queue."))
    return found


def suppressions() -> QuerySet[Suppression]:
    """All suppressions, ended ones too."""
    holding = ExpressionWrapper(Q(ended_at=None), output_field=BooleanField())
    return Suppression.objects.select_related("created_by", "approved_by").annotate(holding=holding)


def workers(case: Case | None = None) -> list[User]:
    """People who could work a case (or any)."""
    people = User.objects.filter(is_active=True).order_by("username")
    return [one for one in people if one.has_perm("cases.work", case)]


def typologies() -> list[str]:
    """Typologies that alerts have, by name."""
    return sorted(Alert.objects.order_by().values_list("typology", flat=True).distinct()[:100])


@dataclass(frozen=True)
class Backlog:
    """What waits against its time limit."""

    alerts: int
    cases: int
    overdue: int
    soon: int


def backlog(user: User, soon: datetime) -> Backlog:
    """Open work this person may know of; `soon`: cases due before then."""
    open_ones = visible_cases(user).exclude(state=Case.State.CLOSED)
    counted = open_ones.aggregate(
        all=Count("pk"), overdue=Count("pk", filter=Q(breached_at__isnull=False)),
        soon=Count("pk", filter=due_before(soon)),
    )  # fmt: skip
    waiting = visible_alerts(user).filter(state=Alert.State.NEW).count()
    return Backlog(waiting, counted["all"], counted["overdue"], counted["soon"])


def _counts(rows: QuerySet[Alert] | QuerySet[Case]) -> dict[object, int]:
    return dict(rows.order_by().values_list("queue").annotate(n=Count("*")))
