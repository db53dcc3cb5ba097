"""Pages: webhook endpoints with their secrets, and contacts."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.audit.moments import moments_of
from seawall.apps.audit.queries import entries_of
from seawall.apps.errors import InvalidError, ServiceError
from seawall.apps.outbox import contacts, webhook_queries, webhooks
from seawall.apps.outbox.console.deliveries import ENDPOINTS, VIEW
from seawall.apps.outbox.forms import ContactForm, EndpointForm
from seawall.apps.outbox.models import Contact, Endpoint
from seawall.apps.outbox.webhooks import KINDS, Made
from seawall.console.pages import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    ListPage,
    Record,
    dialog,
    go,
    respond_record,
)
from seawall.console.tables import Column, RowAction, Table
from seawall.console.words import Word, word, words

ON_OFF = words(
    Word("on", gettext_lazy("Active"), "check-circle", "good"),
    Word("off", gettext_lazy("Switched off"), "pause", "neutral"),
    Word("waiting", gettext_lazy("Waits for approval"), "clock", "notice"),
)
ENDPOINT_LIST = ListPage(
    name="endpoints",
    title=gettext_lazy("Webhook endpoints"),
    purpose=gettext_lazy("Systems that are told, by signed messages, what happens here."),
    table=Table(
        columns=(
            Column("name", gettext_lazy("Name"), primary=True),
            Column("url", gettext_lazy("URL")),
            Column("active", gettext_lazy("State"), "chip", value=lambda row: ON_OFF[_state(row)]),
            Column("kinds", gettext_lazy("Events"), "tags", value=lambda row: [KINDS[one].title for one in row.kinds]),
            Column("open", gettext_lazy("Not delivered yet"), "number"),
        ),
        sort="",
        url=lambda row: reverse("outbox:endpoint", args=[row.pk]),
    ),
    empty=Empty(
        gettext_lazy("No endpoints"), gettext_lazy("Add one: it is told of the events you choose."), icon="globe"
    ),
    exportable=False,
)


def _remove(row: Contact) -> list[RowAction]:
    says = _("%(name)s gets no message any more.") % {"name": row.name}
    return [RowAction(_("Remove"), reverse("outbox:contact_remove", args=[row.pk]), "trash", post=True, confirm=says)]


def _contacts(manages: bool) -> ListPage:
    return ListPage(
        name="contacts",
        title=gettext_lazy("Contacts"),
        purpose=gettext_lazy("Who gets messages, in groups that rules, plans and actions name."),
        table=Table(
            columns=(
                Column("group", gettext_lazy("Group"), primary=True),
                Column("name", gettext_lazy("Name"), "person"),
                Column("channel", gettext_lazy("Channel"), value=lambda row: row.get_channel_display()),
                Column("shown", gettext_lazy("Address")),
                Column("created_at", gettext_lazy("Added"), "when"),
            ),
            sort="",
            actions=_remove if manages else None,
        ),
        empty=Empty(
            gettext_lazy("No contacts"), gettext_lazy("Actions that notify a group need somebody in it."), icon="users"
        ),
        exportable=False,
    )


CONTACT_LIST, CONTACTS_TO_CHANGE = _contacts(manages=False), _contacts(manages=True)


@requires(VIEW)
@require_safe
def endpoints(request: HttpRequest) -> HttpResponseBase:
    """All endpoints."""
    add = Action(
        _("Add an endpoint"), reverse("outbox:endpoint_new"), "plus", dialog=True, permission=ENDPOINTS, key="c"
    )
    return ENDPOINT_LIST.respond(request, webhook_queries.endpoints(), actions=[add], crumbs=[_crumb()])


@requires(VIEW)
@require_safe
def endpoint(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """One endpoint."""
    row, now = webhook_queries.get_endpoint(endpoint_id), timezone.now()
    secrets = [(one, one.ends_at is None or one.ends_at > now) for one in row.secrets.order_by("-id")[:10]]
    kinds = [KINDS[one] for one in row.kinds]
    return respond_record(request, "outbox/endpoint.html", _record(row), row=row, secrets=secrets, kinds=kinds)


@requires(ENDPOINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_new(request: HttpRequest) -> HttpResponse:
    """A new endpoint; its secret is shown once."""
    form = EndpointForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = webhooks.create(person(request), given["name"], given["url"], given["kinds"], given["reason"])
            return _secret(request, made)
        except ServiceError as error:
            _blame(form, error)
    return _asked(request, _("Add an endpoint"), form, reverse("outbox:endpoint_new"))


@requires(ENDPOINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_edit(request: HttpRequest, endpoint_id: UUID) -> HttpResponse:
    """Its URL and what it is told of."""
    row = webhook_queries.get_endpoint(endpoint_id)
    form = EndpointForm(request.POST or None, initial={"url": row.url, "kinds": row.kinds}, named=False)
    if form.is_valid():
        try:
            given = form.cleaned_data
            webhooks.change(person(request), row.pk, given["url"], given["kinds"], given["reason"])
            return go(request, reverse("outbox:endpoint", args=[row.pk]), _("Sent for four-eyes review"))
        except ServiceError as error:
            _blame(form, error)
    return _asked(request, _("Edit the endpoint"), form, reverse("outbox:endpoint_edit", args=[row.pk]))


@requires(ENDPOINTS)
@require_POST
def endpoint_act(request: HttpRequest, endpoint_id: UUID, action: str) -> HttpResponse:
    """Ping it, switch it on or off, replace its secret, end the old one."""
    me, url = person(request), reverse("outbox:endpoint", args=[endpoint_id])
    if action == "rotate":
        return _secret(request, webhooks.rotate(me, endpoint_id))
    if action == "ping":
        sent = webhooks.ping(me, endpoint_id)
        return go(request, reverse("outbox:delivery", args=[sent.pk]), _("A test message is on its way."))
    if action == "end-old":
        webhooks.end_old(me, endpoint_id)
        return go(request, url, _("Only the new secret signs now."))
    webhooks.turn(me, endpoint_id, active=action == "on")
    return go(request, url, _("Saved."))


@requires(VIEW)
@require_safe
def contact_list(request: HttpRequest) -> HttpResponseBase:
    """All contacts."""
    manages = person(request).has_perm(ENDPOINTS)
    page = CONTACTS_TO_CHANGE if manages else CONTACT_LIST
    add = Action(_("Add a contact"), reverse("outbox:contact_new"), "plus", dialog=True, permission=ENDPOINTS, key="c")
    return page.respond(request, list(webhook_queries.contacts()), actions=[add], crumbs=[_crumb()])


@requires(ENDPOINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: HttpRequest) -> HttpResponse:
    """A new contact."""
    form = ContactForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            contacts.add(person(request), given["group"], given["name"], given["channel"], given["address"])
            return go(request, reverse("outbox:contacts"), _("Added."))
        except ServiceError as error:
            _blame(form, error)
    return _asked(request, _("Add a contact"), form, reverse("outbox:contact_new"))


@requires(ENDPOINTS)
@require_POST
def contact_remove(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Take a contact out."""
    contacts.remove(person(request), contact_id)
    return go(request, reverse("outbox:contacts"), _("Removed."))


