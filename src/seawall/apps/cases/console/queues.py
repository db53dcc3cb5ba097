"""Pages: queues and suppressions."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.cases import queries
from seawall.apps.cases.console.shared import crumbs, reason, show, status_of, version_of
from seawall.apps.cases.forms import QueueForm, SuppressionForm
from seawall.apps.cases.models import Queue, Suppression
from seawall.apps.cases.models.queue import DEFAULT_HOURS
from seawall.apps.cases.naming import typology_title
from seawall.apps.cases.services import alerts, queues
from seawall.apps.errors import InvalidError
from seawall.console.filters import Choice, Times
from seawall.console.pages import Action, Empty, ListPage, ask_why, dialog, go
from seawall.console.tables import Column, RowAction, Table
from seawall.console.words import Word, words

VIEW = "cases.view"


@requires(VIEW)
@require_safe
def queue_list(request: HttpRequest) -> HttpResponse:
    """Queues with what waits in them."""
    me = person(request)
    return render(request, "cases/queues.html", {
        "title": _("Queues"), "purpose": _("Where alerts and cases wait, who takes them, how soon they are due."),
        "loads": queries.loads(me), "may_change": me.has_perm(queues.MANAGE),
        "crumbs": crumbs((_("Cases"), reverse("cases:cases")), (_("Queues"), "")),
    })  # fmt: skip


@requires(queues.MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def queue_new(request: HttpRequest) -> HttpResponse:
    """A dialog for a queue."""
    form = QueueForm(request.POST or None, people=queries.workers(),
                     initial={f"hours_{name}": hours for name, hours in DEFAULT_HOURS.items()})  # fmt: skip
    return _queue(request, form, reverse("cases:queue_new"), _("Add a queue"), None)


@requires(queues.MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def queue_change(request: HttpRequest, queue_id: UUID) -> HttpResponse:
    """A dialog for a change."""
    queue = queries.get_queue(person(request), queue_id)
    form = QueueForm(request.POST or None, people=queries.workers(), initial=QueueForm.of(queue))
    version = version_of(request) or queue.version
    url = f"{reverse('cases:queue_change', args=[queue_id])}?v={version}"
    return _queue(request, form, url, _("Change the queue %(queue)s") % {"queue": queue}, queue)


def _queue(request: HttpRequest, form: QueueForm, url: str, title: str, queue: Queue | None) -> HttpResponse:
    if form.is_valid():
        try:
            if queue is None:
                queues.create_queue(person(request), form.wanted())
            else:
                queues.change_queue(person(request), queue.pk, form.wanted(), version_of(request))
            return go(request, reverse("cases:queues"), _("Saved."))
        except InvalidError as error:
            show(form, error)
    return dialog(request, title, form, url, status=status_of(form))


# --- suppressions -----------------------------------------------------------------------------------------------------

_STATES = words(
    Word("True", gettext_lazy("Ended"), "check", "neutral"), Word("False", gettext_lazy("Holds"), "eye-off", "notice")
)


def _lift(row: Suppression) -> list[RowAction]:
    if row.ended_at is not None:
        return []
    return [RowAction(gettext_lazy("Lift"), reverse("cases:lift", args=[row.pk]), "eye", post=True,
                      reason=True, permission="alerts.suppress",
                      confirm=gettext_lazy("What it holds back is work again."))]  # fmt: skip


def _typology(row: Suppression) -> tuple[str, str]:
    return (typology_title(row.typology), row.typology) if row.typology else (_("Any"), "")


SUPPRESSIONS = ListPage(
    name="suppressions",
    title=gettext_lazy("Suppressions"),
    purpose=gettext_lazy("What raises no alert for a while, and why. A graver hit always comes through."),
    table=Table(
        columns=(
            Column("typology", gettext_lazy("Typology"), "coded", _typology, primary=True),
            Column("entity", gettext_lazy("Entity"), "entity",
                   value=lambda row: (row.entity_kind, row.entity_value) if row.entity_value else None),
            Column("severity", gettext_lazy("Up to severity"), "severity", value="severity_name"),
            Column("until", gettext_lazy("Until"), "when", sort="until"),
            Column("state", gettext_lazy("State"), "chip", value=lambda row: _STATES[str(not row.open)]),
            Column("held_back", gettext_lazy("Hits held back"), "number"),
            Column("reason", gettext_lazy("Reason")),
            Column("created_by", gettext_lazy("Made by"), "person", value=lambda row: str(row.created_by)),
            Column("approved_by", gettext_lazy("Approved by"), "person",
                   value=lambda row: str(row.approved_by) if row.approved_by else None),
        ),
        sort="-until",
        actions=_lift,
    ),
    filters=(
        Choice("holding", gettext_lazy("State"), "holding",
               words(Word("True", gettext_lazy("Holds"), "eye-off"), Word("False", gettext_lazy("Ended"), "check"))),
        Times("until", gettext_lazy("Until"), "until"),
    ),
    empty=Empty(gettext_lazy("Nothing is suppressed"), icon="eye",
                text=gettext_lazy("Suppress from an alert, or with the button above.")),
)  # fmt: skip


@requires("alerts.view")
@require_safe
def suppression_list(request: HttpRequest) -> HttpResponseBase:
    """All suppressions, the one that ends last first."""
    add = Action(_("Suppress"), reverse("cases:suppression_new"), "eye-off", dialog=True, permission="alerts.suppress")
    up = crumbs((_("Alerts"), reverse("cases:alerts")), (_("Suppressions"), ""))
    return SUPPRESSIONS.respond(request, queries.suppressions(), actions=[add], crumbs=up)


@requires("alerts.suppress")
@require_http_methods(["GET", "HEAD", "POST"])
def suppression_new(request: HttpRequest) -> HttpResponse:
    """A dialog for a suppression."""
    form = SuppressionForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        wanted = alerts.Wanted(given["entity_kind"].strip(), given["entity_value"].strip(), given["typology"].strip(),
                               int(given["severity"]), form.until(), given["reason"])  # fmt: skip
        try:
            made = alerts.add_suppression(person(request), wanted)
            done = (
                _("Suppressed.") if isinstance(made, Suppression) else _("Asked for; a second person must approve it.")
            )
            return go(request, reverse("cases:suppressions"), done)
        except InvalidError as error:
            show(form, error)
    return dialog(request, _("Suppress"), form, reverse("cases:suppression_new"), button=_("Suppress"),
                  status=status_of(form))  # fmt: skip


@requires("alerts.suppress")
@require_POST
def lift(request: HttpRequest, suppression_id: UUID) -> HttpResponse:
    """End a suppression."""
    if asking := ask_why(request, _("Lift the suppression"), text=_("What it holds back is work again.")):
        return asking
    alerts.lift(person(request), suppression_id, reason(request))
    return go(request, reverse("cases:suppressions"), _("Lifted."))
