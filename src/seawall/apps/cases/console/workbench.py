"""The case workbench: queue, story, act; and every command of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import person, requires
from seawall.apps.cases import queries
from seawall.apps.cases.console.alerts import titles
from seawall.apps.cases.console.cases import due_of
from seawall.apps.cases.console.shared import (
    crumbs,
    download,
    reason,
    says_what_changed,
    show,
    status_of,
    uuid_or_none,
    version_of,
)
from seawall.apps.cases.console.timeline import timeline
from seawall.apps.cases.export import export_case
from seawall.apps.cases.files import TYPES
from seawall.apps.cases.forms import AssignForm, ClosureForm, EvidenceForm, TaskForm
from seawall.apps.cases.models import AlertHit, Case, LabelDelivery
from seawall.apps.cases.services import cases as services
from seawall.apps.cases.services import evidence, opening, work
from seawall.apps.cases.services.cases import Given
from seawall.apps.cases.states import ALERT_STATES, CASE_STATES, CASES, LABEL_STATES
from seawall.apps.decisions.reading import event_titles
from seawall.apps.decisions.registry import buttons
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.transitions import possible
from seawall.console import links
from seawall.console.pages import Action, ask_why, dialog, go, permitted

VIEW, WORK = "cases.view", "cases.work"
KEYS = {"take": "a", "assign": "i", "submit": "d", "escalate": "e", "wait": "w", "resume": "w", "reopen": "r"}
BESIDE = 40  # cases in the left pane


@requires(VIEW)
@require_safe
def case_page(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Three panes: what else waits, what happened, what to do."""
    me = person(request)
    case = queries.get_case(me, case_id)
    alerts, hits = queries.alerts_of(case), queries.hits_in(case)
    notes, types = list(case.notes.select_related("author")), event_titles()
    beside = queries.open_cases(me) if case.assignee_id == me.pk else queries.open_in(me, case.queue)
    waiting = queries.closure_request(case)
    context = {
        "title": str(case),
        "case": case,
        "state": CASE_STATES[case.state],
        "due": due_of(case),
        "beside": [(one, due_of(one)) for one in beside[:BESIDE]],
        "alerts": [(one, ALERT_STATES[one.state]) for one in alerts],
        "hits": [
            (one, types.get(one.event_type, one.event_type), titles(one), _decision_url(one)) for one in hits[:30]
        ],
        "entities": list(case.entities.all()),
        "evidence": list(case.evidence.select_related("added_by").order_by("id")),
        "tasks": list(case.tasks.select_related("assignee", "done_by").order_by("id")),
        "dispositions": list(case.dispositions.select_related("maker", "checker").order_by("-id")),
        "labels": _labels(case),
        "moments": timeline(queries.entries(case), notes, hits, _decision_url),
        "waiting": waiting,
        "waiting_url": links.url_of("approval", waiting.pk) if waiting else None,
        "actions": permitted(request, _actions(case)),
        "more": permitted(request, _more(case)),
        "may_work": me.has_perm(WORK, case),
        "adding": case.state not in (Case.State.CLOSED, Case.State.CLOSING),
        "crumbs": crumbs((_("Cases"), reverse("cases:cases")), (case.number, "")),
    }
    return render(request, "cases/case.html", context)


def _labels(case: Case) -> list[tuple[LabelDelivery, object]]:
    rows = LabelDelivery.objects.filter(disposition__case=case).order_by("id")[:100]
    return [(one, LABEL_STATES[one.state]) for one in rows]


def _decision_url(hit: AlertHit) -> str:
    return links.url_of("decision", hit.decision_id or hit.sequence) or ""


def _at(case: Case, action: str) -> str:
    return f"{reverse('cases:case_do', args=[case.pk, action])}?v={case.version}"


def _actions(case: Case) -> list[Action]:
    says = {
        "escalate": _("It becomes one level graver and free for somebody else."),
        "wait": _("The clock stands still until you go on."),
        "reopen": _("It is yours, and its clock starts again."),
    }
    return [
        Action(row.title, _at(case, row.action), row.icon, confirm=says.get(row.action, ""),
               dialog=row.action in _DIALOGS, post=row.action not in _DIALOGS,
               reason=row.reason and row.action not in _DIALOGS,
               permission=row.permission, key=KEYS.get(row.action, ""))
        for row in possible(CASES, case.state)
    ]  # fmt: skip


def _more(case: Case) -> list[Action]:
    turn = (
        Action(_("Lift the restriction"), _at(case, "unrestrict"), "lock", post=True, reason=True,
               permission="cases.restricted", confirm=_("Everybody who sees the queue sees the case."))
        if case.restricted
        else Action(_("Restrict"), _at(case, "restrict"), "lock", post=True, reason=True, permission="cases.restricted",
                    confirm=_("Only its people and compliance see it."))
    )  # fmt: skip
    export = Action(
        _("Export as a file"), reverse("cases:export", args=[case.pk]), "download", permission="cases.export"
    )
    named = case.entities.order_by("id").first()
    return [export, turn, *(buttons(named.kind, named.value, case=case.pk) if named else [])]


# --- commands ---------------------------------------------------------------------------------------------------------


def _closure(request: HttpRequest, me: User, case: Case) -> tuple[ClosureForm, str]:
    return ClosureForm(request.POST or None), _("Ask for closure")