def _record(row: Endpoint) -> Record:
    def post(action: str, title: str, icon: str, says: str, **more: object) -> Action:
        url = reverse("outbox:endpoint_act", args=[row.pk, action])
        return Action(title, url, icon, post=True, confirm=says, permission=ENDPOINTS, **more)

    edit = Action(_("Edit"), reverse("outbox:endpoint_edit", args=[row.pk]), "edit", dialog=True, permission=ENDPOINTS)
    ping = post("ping", _("Send a test"), "send", _("It gets a signed message of the kind ping."))
    turn = (
        post("off", _("Switch off"), "pause", _("What waits is kept and goes out when it is switched on again."))
        if row.active
        else post("on", _("Switch on"), "play", _("What waits goes out now."))
    )
    more = [
        turn,
        post("rotate", _("Replace the secret"), "key", _("The old secret signs beside the new one for 24 hours.")),
        post("end-old", _("End the old secret"), "x", _("A receiver that knows only the old one refuses from now on."),
             danger=True),
    ]  # fmt: skip
    facts = [
        Fact(_("URL"), row.url),
        Fact(_("Added"), row.created_at, "when"),
        Fact(_("By"), str(row.created_by), "person"),
    ]
    moments = moments_of(entries_of("endpoint", row.pk).order_by("-id")[:50])
    sent = f"{reverse('outbox:deliveries')}?target={row.pk}"
    return Record(
        title=row.name, id=str(row.pk), kind=_("Webhook endpoint"), status=word(ON_OFF, _state(row)),
        actions=[*([ping, edit] if row.agreed else []), *_approval(row), Action(_("Deliveries"), sent, "list")],
        more=more if row.agreed else [], sides=[Facts(_("Facts"), facts)], timeline=moments,
        crumbs=[_crumb(), Crumb(_("Webhook endpoints"), reverse("outbox:endpoints"))],
    )  # fmt: skip


def _state(row: Endpoint) -> str:
    if not row.agreed:
        return "waiting"
    return "on" if row.active else "off"


def _approval(row: Endpoint) -> list[Action]:
    """The request that waits for a second person."""
    found = webhook_queries.open_request(row)
    if found is None:
        return []
    url = reverse("approvals:request", args=[found.pk])
    return [Action(_("The approval"), url, "approve", permission="approvals.view")]


def _crumb() -> Crumb:
    return Crumb(_("Outbox"), reverse("outbox:deliveries"))


def _secret(request: HttpRequest, made: Made) -> HttpResponse:
    """The one time that a secret is shown."""
    context = {"made": made, "title": _("Signing secret"), "url": reverse("outbox:endpoint", args=[made.endpoint.pk])}
    response = render(request, "outbox/secret.html", context)
    response["Cache-Control"] = "no-store"
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def _asked(request: HttpRequest, title: str, form: object, url: str) -> HttpResponse:
    return dialog(request, title, form, url, status=422 if request.method == "POST" else 200)


def _blame(form: EndpointForm | ContactForm, error: ServiceError) -> None:
    fields = error.fields if isinstance(error, InvalidError) else {}
    for name, text in (fields or {"": str(error)}).items():
        form.add_error(name if name in form.fields else None, text)
