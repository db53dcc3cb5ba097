"""Pages: the jobs with their schedules, the runs, one run with its progress."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from seawall.apps.accounts.permissions import has_permission, person, requires
from seawall.apps.jobs import queries, services
from seawall.apps.jobs.models import CANCELLED, DONE, FAILED, QUEUED, RUNNING, Run, said
from seawall.apps.jobs.models import STATES as CHOICES
from seawall.apps.jobs.queries import Listed
from seawall.apps.jobs.registry import job_of, jobs, title_of
from seawall.console import formatting
from seawall.console.filters import Choice, Times
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Record, View, go, respond_record
from seawall.console.tables import Column, RowAction, Table
from seawall.console.words import Word, words

_TITLES = dict(CHOICES)
STATES = words(
    Word(QUEUED, _TITLES[QUEUED], "clock", "neutral"),
    Word(RUNNING, _TITLES[RUNNING], "play", "info"),
    Word(DONE, _TITLES[DONE], "check-circle", "good"),
    Word(FAILED, _TITLES[FAILED], "x-circle", "bad"),
    Word(CANCELLED, _TITLES[CANCELLED], "pause", "neutral"),
)


def _job_words() -> dict[str, Word]:
    return words(*(Word(job.name, job.title) for job in jobs()))


def _who(run: Run) -> str:
    return str(run.started_by) if run.started_by else str(_("Schedule"))


def _took(run: Run) -> str | None:
    return formatting.duration(run.took) if run.took is not None else None


def _latest(row: Listed) -> str:
    return reverse("jobs:run", args=[row.last.pk]) if row.last else f"{reverse('jobs:runs')}?job={row.id}"


def _start(row: Listed) -> list[RowAction]:
    says = _("%(job)s is put into the queue now.") % {"job": row.job.title}
    return [RowAction(_("Start now"), reverse("jobs:start", args=[row.id]), "play", post=True, confirm=says)]


_COLUMNS = (
    Column("title", gettext_lazy("Job"), value=lambda row: row.job.title, primary=True),
    Column("schedule", gettext_lazy("Schedule"), value=lambda row: str(row.job.schedule) if row.job.schedule else None),
    Column("next_at", gettext_lazy("Next run"), "when"),
    Column("last", gettext_lazy("Last run"), "when", value=lambda row: row.last.queued_at if row.last else None),
    Column("state", gettext_lazy("State"), "chip", value=lambda row: STATES[row.last.state] if row.last else None),
    Column("message", gettext_lazy("Result"), value=lambda row: row.last.message if row.last else None),
)


def _jobs(actions: bool) -> ListPage:
    return ListPage(
        name="jobs",
        title=gettext_lazy("Jobs"),
        purpose=gettext_lazy("What runs by itself or on request, when it comes next, and how it went last time."),
        table=Table(
            columns=_COLUMNS, sort="", key=lambda row: row.id, url=_latest, actions=_start if actions else None
        ),
        empty=Empty(gettext_lazy("No jobs"), gettext_lazy("Rooms of the platform register theirs.")),
        exportable=False,
        poll=10,
    )


JOBS, JOBS_TO_START = _jobs(actions=False), _jobs(actions=True)
RUNS = ListPage(
    name="runs",
    title=gettext_lazy("Runs"),
    purpose=gettext_lazy("Every run of a job in the last 90 days."),
    table=Table(
        columns=(
            Column("job", gettext_lazy("Job"), value=lambda run: title_of(run.job), primary=True),
            Column("state", gettext_lazy("State"), "chip", value=lambda run: STATES[run.state]),
            Column("queued_at", gettext_lazy("Queued"), "when", sort="queued_at"),
            Column("took", gettext_lazy("Took"), value=_took),
            Column("share", gettext_lazy("Progress"), "percent"),
            Column("message", gettext_lazy("Result")),
            Column("by", gettext_lazy("By"), value=_who),
        ),
        sort="-queued_at",
        url=lambda run: reverse("jobs:run", args=[run.pk]),
    ),
    filters=(
        Choice("state", gettext_lazy("State"), "state", STATES),
        Choice("job", gettext_lazy("Job"), "job", load=_job_words),
        Times("queued", gettext_lazy("Queued"), "queued_at"),
    ),
    views=(View("all", gettext_lazy("All")), View("failed", gettext_lazy("Failed"), "state=failed")),
    empty=Empty(gettext_lazy("No runs yet"), gettext_lazy("Each start of a job leaves one here.")),
    poll=5,
)


@requires("jobs.view")
@require_safe
def job_list(request: HttpRequest) -> HttpResponseBase:
    """Every job."""
    page = JOBS_TO_START if has_permission(person(request), "jobs.run") else JOBS
    return page.respond(request, queries.listed(), actions=[Action(_("All runs"), reverse("jobs:runs"), "list")])


@requires("jobs.view")
@require_safe
def run_list(request: HttpRequest) -> HttpResponseBase:
    """All runs, the newest first."""
    return RUNS.respond(request, queries.runs(), crumbs=[Crumb(_("Jobs"), reverse("jobs:jobs"))])


@requires("jobs.view")
@require_safe
def run_record(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One run; its progress refreshes itself until it is over."""
    run = queries.get_run(run_id)
    return respond_record(request, "jobs/run.html", _record(run), **_progress(run))


