"""Pages: what waits for a second person, and one request with what it would change."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.approvals import queries, services
from seawall.apps.approvals.kinds import KindError, kind_of, kinds
from seawall.apps.approvals.models import Request
from seawall.console.filters import Choice, Times
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Moment, Record, View, go, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Text, Word, word, words

VIEW = "approvals.view"
STATES = words(
    Word("pending", pgettext_lazy("approval", "Pending"), "clock", "notice"),
    Word("approved", pgettext_lazy("approval", "Approved"), "check-circle", "good"),
    Word("rejected", pgettext_lazy("approval", "Rejected"), "x-circle", "bad"),
    Word("withdrawn", pgettext_lazy("approval", "Withdrawn"), "x", "neutral"),
    Word("expired", pgettext_lazy("approval", "Expired"), "clock", "neutral"),
)


def kind_title(key: str) -> Text:
    """What a kind is called; its key where its app is gone."""
    try:
        return kind_of(key).title
    except KindError:
        return key


INBOX = ListPage(
    name="approvals",
    title=gettext_lazy("Approvals"),
    purpose=gettext_lazy("What needs a second person, and what was decided."),
    table=Table(
        columns=(
            Column("kind", gettext_lazy("Kind"), value=lambda row: kind_title(row.kind), primary=True),
            Column("object", gettext_lazy("About"), value=lambda row: row.object_title or row.object_id),
            Column("maker", gettext_lazy("Maker"), "person", value=lambda row: str(row.maker)),
            Column("reason", gettext_lazy("Reason")),
            Column("state", gettext_lazy("State"), "chip", value=lambda row: word(STATES, row.state)),
            Column("created_at", gettext_lazy("Submitted"), "when", sort="created_at"),
            Column("expires_at", gettext_lazy("Expires"), "when", sort="expires_at"),
            Column(
                "checker",
                gettext_lazy("Checker"),
                "person",
                value=lambda row: str(row.checker) if row.checker else None,
            ),
        ),
        sort="-created_at",
        url=lambda row: reverse("approvals:request", args=[row.pk]),
    ),
    filters=(
        Choice("state", gettext_lazy("State"), "state", STATES),
        Choice("kind", gettext_lazy("Kind"), "kind", load=lambda: words(*(Word(k.key, k.title) for k in kinds()))),
        Times("created", gettext_lazy("Submitted"), "created_at"),
    ),
    views=(View("waiting", gettext_lazy("Pending"), "state=pending"), View("all", gettext_lazy("All"))),
    empty=Empty(
        gettext_lazy("Nothing waits"), gettext_lazy("Requests for a second person appear here."), icon="check-circle"
    ),
)


@requires(VIEW)
@require_safe
def inbox(request: HttpRequest) -> HttpResponseBase:
    """Requests this person may know of."""
    return INBOX.respond(request, queries.requests_for(person(request)))


@requires(VIEW)
@require_safe
def request_record(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request: what would change, who asks, why."""
    me = person(request)
    shown = queries.get_request(me, request_id)
    record = _record(shown, services.may_decide(me, shown), shown.pending and shown.maker_id == me.pk)
    about = {"changes": queries.changes(shown), "evidence": queries.evidence(shown)}
    return respond_record(request, "approvals/request.html", record, shown=shown, **about)


@requires(VIEW)
@require_POST
def approve(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Carry it out."""
    services.approve(person(request), request_id, request.POST.get("reason", ""))
    return go(request, reverse("approvals:request", args=[request_id]), _("Approved and carried out."))


@requires(VIEW)
@require_POST
def reject(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Refuse it."""
    services.reject(person(request), request_id, request.POST.get("reason", ""))
    return go(request, reverse("approvals:request", args=[request_id]), _("Rejected."))


@requires(VIEW)
@require_POST
def withdraw(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take it back."""
    services.withdraw(person(request), request_id)
    return go(request, reverse("approvals:request", args=[request_id]), _("Withdrawn."))


def _record(shown: Request, decidable: bool, own: bool) -> Record:
    def at(name: str) -> str:
        return reverse(f"approvals:{name}", args=[shown.pk])

    actions = []
    if decidable:
        carried = _("It is carried out at once, and recorded with your name.")
        actions = [
            Action(_("Approve"), at("approve"), "check-circle", post=True, confirm=carried, key="y"),
            Action(
                _("Reject"),
                at("reject"),
                "x-circle",
                post=True,
                reason=True,
                confirm=_("The maker reads why."),
                key="x",
            ),
        ]
    elif own:
        actions = [Action(_("Withdraw"), at("withdraw"), "x", post=True, confirm=_("Nobody can approve it any more."))]
    facts = [
        Fact(_("Maker"), str(shown.maker), "person"),
        Fact(_("Submitted"), shown.created_at, "when"),
        Fact(_("Expires"), shown.expires_at, "when"),
        Fact(_("Checker"), str(shown.checker) if shown.checker else None, "person"),
        Fact(_("Decided"), shown.decided_at, "when"),
    ]
    moments = [Moment(shown.created_at, pgettext("moment", "Submitted"), shown.reason, str(shown.maker), "plus")]
    if shown.decided_at:
        state = word(STATES, shown.state)
        by = str(shown.checker) if shown.checker else ""
        moments.append(Moment(shown.decided_at, state.title, shown.comment, by, state.icon, state.tone))
    return Record(
        title=shown.object_title or shown.object_id, id=str(shown.pk), kind=kind_title(shown.kind),
        status=word(STATES, shown.state), actions=actions, sides=[Facts(_("Request"), facts)], timeline=moments,
        crumbs=[Crumb(_("Approvals"), reverse("approvals:inbox")), Crumb(kind_title(shown.kind))],
    )  # fmt: skip
