"""Pages: the ledger's entries, one entry with its proof, the check."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.audit import queries, services
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError
from seawall.console.filters import Choice, Exact, Search, Times
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Record, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Word, words

MOST_AT_ONCE = 50_000  # entries that a page may check while somebody waits


def _actions() -> dict[str, Word]:
    return words(*(Word(action, action) for action in queries.actions()))


def _url(row: Outbox) -> str:
    return reverse("audit:entry", args=[row.ledger_index]) if row.ledger_index is not None else ""


def entries_page(people: Mapping[str, str]) -> ListPage:
    """The list of entries; `people` gives the names of actors."""
    return ListPage(
        name="ledger",
        title=gettext_lazy("Ledger"),
        purpose=gettext_lazy("Every command, in order, in a log that shows any change made to it afterwards."),
        table=Table(
            columns=(
                Column("ledger_index", gettext_lazy("Entry"), "number", primary=True),
                Column("created_at", gettext_lazy("Time"), "when"),
                Column("action", gettext_lazy("Action")),
                Column("object_type", gettext_lazy("Kind of object")),
                Column("object_id", gettext_lazy("Object"), "id"),
                Column("actor", gettext_lazy("Actor"), "person", value=lambda row: people.get(row.actor, row.actor)),
                Column("id", gettext_lazy("Number"), "number", sort="id", shown=False),
            ),
            sort="-id",
            url=_url,
        ),
        filters=(
            Search(fields=("object_id",), hint=gettext_lazy("Id of an object")),
            Choice("action", gettext_lazy("Action"), "action", load=_actions),
            Times("time", gettext_lazy("Time"), "created_at"),
            Exact("object", gettext_lazy("Kind of object"), "object_type"),
            Exact("actor", gettext_lazy("Actor"), "actor"),
        ),
        empty=Empty(gettext_lazy("No entries"), gettext_lazy("Every command of the console writes one.")),
    )


@requires("ledger.view")
@require_safe
def entries(request: HttpRequest) -> HttpResponseBase:
    """All entries, the newest first."""
    check = Action(_("Verify"), reverse("audit:verify"), "shield", post=True, permission="ledger.verify")
    return entries_page(queries.people()).respond(
        request, queries.entries(), actions=[check], waiting=queries.waiting(), checkpoint=queries.last_checkpoint()
    )


@requires("ledger.view")
@require_safe
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """One entry, as the ledger holds it."""
    shown = queries.entry(index)
    found = shown.entry
    facts = [
        Fact(_("Time"), shown.time, "when"),
        Fact(_("Actor"), queries.people().get(found.actor, found.actor), "person", found.actor),
        Fact(_("Object"), f"{found.object.type} {found.object.id}"),
    ]
    tree = [Fact(_("Size"), shown.size, "number"), Fact(_("Root"), shown.root, "id")]
    record = Record(
        title=f"{index:,} · {found.action}", kind=_("Ledger entry"),
        crumbs=[Crumb(_("Ledger"), reverse("audit:entries")), Crumb(f"{index:,}")],
        sides=[Facts(_("Entry"), facts), Facts(_("Tree"), tree)],
    )  # fmt: skip
    data = [(name, value) for name, value in found.data.items() if name != services.KEY]
    return respond_record(request, "audit/entry.html", record, shown=shown, entry=found, data=data)


@requires("ledger.verify")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Check the whole ledger now and say what was found."""
    with queries.reading() as ledger:
        size = len(ledger)
    if size > MOST_AT_ONCE:
        raise ConflictError(
            _("The ledger has %(size)s entries; run `seawall ledger verify` on the host for one so long.")
            % {"size": f"{size:,}"}
        )
    report = services.verify(person(request))
    context = {"title": _("Verification"), "report": report,
               "crumbs": [Crumb(_("Ledger"), reverse("audit:entries")), Crumb(_("Verification"))]}  # fmt: skip
    return render(request, "audit/verified.html", context)