@requires("jobs.view")
@require_safe
def run_progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The part of the run's page that moves; when the run is over, the whole page once more."""
    run = queries.get_run(run_id)
    response = render(request, "jobs/progress.html", _progress(run))
    if not run.active:
        response["HX-Refresh"] = "true"
    return response


@requires("jobs.run")
@require_POST
def job_start(request: HttpRequest, name: str) -> HttpResponse:
    """Queue a run and show it."""
    run = services.start(person(request), name)
    return go(request, reverse("jobs:run", args=[run.pk]), _("The run waits for the worker"))


@requires("jobs.run")
@require_POST
def run_cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask it to stop."""
    services.cancel(person(request), run_id)
    return go(request, reverse("jobs:run", args=[run_id]), _("The run was asked to stop"))


def _progress(run: Run) -> dict[str, object]:
    lines = [(at, said(text, values)) for at, text, values in reversed(run.lines)]
    return {"run": run, "lines": lines, "word": STATES[run.state]}


def _record(run: Run) -> Record:
    job, retry = job_of(run.job), getattr(run, "retry", None)
    facts = [Fact(_("Started by"), _who(run)), Fact(_("Queued"), run.queued_at, "when")]
    facts += [Fact(_("Started"), run.started_at, "when")] if run.started_at else []
    facts += [Fact(_("Ended"), run.ended_at, "when")] if run.ended_at else []
    facts += [Fact(_("Took"), _took(run))] if run.started_at and run.ended_at else []
    facts += [Fact(_("Schedule"), str(job.schedule))] if job and job.schedule else []
    given = [Fact(name, str(value)) for name, value in run.arguments.items()]
    cancel = Action(
        _("Cancel the run"), reverse("jobs:cancel", args=[run.pk]), "x", post=True, permission="jobs.run",
        confirm=_("The run stops at its next step. What it has done so far stays."),
    )  # fmt: skip
    again = Action(
        _("Start again"), reverse("jobs:start", args=[run.job]), "refresh", post=True, permission="jobs.run",
        confirm=_("%(job)s is put into the queue now.") % {"job": title_of(run.job)},
    )  # fmt: skip
    offered = [cancel] if run.active and not run.cancel_asked else [again] if job and not run.active else []
    links = [Action(_("The second attempt"), reverse("jobs:run", args=[retry.pk]), "chevron-right")] if retry else []
    return Record(
        title=title_of(run.job), id=str(run.pk), kind=_("Run"), status=STATES[run.state], actions=offered + links,
        crumbs=[Crumb(_("Jobs"), reverse("jobs:jobs")), Crumb(_("Runs"), f"{reverse('jobs:runs')}?job={run.job}")],
        sides=[Facts(_("Facts"), facts), *([Facts(_("Arguments"), given)] if given else [])],
    )  # fmt: skip
