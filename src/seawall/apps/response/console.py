"""Pages: actions, one action with its deliveries and its undo, taking one after a dry run."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.audit.moments import moments_of
from seawall.apps.audit.queries import entries_of
from seawall.apps.decisions.reading import titles
from seawall.apps.decisions.words import titled
from seawall.apps.errors import InvalidError, ServiceError, UnknownError
from seawall.apps.outbox.console.deliveries import channel_title
from seawall.apps.outbox.states import STATES as DELIVERY_STATES
from seawall.apps.response import queries, services
from seawall.apps.response.adapters import Asked, adapter_of
from seawall.apps.response.forms import ActionForm
from seawall.apps.response.kinds import KINDS
from seawall.apps.response.models import Action as Row
from seawall.apps.response.states import EFFECTIVE, STARTING, STATES
from seawall.console import formatting, links
from seawall.console.filters import Choice, Search, Times
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Record, View, go, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import OUTCOMES, Word, word, words

VIEW, START = "actions.view", "actions.start"


def _kind_words() -> dict[str, Word]:
    return words(*(Word(one.key, one.title, one.icon) for one in KINDS.values()))


def _rule_words() -> dict[str, Word]:
    policy = titles()
    known = {one.id: titled(one.title, one.id) for one in policy.entries} if policy else {}
    return words(*(Word(one, known.get(one, one)) for one in queries.rules()))


def _by(row: Row) -> str:
    if row.person or not row.rule:
        return str(row.person or row.actor)
    policy = titles()
    named = (titled(one.title, one.id) for one in policy.entries if one.id == row.rule) if policy else iter(())
    return next(named, row.rule)


ACTIONS = ListPage(
    name="actions",
    title=pgettext_lazy("action", "Actions"),
    purpose=gettext_lazy("What people and rules have done about a risk, for how long, and what can be undone."),
    table=Table(
        columns=(
            Column("kind", pgettext_lazy("action", "Action"), value=lambda row: KINDS[row.kind].title, primary=True),
            Column("target", gettext_lazy("Target"), "entity",
                   value=lambda row: (row.target_kind, row.target) if row.target else None),
            Column("state", gettext_lazy("State"), "chip", value=lambda row: word(STATES, row.state)),
            Column("by", gettext_lazy("By"), value=_by),
            Column("reason", gettext_lazy("Reason")),
            Column("created_at", pgettext_lazy("action", "Taken"), "when", sort="created_at"),
            Column("expires_at", gettext_lazy("Ends"), "when"),
            Column("repeats", gettext_lazy("Asked for again"), "number"),
            Column("problem", gettext_lazy("Problem"), shown=False),
        ),
        sort="-created_at",
        url=lambda row: reverse("response:action", args=[row.pk]),
    ),
    filters=(
        Search(fields=("target",), hint=gettext_lazy("Entity, in full or as it begins")),
        Choice("state", gettext_lazy("State"), "state", STATES),
        Choice("kind", pgettext_lazy("action", "Action"), "kind", load=_kind_words),
        Choice("rule", gettext_lazy("Rule"), "rule", load=_rule_words),
        Times("created", pgettext_lazy("action", "Taken"), "created_at"),
    ),
    views=(
        View("live", gettext_lazy("In effect"), "state=effective&state=starting&state=undoing"),
        View("failed", gettext_lazy("Failed"), "state=failed"),
        View("all", gettext_lazy("All")),
    ),
    empty=Empty(
        gettext_lazy("No actions yet"), gettext_lazy("Rules take them when they fire; people on an entity's page."),
        icon="bolt",
    ),
)  # fmt: skip


@requires(VIEW)
@require_safe
def actions(request: HttpRequest) -> HttpResponseBase:
    """All actions, the newest first."""
    new = Action(_("Take an action"), reverse("response:choose"), "plus", permission=START, key="c")
    return ACTIONS.respond(request, queries.actions(person(request)), actions=[new])


@requires(VIEW)
@require_safe
def action(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """One action."""
    me = person(request)
    row = queries.get_action(me, action_id)
    sent = [(one, word(DELIVERY_STATES, one.state), channel_title(one.channel)) for one in queries.deliveries_of(row)]
    adapter = adapter_of(row.kind)
    place = adapter.place(Asked(row.kind, row.target_kind, row.target, row.parameters)) if adapter else ""
    context = {"row": row, "sent": sent, "place": place, "kind": KINDS[row.kind], "decision": queries.decision_of(row),
               "sees_outbox": me.has_perm("outbox.view")}  # fmt: skip
    return respond_record(request, "response/action.html", _record(row), **context)


@requires(START)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What can be done, with what each does; what has no adapter here is named and not offered."""
    asked = _about(request)
    offered = queries.offered(asked.get("target_kind", ""))
    missing = [one for one in KINDS.values() if adapter_of(one.key) is None]
    at = [(one, f"{reverse('response:new', args=[one.key])}{_query(asked)}") for one in offered]
    context = {"title": _("Take an action"), "offered": at, "missing": missing, "crumbs": [_crumb()]}
    return render(request, "response/choose.html", context)


