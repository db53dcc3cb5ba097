"""Pages: the explorer, one decision, the reveal of a sealed field."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods, require_safe

from seawall.apps.accounts.permissions import has_permission, person, requires
from seawall.apps.decisions import queries, selection, services
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.console.forms import RevealForm
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.reading import Explained, Reason, event_titles, explained, titles
from seawall.apps.decisions.registry import buttons, related_to_decision
from seawall.apps.decisions.tips import told
from seawall.apps.decisions.words import PURPOSES, label_title, titled
from seawall.apps.errors import InvalidError
from seawall.console.filters import Search
from seawall.console.pages import Crumb, Empty, Fact, Facts, ListPage, Moment, Record, View, dialog, respond_record
from seawall.console.tables import Column, Table
from seawall.console.waterfall import Step
from seawall.console.words import OUTCOMES, Word, word, words

VIEW = "decisions.view"
_TONES = {"low": "neutral", "medium": "notice", "high": "serious", "critical": "bad"}
_MARKS = words(Word("1", gettext_lazy("Degraded"), "alert", "notice"))


def event_type_words() -> dict[str, Word]:
    """Event types by their titles in the active pack."""
    known = event_titles()
    return words(*(Word(name, known.get(name, name)) for name in queries.event_types()))


def rule_words() -> dict[str, Word]:
    """Rules that have fired, the most frequent first, by their titles in the active pack."""
    policy = titles()
    known = {entry.id: titled(entry.title, entry.id) for entry in policy.entries} if policy else {}
    return words(*(Word(rule, known.get(rule, rule)) for rule in selection.rule_totals()))


def explorer(rules: dict[str, Word], types: dict[str, Word], currency: str, by_time: bool = True) -> ListPage:
    """The list of decisions, with the words of this moment; `by_time`: it is read in the order of sequence numbers."""
    return ListPage(
        name="decisions",
        title=gettext_lazy("Decisions"),
        purpose=gettext_lazy("Every answer the platform gave, with what led to it."),
        table=Table(
            columns=(
                Column("time", gettext_lazy("Time"), "when", "effective_at", sort="sequence", primary=True),
                Column("outcome", gettext_lazy("Outcome"), "outcome"),
                Column("score", gettext_lazy("Score"), "score", sort="score"),
                Column("type", gettext_lazy("Event type"), value=lambda row: word(types, row.event_type).title),
                Column("amount", gettext_lazy("Amount"), "money", _amount, sort="base_amount"),
                Column("subject", gettext_lazy("Subject"), "entity", _subject),
                Column("rules", gettext_lazy("Rules"), "tags",
                       lambda row: [word(rules, r).title for r in row.rules]),
                Column("severity", gettext_lazy("Severity"), "severity", shown=False),
                Column("policy", gettext_lazy("Policy"), shown=False),
                Column("degraded", gettext_lazy("Degraded"), "flag", shown=False),
                Column("late", gettext_lazy("Late by (ms)"), "number", "late_by_ms", shown=False),
                Column("event", gettext_lazy("Event id"), "id", "event_id", shown=False),
                Column("id", gettext_lazy("Decision"), "id", "decision_id", shown=False),
            ),
            sort="-sequence",
            url=lambda row: reverse("decisions:decision", args=[row.decision_id]),
        ),
        filters=(
            Search(find=selection.anything, hint=gettext_lazy("Decision, event or entity, in full")),
            selection.OneOf("outcome", gettext_lazy("Outcome"), "outcome", OUTCOMES, counts=selection.outcome_counts,
                            by_time=by_time),
            selection.When("time", gettext_lazy("Time"), "effective_at", milliseconds=True),
            selection.OneOf("type", gettext_lazy("Event type"), "event_type", types, counts=selection.type_counts,
                            by_time=by_time),
            selection.Amounts("amount", gettext_lazy("Amount"), "base_amount", currency=currency),
            selection.Rules("rule", gettext_lazy("Rule"), "rule", rules, counts=selection.rule_counts),
            selection.OneOf("degraded", gettext_lazy("Degraded"), "degraded", _MARKS, counts=False, by_time=by_time),
            selection.OfEntity("entity", gettext_lazy("Entity"), ""),
            selection.Between("between", gettext_lazy("Time"), ""),
            selection.HourOfWeek("week_hour", gettext_lazy("Hour of the week, last 28 days"), ""),
        ),
        views=(
            View("all", gettext_lazy("All")),
            View("stopped", gettext_lazy("Not approved"), "outcome=challenge&outcome=review&outcome=decline"),
            View("declined", gettext_lazy("Declined"), "outcome=decline"),
        ),
        empty=Empty(
            gettext_lazy("No decisions yet"),
            gettext_lazy("They appear here seconds after the platform sends its first event to the decision API."),
            icon="bolt",
        ),
    )  # fmt: skip


def _amount(row: DecisionRow) -> tuple[int, str] | None:
    return (row.base_amount, row.currency) if row.currency else None


def _subject(row: DecisionRow) -> tuple[str, str] | None:
    return (row.subject_kind, row.subject) if row.subject else None


@requires(VIEW)
@require_safe
def decisions(request: HttpRequest) -> HttpResponseBase:
    """The explorer."""
    me = person(request)
    by_time = request.GET.get("sort", "-sequence").removeprefix("-") == "sequence"
    page = explorer(rule_words(), event_type_words(), queries.base_currency(), by_time)
    if not has_permission(me, "decisions.export"):
        page = replace(page, exportable=False)
    return page.respond(request, queries.decisions(me), exported=lambda form: services.record_export(me, form))


@requires(VIEW)
@require_safe
def decision(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    """One decision, explained."""
    me = person(request)
    row = queries.get_decision(me, decision_id)
    problem = ""
    try:
        shown = explained(row)
    except ArchiveError as error:
        shown, problem = None, str(error)
    may_reveal = has_permission(me, "decisions.reveal", row)
    record = _record(row, shown)
    context: dict[str, Any] = {"row": row, "shown": shown, "problem": problem, "may_reveal": may_reveal,
               "related": related_to_decision(me, row)}  # fmt: skip
    if shown is not None:
        context |= {
            "steps": [waterfall_step(one) for one in shown.reasons],
            "thresholds": [(at, OUTCOMES[outcome].title) for outcome, at in _named(shown)],
            "tips": told(row, shown.decision.reasons),
            "raw": json.dumps(shown.raw, ensure_ascii=False, indent=2),
            "verdict_rules": [shown.rule_titles.get(one, one) for one in shown.verdict.rules] if shown.verdict else [],
        }
    return respond_record(request, "decisions/decision.html", record, **context)


def _named(shown: Explained) -> list[tuple[str, int]]:
    return [(outcome, at) for at, outcome in shown.thresholds]


def waterfall_step(reason: Reason) -> Step:
    """A fired rule as a step of the waterfall."""
    details = [reason.code] if reason.code else []
    if reason.outcome:
        details.append(_("asks at least for: %(outcome)s") % {"outcome": OUTCOMES[reason.outcome].title})
    leaves = [(leaf.title, leaf.text if leaf.evaluated else _("not looked at")) for leaf in reason.leaves]
    explore = f"{reverse('decisions:decisions')}?rule={reason.rule}"
    return Step(
        reason.title, reason.points, " · ".join(details), leaves, explore, _TONES.get(reason.severity, "serious")
    )


def _record(row: DecisionRow, shown: Explained | None) -> Record:
    checkpoint = queries.checkpoint_over(row)
    degraded = list(shown.decision.degraded) if shown else []
    when_hint = _("Effective time: the clock that windows and lists go by.")
    about = [
        Fact(_("Event type"), shown.event_title if shown else row.event_type),
        Fact(_("Amount"), _amount(row), "money"),
        Fact(_("Subject"), _subject(row), "entity"),
        Fact(pgettext("decision", "Decided"), row.effective_at, "when", when_hint),
        Fact(_("Received"), row.received_at, "when"),
        Fact(_("Late by (ms)"), row.late_by_ms or None, "number"),
        Fact(_("Policy"), row.policy),
        Fact(_("Degraded"), degraded, "tags") if degraded else Fact(_("Degraded"), row.degraded, "flag"),
    ]  # fmt: skip
    proof = [
        Fact(_("Journal record"), row.sequence, "number"),
        Fact(_("Content hash"), shown.decision.content_hash if shown else None, "id"),
        Fact(_("Journal checkpoint in the ledger"), checkpoint.ledger_index if checkpoint else None, "number"),
    ]
    return Record(
        title=shown.event_title if shown else row.event_type, id=str(row.decision_id), kind=_("Decision"),
        outcome=row.outcome, severity=row.severity, sides=[Facts(_("Decision"), about), Facts(_("Proof"), proof)],
        timeline=_moments(row), actions=buttons(row.subject_kind, row.subject, decision=row.sequence),
        crumbs=[Crumb(_("Decisions"), reverse("decisions:decisions"))],
    )  # fmt: skip


def _moments(row: DecisionRow) -> list[Moment]:
    outcome = word(OUTCOMES, row.outcome)
    title = _("Received and decided: %(outcome)s") % {"outcome": outcome.title}
    found = [Moment(row.received_at, title, row.policy, icon=outcome.icon, tone=outcome.tone)]
    labels = queries.labels_of(row)
    policy = titles() if labels else None
    for label in labels:
        found.append(
            Moment(
                label.received_at,
                _("Labelled: %(label)s") % {"label": label_title(policy, label.label)},
                icon="flag",
                tone="info",
            )
        )
    for one in queries.reveals_of(row):
        text = word(PURPOSES, one.purpose).title
        title = _("Sealed field %(field)s looked at") % {"field": one.field}
        found.append(Moment(one.at, title, text, by=str(one.user), icon="eye", tone="notice"))
    return found


@requires("decisions.reveal")
@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: HttpRequest, decision_id: UUID, field: str) -> HttpResponse:
    """Ask for a purpose; then show the value, once."""
    me = person(request)
    row = queries.get_decision(me, decision_id, "decisions.reveal")
    url = reverse("decisions:reveal", args=[row.decision_id, field])
    form = RevealForm(request.POST or None, purposes=[(one.key, str(one.title)) for one in PURPOSES.values()])
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            shown = services.reveal(
                me, decision_id, field, asked["purpose"], asked["reason"], whole=asked["extent"] == "whole"
            )
        except InvalidError as error:
            for name, text in error.fields.items():
                form.add_error(name, text)
        else:
            response = render(
                request, "decisions/revealed.html", {"shown": shown, "title": _("Sealed value"), "row": row}
            )
            response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
            return response
    text = _("You see the value once. Your name, the purpose and the reason are kept.")
    status = 422 if request.method == "POST" else 200
    return dialog(request, _("Look at a sealed value"), form, url, button=_("Show"), text=text, status=status)