def _assignment(request: HttpRequest, me: User, case: Case) -> tuple[AssignForm, str]:
    queues = queries.queues(me).filter(active=True)
    return AssignForm(request.POST or None, people=queries.workers(case), queues=queues, case=case), pgettext(
        "case", "Assign"
    )


_DIALOGS: dict[str, Callable[[HttpRequest, User, Case], tuple[ClosureForm | AssignForm, str]]] = {
    "submit": _closure, "assign": _assignment,
}  # fmt: skip


@requires(VIEW)
@require_http_methods(["GET", "POST"])
@says_what_changed
def case_do(request: HttpRequest, case_id: UUID, action: str) -> HttpResponseBase:
    """One action of the transition table (or a restriction) on a case."""
    me = person(request)
    case = queries.get_case(me, case_id)
    if action in _DIALOGS:
        return _dialog(request, me, case, action)
    if request.method != "POST":
        raise UnknownError(_("There is no such page."))
    if asking := _why(request, action):
        return asking
    if action in ("restrict", "unrestrict"):
        services.restrict(me, case_id, action == "restrict", reason(request), version_of(request))
    else:
        services.act(me, case_id, action, Given(reason(request)), version_of(request))
    return _back(request, case_id, _("Done."))


def _why(request: HttpRequest, action: str) -> HttpResponse | None:
    """The form that asks for a reason where the action needs one and none came."""
    asking_for = {row.action: row.title for row in CASES if row.reason}
    asking_for |= {"restrict": _("Restrict"), "unrestrict": _("Lift the restriction")}
    return ask_why(request, asking_for[action]) if action in asking_for else None


def _dialog(request: HttpRequest, me: User, case: Case, action: str) -> HttpResponse:
    form, title = _DIALOGS[action](request, me, case)
    if form.is_valid():
        data = form.cleaned_data
        assignee, queue = (uuid_or_none(data.get(name, "")) for name in ("assignee", "queue"))
        given = Given(data.get("reason", ""), assignee, queue, data.get("disposition", ""))
        try:
            services.act(me, case.pk, action, given, version_of(request))
            said = _("Asked for; a second person must approve it.") if action == "submit" else _("Assigned.")
            return _back(request, case.pk, said)
        except InvalidError as error:
            show(form, error)
    url = f"{reverse('cases:case_do', args=[case.pk, action])}?{request.GET.urlencode()}"
    return dialog(request, title, form, url, button=title, status=status_of(form))


@requires(WORK)
@require_POST
def note_add(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Write a note."""
    work.add_note(person(request), case_id, request.POST.get("text", ""))
    return _back(request, case_id, _("Noted."))


@requires(WORK)
@require_http_methods(["GET", "POST"])
def task_add(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """A dialog for a task."""
    me = person(request)
    case = queries.get_case(me, case_id)
    form = TaskForm(request.POST or None, people=queries.workers(case))
    if form.is_valid():
        given = form.cleaned_data
        try:
            work.add_task(me, case_id, given["title"], assignee=uuid_or_none(given["assignee"]), due_at=given["due_at"])
            return _back(request, case_id, _("Added."))
        except InvalidError as error:
            show(form, error)
    return dialog(request, _("Add a task"), form, reverse("cases:task_add", args=[case_id]), button=_("Add"),
                  status=status_of(form))  # fmt: skip


@requires(WORK)
@require_POST
def task_do(request: HttpRequest, case_id: UUID, task_id: UUID) -> HttpResponse:
    """Tick a task off, or untick it."""
    work.finish_task(person(request), case_id, task_id, request.POST.get("done") == "yes")
    return _back(request, case_id)


@requires(WORK)
@require_POST
def evidence_add(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Add a file."""
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        raise InvalidError(" ".join(str(one) for errors in form.errors.values() for one in errors))
    file = form.cleaned_data["file"]
    evidence.add_evidence(person(request), case_id, file.name, file.chunks(), form.cleaned_data["comment"])
    return _back(request, case_id, _("Added; its SHA-256 is kept with the case."))


@requires(VIEW)
@require_safe
def evidence_get(request: HttpRequest, case_id: UUID, evidence_id: UUID) -> HttpResponse:
    """A file, if its bytes are still those that were added."""
    found, data = evidence.open_evidence(person(request), case_id, evidence_id)
    return download(data, found.name, TYPES[found.kind].content_type)


@requires(WORK)
@require_POST
def alert_detach(request: HttpRequest, case_id: UUID, alert_id: UUID) -> HttpResponse:
    """Take an alert out of the case."""
    if asking := ask_why(request, _("Take out of the case"), text=_("It is work of its own again.")):
        return asking
    opening.detach(person(request), case_id, alert_id, reason(request))
    return _back(request, case_id, _("Taken out; it is work of its own again."))


@requires("cases.export")
@require_safe
def export(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The case as one file of HTML."""
    name, data = export_case(person(request), case_id)
    return download(data, name, "text/html; charset=utf-8")


def _back(request: HttpRequest, case_id: UUID, message: str = "") -> HttpResponse:
    """To the case; where the command took it out of this person's sight, to the list."""
    me = person(request)
    if queries.cases(me).filter(pk=case_id).exists():
        return go(request, reverse("cases:case", args=[case_id]), message)
    return go(request, reverse("cases:mine"), message)
