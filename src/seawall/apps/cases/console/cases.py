"""Pages: the list of cases, My work, a new case, the table of transitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.accounts.roles import catalog
from seawall.apps.approvals.queries import waiting_for
from seawall.apps.cases import queries
from seawall.apps.cases.console.alerts import RANK_WORDS, queue_words
from seawall.apps.cases.console.shared import crumbs, show, status_of, uuid_or_none
from seawall.apps.cases.forms import CaseForm
from seawall.apps.cases.models import Case, CaseEntity
from seawall.apps.cases.scopes import serials
from seawall.apps.cases.services import notifications, opening
from seawall.apps.cases.states import ALERT_STATES, ALERTS, ALWAYS, CASE_STATES, CASES, LONG, Transition
from seawall.apps.errors import InvalidError
from seawall.apps.transitions import possible
from seawall.console.filters import LAST, Choice, Search, Times
from seawall.console.pages import Action, Empty, ListPage, View, dialog, go
from seawall.console.tables import Column, RowAction, Table
from seawall.console.words import Word, word, words

VIEW, WORK = "cases.view", "cases.work"
SOON = timedelta(hours=4)
MOST_SHOWN = 50
MOST_ALERTS = 10  # on My work
MOST_FOUND = 500


def found(text: str) -> Q:
    """Cases of that number, entity or beginning of a title."""
    number = text.upper() if text.upper().startswith("C-") else f"C-{text}"
    named = list(CaseEntity.objects.filter(value=text).order_by("-id").values_list("case", flat=True)[:MOST_FOUND])
    titled = Q(title__gte=text, title__lt=text + LAST)
    return Q(serial__in=serials(frozenset([number]))) | Q(pk__in=named) | titled


CLOCKS = words(
    Word("late", gettext_lazy("Past their time limit"), "alert", "bad"),
    Word("1h", gettext_lazy("Due within an hour"), "clock", "notice"),
    Word("4h", gettext_lazy("Due within 4 hours"), "clock", "notice"),
)
STRETCHES = {"1h": timedelta(hours=1), "4h": SOON}


@dataclass(frozen=True)
class Clock(Choice):
    """Open cases whose time limit has passed, or comes soon."""

    def narrow(self, rows: QuerySet[Case], value: list[str]) -> QuerySet[Case]:
        """Rows of any of the stretches."""
        wanted = Q()
        for one in value:
            wanted |= Q(breached_at__isnull=False) if one == "late" else queries.due_before(
                timezone.now() + STRETCHES[one]
            )  # fmt: skip
        return rows.filter(wanted).exclude(state=Case.State.CLOSED)


def _of_row(case: Case) -> list[RowAction]:
    """What can be done to a case of the list: taken, or given to somebody."""
    return [
        RowAction(row.title, f"{reverse('cases:case_do', args=[case.pk, row.action])}?v={case.version}", row.icon,
                  post=row.action == "take", dialog=row.action == "assign", permission=row.permission)
        for row in possible(CASES, case.state) if row.action in ("take", "assign")
    ]  # fmt: skip


CASE_LIST = ListPage(
    name="cases",
    title=gettext_lazy("Cases"),
    purpose=gettext_lazy("What is being investigated, what is due first, and who has it."),
    table=Table(
        columns=(
            Column("case", gettext_lazy("Case"), value=str, primary=True),
            Column("severity", gettext_lazy("Severity"), "severity", value="severity_name", sort="severity"),
            Column("state", gettext_lazy("State"), "chip", value=lambda row: word(CASE_STATES, row.state)),
            Column(
                "assignee",
                gettext_lazy("Assignee"),
                "person",
                value=lambda row: str(row.assignee) if row.assignee else "",
            ),
            Column("due_at", gettext_lazy("Due"), "due", value=lambda row: due_of(row), sort="due_at"),
            Column("queue", gettext_lazy("Queue"), value=lambda row: str(row.queue)),
            Column("opened_at", gettext_lazy("Opened"), "when", sort="opened_at"),
            Column("closed_at", gettext_lazy("Closed"), "when", shown=False),
            Column("restricted", gettext_lazy("Restricted"), "flag", shown=False),
        ),
        sort="due_at",
        url=lambda row: reverse("cases:case", args=[row.pk]),
        tone=lambda row: "bad" if row.breached_at and row.open else "",
        actions=lambda row: _of_row(row),
    ),
    filters=(
        Search(find=found, hint=gettext_lazy("Number, entity or title")),
        Choice("state", gettext_lazy("State"), "state", CASE_STATES),
        Choice("severity", gettext_lazy("Severity"), "severity", RANK_WORDS),
        Choice("queue", gettext_lazy("Queue"), "queue", load=queue_words),
        Times("opened", gettext_lazy("Opened"), "opened_at"),
        Clock("clock", gettext_lazy("Time limit"), "", CLOCKS, counts=False),
    ),
    views=(
        View("open", gettext_lazy("Open"), "state=new&state=assigned&state=in_progress&state=waiting&state=closing"),
        View("free", gettext_lazy("Nobody has it"), "state=new"),
        View("closed", gettext_lazy("Closed"), "state=closed&sort=-opened_at"),
    ),
    empty=Empty(
        gettext_lazy("No cases"), gettext_lazy("Open one from an alert, or with the button above."), icon="folder"
    ),
)


def due_of(case: Case) -> tuple[object, object] | None:
    """When a case is due; nothing while the clock stands still or the case is closed."""
    return None if case.waiting_since or not case.open else (case.due_at, case.opened_at)


@requires(VIEW)
@require_safe
def case_list(request: HttpRequest) -> HttpResponseBase:
    """Cases this person may know of; open ones unless the address asks for others."""
    if not request.GET:
        return redirect(f"{reverse('cases:cases')}?{CASE_LIST.views[0].query}")
    actions = [
        Action(_("Open a case"), reverse("cases:case_new"), "plus", dialog=True, permission=WORK, key="c"),
        Action(_("Queues"), reverse("cases:queues"), "inbox", permission=VIEW),
        Action(_("What can happen"), reverse("cases:transitions"), "question", permission=VIEW),
    ]
    return CASE_LIST.respond(request, queries.cases(person(request)), actions=actions)


@requires(WORK)
@require_http_methods(["GET", "HEAD", "POST"])
def case_new(request: HttpRequest) -> HttpResponse:
    """A dialog for a case without alerts."""
    me = person(request)
    form = CaseForm(request.POST or None, queues=queries.queues(me).filter(active=True),
                    restrictable=me.has_perm("cases.restricted"))  # fmt: skip
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = opening.open_case(
                me, title=given["title"], queue_id=uuid_or_none(given["queue"]), severity=int(given["severity"]),
                take=given["take"], restricted=bool(given.get("restricted")),
            )  # fmt: skip
            return go(request, reverse("cases:case", args=[made.pk]), _("%(case)s is open.") % {"case": made.number})
        except InvalidError as error:
            show(form, error)
    return dialog(request, _("Open a case"), form, reverse("cases:case_new"), button=_("Open"), status=status_of(form))


# --- my work ----------------------------------------------------------------------------------------------------------


@requires(VIEW)
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What waits for this person: cases by their deadline, tasks, what they were told."""
    me = person(request)
    soon = timezone.now() + SOON
    work, look = me.has_perm(WORK), me.has_perm("alerts.view")
    context = {
        "title": _("My work"),
        "purpose": _("Your cases by deadline, your tasks, and what happened without you."),
        "running_out": [(one, due_of(one)) for one in queries.running_out(me, soon)[:MOST_SHOWN]],
        "alerts": queries.gravest_alerts(me)[:MOST_ALERTS] if look else [],
        "may_open": work and me.has_perm("alerts.work"),
        "approvals": list(waiting_for(me)[:MOST_ALERTS]) if me.has_perm("approvals.view") else [],
        "cases": [(one, CASE_STATES[one.state], due_of(one)) for one in queries.open_cases(me)[:MOST_SHOWN]],
        "free": [(one, due_of(one)) for one in queries.free_cases(me)[:MOST_SHOWN]] if work else [],
        "tasks": queries.open_tasks(me)[:MOST_SHOWN],
        "told": queries.notifications(me)[:MOST_SHOWN],
        "unread": queries.unread(me),
        "backlog": queries.backlog(me, soon),
    }
    return render(request, "cases/mine.html", context)


