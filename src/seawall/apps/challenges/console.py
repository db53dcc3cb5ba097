"""Pages: challenges with how they end, and one challenge with its story."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from seawall.apps.accounts.permissions import has_permission, person, requires
from seawall.apps.challenges import charted, queries, services
from seawall.apps.challenges.models import Challenge
from seawall.apps.challenges.words import (
    ENDS,
    KINDS,
    OPEN,
    PASSED,
    PROVIDERS,
    REASONS,
    SANDBOX,
    STATES,
    STEPS,
    detail_title,
    method_words,
)
from seawall.apps.decisions.archive import ArchiveError, archive
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.decisions.reading import FieldValue, fields_shown, policy_of
from seawall.apps.decisions.words import Vocabulary
from seawall.console import formatting
from seawall.console.filters import Choice, Search, Times
from seawall.console.pages import Crumb, Empty, Fact, Facts, ListPage, Moment, Record, View, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Word, word, words

VIEW = "decisions.view"
PERIOD, PERIOD_NAME = timedelta(days=30), "30d"
_STUCK = words(Word("1", gettext_lazy("Result not decided"), "alert", "bad"))


def _method_words() -> dict[str, Word]:
    return method_words(queries.methods())


def _amount(row: DecisionRow) -> tuple[int, str] | None:
    return (row.base_amount, row.currency) if row.currency else None


def _subject(row: DecisionRow) -> tuple[str, str] | None:
    return (row.subject_kind, row.subject) if row.subject else None


def _why(row: Challenge) -> str:
    return str(word(REASONS, row.reason).title) if row.reason else ""


CHALLENGES = ListPage(
    name="challenges",
    title=gettext_lazy("Challenges"),
    purpose=gettext_lazy("Who was asked to prove who they are, how, and how it ended."),
    table=Table(
        columns=(
            Column("opened", pgettext_lazy("challenge", "Opened"), "when", "opened_at", sort="opened_at",
                   primary=True),
            Column("state", gettext_lazy("State"), "chip", value=lambda row: word(STATES, row.state)),
            Column("reason", pgettext_lazy("challenge", "Reason"), value=_why),
            Column("kind", gettext_lazy("Kind"), value=lambda row: word(KINDS, row.kind).title),
            Column("provider", gettext_lazy("Provider"), "chip", value=lambda row: word(PROVIDERS, row.provider)),
            Column("subject", gettext_lazy("Subject"), "entity", value=lambda row: _subject(row.decision)),
            Column("amount", gettext_lazy("Amount"), "money", value=lambda row: _amount(row.decision)),
            Column("method", gettext_lazy("Method"), shown=False),
            Column("ended", pgettext_lazy("challenge", "Ended"), "when", "ended_at", shown=False),
            Column("decision", gettext_lazy("Decision"), "id", value=lambda row: row.decision.decision_id,
                   shown=False),
            Column("id", gettext_lazy("Challenge"), "id", "id", shown=False),
        ),
        sort="-opened_at",
        url=lambda row: reverse("challenges:challenge", args=[row.pk]),
    ),
    filters=(
        Search(find=queries.found_by, hint=gettext_lazy("Challenge, decision, event or entity, in full")),
        Choice("state", gettext_lazy("State"), "state", STATES),
        Choice("kind", gettext_lazy("Kind"), "kind", KINDS),
        Choice("provider", gettext_lazy("Provider"), "provider", PROVIDERS),
        Choice("method", gettext_lazy("Method"), "method", load=_method_words, counts=False),
        Choice("reason", pgettext_lazy("challenge", "Reason"), "reason", REASONS, counts=False),
        Choice("stuck", gettext_lazy("Result"), "stuck", _STUCK, counts=False),
        Times("opened", pgettext_lazy("challenge", "Opened"), "opened_at", milliseconds=True),
    ),
    views=(
        View("all", gettext_lazy("All")),
        View("open", STATES[OPEN].title, "state=open"),
        View("failed", STATES["failed"].title, "state=failed"),
    ),
    empty=Empty(
        gettext_lazy("No challenges yet"),
        gettext_lazy("They appear when your platform asks the decision API to challenge a customer."),
        icon="key",
    ),
    template="challenges/list.html",
)  # fmt: skip


@requires(VIEW)
@require_safe
def challenges(request: HttpRequest) -> HttpResponseBase:
    """All challenges, the newest first; above them how those of the last 30 days ended."""
    me = person(request)
    found = queries.rates(me, int((timezone.now() - PERIOD).timestamp() * 1000))
    whole = queries.overall(found)
    figures = [
        (STATES[end], formatting.percent(whole.share(end)), whole.ends[end], _address(state=end)) for end in ENDS
    ]
    page = CHALLENGES if has_permission(me, "decisions.export") else replace(CHALLENGES, exportable=False)
    return page.respond(
        request, queries.challenges(me), exported=lambda form: services.record_export(me, form),
        figures=figures if whole.ended else [], open=whole.ends[OPEN], open_address=_address(state=OPEN),
        chart=charted.ends(found, _of_rate), stuck=queries.stuck(), stuck_address=f"{_page()}?stuck=1",
        sandbox=any(one.provider == SANDBOX for one in found),
    )  # fmt: skip


def _page() -> str:
    return reverse("challenges:challenges")


def _address(**asked: str) -> str:
    return f"{_page()}?{urlencode(asked | {'opened': PERIOD_NAME})}"


def _of_rate(one: queries.Rate, end: str) -> str:
    return _address(kind=one.kind, provider=one.provider, state=end)


@requires(VIEW)
@require_safe
def challenge(request: HttpRequest, challenge_id: UUID) -> HttpResponse:
    """One challenge: what it was bound to, what happened, the decision on its result."""
    me = person(request)
    one = queries.get_challenge(me, challenge_id)
    problem, title, fields = "", one.method, None
    try:
        title, fields = _bound(one)
    except ArchiveError as error:
        problem = str(error)
    context = {
        "one": one, "fields": fields, "problem": problem, "sandbox": one.provider == SANDBOX,
        "untested": (one.kind, one.provider) == ("face_match", "http"),
        "result": queries.result_of(me, one), "passed": one.state == PASSED,
    }  # fmt: skip
    return respond_record(request, "challenges/challenge.html", _record(one, title), **context)


def _bound(one: Challenge) -> tuple[str, list[FieldValue] | None]:
    """The method's title, and the event's bound fields as its decision's page shows them; sealed ones stay sealed."""
    policy, record = policy_of(one.decision.policy), archive().event(one.decision.sequence)
    method = policy.pack.challenges.get(one.method) if policy else None
    if policy is None or method is None:
        return one.method, None
    vocabulary = Vocabulary(policy, one.decision.event_type)
    title = method_words([one.method])[one.method].title
    if record is None or record.event.event_id != one.decision.event_id:
        return str(title), None
    return str(title), [field for field in fields_shown(record, vocabulary) if field.name in method.bind]