@requires(START)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """The form; a dry run of it; then the action itself."""
    if kind not in KINDS or adapter_of(kind) is None:
        raise UnknownError(_("There is no adapter for this action here."))
    me, about = person(request), _about(request)
    form = ActionForm(request.POST or None, kind=KINDS[kind], initial=about)
    preview = None
    if form.is_valid():
        wish = form.wish(_number(about.get("decision", "")), _uuid(about.get("case", "")))
        try:
            if request.POST.get("step") == "take":
                made = services.take(me, wish, key=f"form:{me.pk}:{request.POST.get('once', '')[:64]}")
                waits = made.state == "proposed"
                done = _("It waits for a second person.") if waits else _("The action is on its way.")
                return go(request, reverse("response:action", args=[made.pk]), done)
            preview = services.dry_run(me, wish)
        except InvalidError as error:
            for name, text in (error.fields or {"": str(error)}).items():
                form.add_error(name if name in form.fields else None, text)
        except ServiceError as error:
            form.add_error(None, str(error))
    status = 422 if request.method == "POST" and preview is None else 200
    outcomes = [(word(OUTCOMES, key), count) for key, count in preview.decisions.items()] if preview else []
    context = {
        "title": KINDS[kind].title, "kind": KINDS[kind], "form": form, "preview": preview, "outcomes": outcomes,
        "url": f"{reverse('response:new', args=[kind])}{_query(about)}", "once": f"{timezone.now().timestamp():.6f}",
        "crumbs": [_crumb(), Crumb(_("Take an action"), f"{reverse('response:choose')}{_query(about)}")],
    }  # fmt: skip
    return render(request, "response/new.html", context, status=status)


@requires(START)
@require_POST
def undo(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Take it back."""
    services.undo(person(request), action_id, request.POST.get("reason", ""))
    return go(request, reverse("response:action", args=[action_id]), _("It is being undone."))


def _record(row: Row) -> Record:
    kind, says = KINDS[row.kind], _("What it did is taken back; the reason is kept.")
    now = timezone.now()
    undoable = row.state == STARTING or (row.state == EFFECTIVE and row.undo_until is not None and row.undo_until > now)
    back = Action(
        _("Undo"), reverse("response:undo", args=[row.pk]), "refresh", post=True, reason=True, permission=START,
        confirm=says,
    )  # fmt: skip
    facts = [
        Fact(_("Target"), (row.target_kind, row.target), "entity") if row.target else Fact(_("Target"), None),
        *[Fact(name, str(value)) for name, value in row.parameters.items()],
        Fact(_("For"), formatting.duration(row.ttl) if row.ttl else None),
        Fact(_("By"), _by(row)),
        *([Fact(_("Approved by"), str(row.approved_by), "person")] if row.approved_by else []),
        Fact(_("In effect since"), row.effective_at, "when"),
        Fact(_("Ends"), row.expires_at, "when"),
        Fact(_("Can be undone until"), row.undo_until, "when"),
        Fact(_("Asked for again"), row.repeats or None, "number"),
    ]
    moments = moments_of(entries_of("action", row.pk).order_by("-id")[:50])
    case = links.url_of("case", row.case) if row.case else None
    links_to = [Action(_("The case"), case, "folder")] if case else []
    return Record(
        title=formatting.short_id(row.target) if row.target else kind.title, id=str(row.pk), kind=kind.title,
        status=word(STATES, row.state), due=row.expires_at if row.state == EFFECTIVE else None,
        started=row.effective_at,
        actions=[*([back] if undoable else []), *links_to], sides=[Facts(pgettext("action", "Action"), facts)],
        timeline=moments, crumbs=[_crumb()],
    )  # fmt: skip


def _about(request: HttpRequest) -> dict[str, str]:
    names = ("target_kind", "target", "decision", "case")
    return {name: request.GET[name][:256] for name in names if request.GET.get(name)}


def _query(asked: dict[str, str]) -> str:
    return f"?{urlencode(asked)}" if asked else ""


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _crumb() -> Crumb:
    return Crumb(pgettext("action", "Actions"), reverse("response:actions"))
