"""Pages: backtests that were asked for, the form that asks for one, the report of one."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.errors import InvalidError
from seawall.apps.jobs.console import STATES as RUN_STATES
from seawall.apps.jobs.models import DONE, Run, said
from seawall.apps.policies.backtesting import queries, services
from seawall.apps.policies.backtesting.charted import drawn
from seawall.apps.policies.backtesting.report import Report
from seawall.apps.policies.models.backtest import Backtest
from seawall.console import formatting
from seawall.console.filters import Choice, Search, Times
from seawall.console.forms import Renderer
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Record, dialog, go, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Word, words

VIEW, EDIT = "policies.view", "policies.edit"
STATES = {**RUN_STATES, **words(Word(queries.GONE, pgettext_lazy("backtest", "Left nothing"), "x-circle", "neutral"))}


def _period(one: Backtest) -> str:
    first, last = (formatting.in_full(at)[:10] if at else "…" for at in (one.from_at, one.until_at))
    return f"{first} – {last}" if one.from_at or one.until_at else str(_("All of the journal"))


BACKTESTS = ListPage(
    name="backtests",
    title=gettext_lazy("Backtests"),
    purpose=gettext_lazy("What a policy would have decided on the platform's own history, and what would change."),
    table=Table(
        columns=(
            Column("candidate_label", gettext_lazy("Policy"), primary=True),
            Column("base_label", gettext_lazy("Compared with")),
            Column("state", gettext_lazy("State"), "chip", value=lambda one: STATES[one.state]),
            Column("period", gettext_lazy("Period"), value=_period),
            Column("events", gettext_lazy("Events"), "number"),
            Column("asked_at", gettext_lazy("Asked"), "when", sort="asked_at"),
            Column("by", gettext_lazy("By"), "person", value=lambda one: str(one.asked_by)),
        ),
        sort="-asked_at",
        url=lambda one: reverse("backtests:backtest", args=[one.pk]),
    ),
    filters=(
        Search(fields=("candidate_label", "base_label")),
        Choice("state", gettext_lazy("State"), "state", STATES, counts=False),
        Times("asked", gettext_lazy("Asked"), "asked_at"),
    ),
    empty=Empty(
        gettext_lazy("No backtests yet"),
        gettext_lazy("A backtest lets a policy decide the journal's events again and says what would have come of it."),
        icon="clock",
    ),
    poll=5,
)


class BacktestForm(forms.Form):
    """What to try, on what, compared with what."""

    default_renderer = Renderer
    candidate = forms.ChoiceField(label=_("Policy"))
    base = forms.ChoiceField(label=gettext_lazy("Compare with"), required=False)
    from_at = forms.DateTimeField(
        label=gettext_lazy("From"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("Empty: from the first event. What came before still fills the features' windows."),
    )  # fmt: skip
    until_at = forms.DateTimeField(
        label=gettext_lazy("Until"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("Empty: to the newest event."),
    )  # fmt: skip
    warm_up_days = forms.IntegerField(
        label=gettext_lazy("Warm-up (days)"), required=False, min_value=0, max_value=services.LONGEST_WARM_UP,
        help_text=gettext_lazy("Empty: as far as the features look back, which leaves nothing out."),
    )  # fmt: skip
    labels = forms.MultipleChoiceField(
        label=gettext_lazy("Labels that tell a fraud"), required=False, widget=forms.CheckboxSelectMultiple
    )
    label_delay_days = forms.IntegerField(
        label=gettext_lazy("Days until a label is known"), required=False, min_value=0,
        max_value=services.LONGEST_WARM_UP,
        help_text=gettext_lazy("Younger events are not judged. Empty: the longest delay seen."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, Any] = {"candidate": queries.candidates(), "base": [("", "—"), *queries.bases()]}
        choices["labels"] = queries.label_choices()
        for name, given in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField), "declared above"
            field.choices = given

    def wanted(self) -> services.Wanted:
        """What was asked for; call it on a valid form."""
        data = self.cleaned_data
        return services.Wanted(**{**data, "labels": tuple(data["labels"])})


@requires(VIEW)
@require_safe
def backtest_list(request: HttpRequest) -> HttpResponseBase:
    """All of them, the newest first."""
    ask = Action(_("New backtest"), reverse("backtests:start"), "plus", dialog=True, permission=EDIT, key="n")
    return BACKTESTS.respond(request, queries.backtests(person(request)), actions=[ask])


@requires(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The form; with `?candidate=DIGEST` for that content."""
    first = {"base": next(iter([key for key, _title in queries.bases()]), ""), "labels": queries.usual_labels()}
    if "candidate" in request.GET:
        first["candidate"] = request.GET["candidate"]
    form = BacktestForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            asked = services.start(person(request), form.wanted())
        except InvalidError as error:
            for name, text in error.fields.items():
                form.add_error(name if name in form.fields else None, text)
            if not error.fields:
                form.add_error(None, str(error))
        else:
            return go(request, reverse("backtests:backtest", args=[asked.pk]), _("The backtest waits for the worker"))
    status = 422 if request.method == "POST" else 200
    return dialog(request, _("New backtest"), form, reverse("backtests:start"), button=_("Start"), status=status)


