"""Pages: what goes out and what is stuck, one delivery, and what an operator may do with it."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.audit.moments import moments_of
from seawall.apps.audit.queries import entries_of
from seawall.apps.audit.words import actor_title, object_title
from seawall.apps.outbox import queries, services, webhook_queries
from seawall.apps.outbox.channels import ChannelError, channel_of, channels
from seawall.apps.outbox.models import Delivery
from seawall.apps.outbox.private import masked
from seawall.apps.outbox.states import STATES, STUCK, TABLE, transition
from seawall.console import links
from seawall.console.filters import Choice, Search, Times
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Moment, Record, View, go, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Text, Word, word, words

VIEW, MANAGE, ENDPOINTS = "outbox.view", "outbox.manage", "outbox.endpoints"
OPEN_VIEW = "state=waiting&state=sending&state=retrying&state=stuck"


def channel_title(key: str) -> Text:
    """What a channel is called; its key where this version has none of it."""
    try:
        return channel_of(key).title
    except ChannelError:
        return key


def _channel_words() -> dict[str, Word]:
    return words(*(Word(one.key, one.title, "send") for one in channels()))


def target_of(row: Delivery, names: dict[str, str] | None = None) -> str:
    """Where it goes, for people: an endpoint's name, a path, what of an address may be seen."""
    if row.channel == "webhook":
        return (webhook_queries.names() if names is None else names).get(row.target, row.target)
    return masked(row.target) if row.sealed or row.channel in ("email", "sms") else row.target


def _page() -> ListPage:
    names = webhook_queries.names()
    return ListPage(
        name="outbox",
        title=gettext_lazy("Outbox"),
        purpose=gettext_lazy("What leaves the console: records for the engine, webhooks, messages; and what is stuck."),
        table=Table(
            columns=(
                Column("position", gettext_lazy("Number"), "number", primary=True, sort="position"),
                Column("channel", gettext_lazy("Channel"), value=lambda row: channel_title(row.channel)),
                Column("target", gettext_lazy("To"), value=lambda row: target_of(row, names)),
                Column("about", gettext_lazy("About"), value=_about),
                Column("state", gettext_lazy("State"), "chip", value=lambda row: word(STATES, row.state)),
                Column("attempts", gettext_lazy("Tries"), "number"),
                Column("created_at", gettext_lazy("Created"), "when"),
                Column("next_at", gettext_lazy("Next try"), "when", value=_next),
                Column("problem", gettext_lazy("Problem")),
                Column("sequence", gettext_lazy("Journal record"), "number", shown=False),
                Column("order", gettext_lazy("Order"), shown=False),
            ),
            sort="-position",
            url=lambda row: reverse("outbox:delivery", args=[row.pk]),
            tone=lambda row: "bad" if row.state == STUCK else "",
        ),
        filters=(
            Search(fields=("about_id",), hint=gettext_lazy("Id of what it is about")),
            Choice("state", gettext_lazy("State"), "state", STATES),
            Choice("channel", gettext_lazy("Channel"), "channel", load=_channel_words),
            Choice("target", gettext_lazy("Endpoint"), "target", load=_endpoint_words),
            Times("created", gettext_lazy("Created"), "created_at"),
        ),
        views=(
            View("all", gettext_lazy("All")),
            View("stuck", gettext_lazy("Stuck"), "state=stuck"),
            View("open", gettext_lazy("Not over yet"), OPEN_VIEW),
            View("refused", gettext_lazy("Refused"), "state=refused"),
        ),
        empty=Empty(gettext_lazy("Nothing here"), gettext_lazy("What commands cause outside the console stands here.")),
        template="outbox/deliveries.html",
        poll=5,
    )  # fmt: skip


def _endpoint_words() -> dict[str, Word]:
    return words(*(Word(key, name) for key, name in webhook_queries.names().items()))


def _about(row: Delivery) -> Text | None:
    return object_title(row.about_type) if row.about_type else None


def _next(row: Delivery) -> object:
    return row.next_at if row.state in ("waiting", "retrying") else None