@requires(VIEW)
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark what one was told as read."""
    notifications.mark_read(person(request))
    return go(request, reverse("cases:mine"), _("All read."))


@requires(VIEW)
@require_safe
def told(request: HttpRequest, notification_id: UUID) -> HttpResponseBase:
    """Read one notification and go where it points."""
    me = person(request)
    found = queries.notifications(me).filter(pk=notification_id).first()
    if found is None:
        return redirect("cases:mine")
    notifications.mark_read(me, notification_id)
    return redirect("cases:case", found.case_id)


# --- what can happen --------------------------------------------------------------------------------------------------


@requires(VIEW)
@require_safe
def transitions(request: HttpRequest) -> HttpResponse:
    """The two tables that the services obey."""
    tables = [(_("Alerts"), _rows(ALERTS, ALERT_STATES)), (_("Cases"), _rows(CASES, CASE_STATES))]
    return render(request, "cases/transitions.html", {
        "title": _("What can happen"), "tables": tables,
        "purpose": _("Every step of an alert and a case: from where, to where, who may take it."),
        "crumbs": crumbs((_("Cases"), reverse("cases:cases")), (_("What can happen"), "")),
    })  # fmt: skip


def _rows(table: tuple[Transition, ...], states: dict[str, Word]) -> list[dict[str, object]]:
    eyes = {ALWAYS: _("Always"), LONG: _("Beyond 30 days")}
    return [
        {
            "row": row, "sources": [states[one] for one in row.sources], "to": states[row.to],
            "permission": catalog().permissions.get(row.permission), "four_eyes": eyes.get(row.four_eyes, ""),
        }
        for row in table
    ]  # fmt: skip