@requires(VIEW)
@require_safe
def backtest(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    """The report, or while there is none yet how far it is."""
    asked = queries.get_backtest(person(request), backtest_id)
    run = queries.run_of(asked)
    if asked.done_at is None or asked.result is None:
        context = {"asked": asked, **_progress(run)}
        return respond_record(request, "policies/backtest_running.html", _record(asked, run), **context)
    report = Report(asked.result, partial(queries.decisions_of, person(request)))
    context = {"asked": asked, "report": report, "charts": drawn(asked.result)}
    return respond_record(request, "policies/backtest.html", _record(asked, run), **context)


@requires(VIEW)
@require_safe
def progress(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    """The part that moves; when it is over, the whole page once more."""
    run = queries.run_of(queries.get_backtest(person(request), backtest_id))
    response = render(request, "jobs/progress.html", _progress(run))
    if run is None or not run.active:
        response["HX-Refresh"] = "true"
    return response


@requires(EDIT)
@require_POST
def cancel(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    """Stop it."""
    services.cancel(person(request), backtest_id)
    return go(request, reverse("backtests:backtest", args=[backtest_id]), _("The backtest was asked to stop"))


def _progress(run: Run | None) -> dict[str, Any]:
    lines = [(at, said(text, values)) for at, text, values in reversed(run.lines)] if run else []
    return {"run": run, "lines": lines, "word": STATES[run.state if run else queries.GONE]}


def _record(asked: Backtest, run: Run | None) -> Record:
    state = DONE if asked.done_at else run.state if run else queries.GONE
    actions = []
    if run is not None and run.active and not run.cancel_asked:
        says = _("Nothing of it is kept.")
        actions = [Action(_("Cancel"), reverse("backtests:cancel", args=[asked.pk]), "x", post=True, confirm=says,
                          permission=EDIT)]  # fmt: skip
    facts = [
        Fact(_("Policy"), asked.candidate_label),
        Fact(_("Content"), asked.candidate, "id"),
        Fact(_("Compared with"), asked.base_label or None),
        Fact(_("Period"), _period(asked)),
        Fact(_("Labels"), asked.labels or None, "tags"),
        Fact(_("By"), str(asked.asked_by), "person"),
        Fact(_("Asked"), asked.asked_at, "when"),
        Fact(_("Done"), asked.done_at, "when"),
    ]
    if asked.seconds is not None:
        facts.append(Fact(_("Took"), formatting.duration(asked.seconds)))
    return Record(
        title=asked.candidate_label, id=str(asked.pk), kind=_("Backtest"), status=STATES[state], actions=actions,
        crumbs=[Crumb(_("Backtests"), reverse("backtests:backtests"))], sides=[Facts(_("Facts"), facts)],
    )  # fmt: skip