def _record(one: Challenge, title: str) -> Record:
    about = [
        Fact(_("Subject"), _subject(one.decision), "entity"),
        Fact(_("Kind"), word(KINDS, one.kind), "chip"),
        Fact(_("Provider"), word(PROVIDERS, one.provider), "chip"),
        Fact(pgettext_lazy("challenge", "Opened"), one.opened_at, "when"),
        Fact(_("Valid until"), one.expires_at, "when"),
        Fact(pgettext_lazy("challenge", "Ended"), one.ended_at, "when"),
        Fact(_("Attempts left"), one.attempts_left, "number"),
    ]
    if one.kind == "one_time_code":
        about.append(Fact(_("Codes left to send"), one.sends_left, "number"))
    return Record(
        title=title, id=str(one.pk), kind=_("Challenge"), status=word(STATES, one.state),
        sides=[Facts(_("Challenge"), about)], timeline=_moments(one),
        crumbs=[Crumb(_("Challenges"), _page())],
    )  # fmt: skip


def _moments(one: Challenge) -> list[Moment]:
    found = []
    for step in one.steps.order_by("number"):
        shown = word(STEPS, step.what)
        text = detail_title(step.what, step.detail)
        found.append(Moment(step.at, shown.title, text, icon=shown.icon, tone=shown.tone))
    return found