@requires(VIEW)
@require_safe
def deliveries(request: HttpRequest) -> HttpResponseBase:
    """All deliveries, the newest first."""
    stuck = queries.needs_a_person().count()
    actions = [
        Action(_("Webhook endpoints"), reverse("outbox:endpoints"), "globe"),
        Action(_("Contacts"), reverse("outbox:contacts"), "users"),
    ]
    if stuck:
        says = _("%(count)d deliveries are tried at once.") % {"count": stuck}
        again = Action(_("Try everything that is stuck"), reverse("outbox:retry_stuck"), "refresh", post=True,
                       confirm=says, permission=MANAGE)  # fmt: skip
        actions.insert(0, again)
    return _page().respond(request, queries.deliveries(), actions=actions, standing=queries.standing())


@requires(VIEW)
@require_safe
def delivery(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """One delivery. Its body only for those who may see decisions."""
    row = queries.get_delivery(delivery_id)
    body = ""
    if person(request).has_perm("decisions.view") and not row.sealed and row.content:
        body = json.dumps(row.body, ensure_ascii=False, indent=2)
    shown = {
        "row": row,
        "body": body,
        "behind": queries.behind(row),
        "table": list(TABLE),
        "states": STATES,
        "answer": json.dumps(row.answer, ensure_ascii=False, indent=2) if row.answer else "",
    }
    return respond_record(request, "outbox/delivery.html", _record(row), **shown)


def _record(row: Delivery) -> Record:
    def post(action: str, says: Text, icon: str, **more: object) -> Action:
        url = reverse("outbox:act", args=[row.pk, action])
        return Action(transition(action).title, url, icon, post=True, permission=MANAGE, confirm=says, **more)

    possible = {one.action for one in TABLE if one.by_person and row.state in one.sources}
    if row.state == "delivered" and not channel_of(row.channel).replayable:
        possible.discard("replay")
    offered = {
        "retry": post("retry", _("It is tried within a second."), "refresh"),
        "replay": post("replay", _("The receiver may get it a second time."), "send"),
        "cancel": post("cancel", _("It is not sent any more. If a try was made, it may have arrived all the same."),
                       "x", reason=True, danger=True),
    }  # fmt: skip
    about = links.url_of(row.about_type, row.about_id) if row.about_type else None
    facts = [
        Fact(_("Channel"), channel_title(row.channel)),
        Fact(_("To"), target_of(row)),
        Fact(
            _("Caused by"),
            str(row.person) if row.person else str(actor_title(row.actor)),
            "person" if row.person else "text",
        ),
        Fact(_("Created"), row.created_at, "when"),
        Fact(_("Tries"), row.attempts, "number"),
        *([Fact(_("Next try"), row.next_at, "when")] if _next(row) else []),
        *([Fact(_("Ended"), row.ended_at, "when")] if row.ended_at else []),
        Fact(_("Journal record"), row.sequence, "number"),
        Fact(_("Order"), row.order or None),
        Fact(_("Idempotency key"), row.key, "id"),
    ]
    moments = [Moment(row.created_at, _("Put into the outbox"), icon="plus")]
    moments += moments_of(entries_of("delivery", row.pk))
    if row.ended_at:
        state = word(STATES, row.state)
        moments.append(Moment(row.ended_at, state.title, row.problem, icon=state.icon, tone=state.tone))
    actions = [offered[one] for one in ("retry", "replay", "cancel") if one in possible]
    if about:
        actions.append(Action(_("What it is about"), about, "external"))
    return Record(
        title=target_of(row), id=str(row.pk), kind=channel_title(row.channel), status=word(STATES, row.state),
        actions=actions, sides=[Facts(_("Delivery"), facts)], timeline=moments,
        crumbs=[Crumb(_("Outbox"), reverse("outbox:deliveries"))],
    )  # fmt: skip


@requires(MANAGE)
@require_POST
def act(request: HttpRequest, delivery_id: UUID, action: str) -> HttpResponse:
    """Try now, send again or cancel."""
    me = person(request)
    if action == "retry":
        services.retry(me, delivery_id)
    elif action == "replay":
        services.replay(me, delivery_id)
    else:
        services.cancel(me, delivery_id, request.POST.get("reason", ""))
    done = {"retry": _("It is tried now."), "replay": _("It is sent again.")}.get(action, _("Cancelled."))
    return go(request, reverse("outbox:delivery", args=[delivery_id]), done)


@requires(MANAGE)
@require_POST
def retry_stuck(request: HttpRequest) -> HttpResponse:
    """Try everything that is stuck."""
    count = services.retry_stuck(person(request))
    done = _("%(count)d deliveries are tried now.") % {"count": count}
    return go(request, reverse("outbox:deliveries"), done)
