"""Pages: the ledger's entries, one entry with its proof, the check."""

from __future__ import annotations

import json
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
from seawall.apps.audit.words import action_word, actor_title, field_title, object_title
from seawall.apps.errors import ConflictError
from seawall.console import links
from seawall.console.filters import Choice, Exact, Search, Times
from seawall.console.pages import Action, Crumb, Empty, Fact, Facts, ListPage, Record, respond_record
from seawall.console.tables import Column, Table
from seawall.console.words import Word, words

CHANGED = "changed"  # the member that holds fields with their values before and after
MOST_AT_ONCE = 50_000  # entries that a page may check while somebody waits


def _actions() -> dict[str, Word]:
    return words(*(action_word(action) for action in queries.actions()))


def _objects() -> dict[str, Word]:
    return words(*(Word(kind, object_title(kind)) for kind in queries.object_types()))


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
                Column("action", gettext_lazy("Action"), "chip", value=lambda row: action_word(row.action)),
                Column("object_type", gettext_lazy("Kind of object"), value=lambda row: object_title(row.object_type)),
                Column("object_id", gettext_lazy("Object"), "id"),
                Column("actor", gettext_lazy("Actor"), "person", value=lambda row: str(actor_title(row.actor, people))),
                Column("id", gettext_lazy("Number"), "number", sort="id", shown=False),
            ),
            sort="-id",
            url=_url,
        ),
        filters=(
            Search(fields=("object_id",), hint=gettext_lazy("Id of an object")),
            Choice("action", gettext_lazy("Action"), "action", load=_actions),
            Times("time", gettext_lazy("Time"), "created_at"),
            Choice("object", gettext_lazy("Kind of object"), "object_type", load=_objects),
            Exact("actor", gettext_lazy("Actor"), "actor", show=lambda actor: actor_title(actor, people)),
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
    action = action_word(found.action)
    facts = [
        Fact(_("Time"), shown.time, "when"),
        Fact(_("Action"), (action.title, found.action), "coded"),
        Fact(_("Actor"), str(actor_title(found.actor, queries.people())), "person"),
        Fact(_("Kind of object"), (object_title(found.object.type), found.object.type), "coded"),
        Fact(_("Object"), found.object.id, "id"),
    ]
    tree = [Fact(_("Size"), shown.size, "number"), Fact(_("Root"), shown.root, "id")]
    about = links.url_of(found.object.type, found.object.id)
    record = Record(
        title=action.title, id=f"{index:,}", kind=_("Ledger entry"),
        actions=[Action(_("Open the object"), about, "external")] if about else [],
        crumbs=[Crumb(_("Ledger"), reverse("audit:entries")), Crumb(f"{index:,}")],
        sides=[Facts(_("Entry"), facts), Facts(_("Tree"), tree)],
    )  # fmt: skip
    data = [(name, value) for name, value in found.data.items() if name not in (services.KEY, CHANGED)]
    told = {
        "data": [(field_title(name), _exactly(value)) for name, value in data],
        "changed": [(field_title(name), *map(_exactly, pair)) for name, pair in found.data.get(CHANGED, {}).items()],
        "commitments": [(field_title(name), value) for name, value in found.commitments.items()],
    }
    return respond_record(request, "audit/entry.html", record, shown=shown, **told)


def _exactly(value: object) -> str:
    """A recorded value as it stands in the ledger: words would be another value."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
