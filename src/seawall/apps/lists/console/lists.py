"""Pages: every list with how it is met, one list with its entries, looking a value up, files of entries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.decisions.words import PURPOSES
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.lists import filters, queries
from seawall.apps.lists.console.shared import VIEW, crumbs, show
from seawall.apps.lists.declared import definitions, display, masked, title
from seawall.apps.lists.forms import ExportForm, FindForm
from seawall.apps.lists.models import Entry
from seawall.apps.lists.services import entries as services
from seawall.apps.lists.services import export
from seawall.apps.lists.states import KINDS, SOURCES, STATES
from seawall.console import tables
from seawall.console.filters import Choice, Exact, Search
from seawall.console.pages import Action, Empty, ListPage, View, dialog, go
from seawall.console.tables import Column, Table
from seawall.console.words import ENTITIES, Word, word, words

INDEX = ListPage(
    name="lists",
    title=gettext_lazy("Lists"),
    purpose=gettext_lazy("Allow, deny and watch lists of the active policy, and how often they are met."),
    table=Table(
        columns=(
            Column("title", gettext_lazy("List"), value=lambda row: title(row.name), primary=True),
            Column("kind", gettext_lazy("Kind"), "chip", value=lambda row: word(KINDS, row.definition.kind)),
            Column("of", gettext_lazy("Entity"), "chip", value=lambda row: word(ENTITIES, row.kind)),
            Column("active", gettext_lazy("Active entries"), "number"),
            Column("waiting", gettext_lazy("Waiting"), "number", value=lambda row: row.states.get("waiting", 0)),
            Column("day", gettext_lazy("Hits in 24 hours"), "number", value=lambda row: row.met.day),
            Column("month", gettext_lazy("Hits in 30 days"), "number", value=lambda row: row.met.month),
            Column("two", gettext_lazy("Four-eyes to add"), "flag",
                   value=lambda row: services.needs_two(row.definition, "add")),
            Column("name", gettext_lazy("Name"), shown=False),
        ),
        sort="",
        key=lambda row: row.name,
        url=lambda row: reverse("lists:list", args=[row.name]),
    ),
    actions=(Action(gettext_lazy("Imports"), "/lists/imports/", "upload"),),
    empty=Empty(
        gettext_lazy("The active policy declares no lists"), gettext_lazy("Lists stand in lists.yaml of its pack.")
    ),
    exportable=False,
)  # fmt: skip


def _value(row: Entry) -> str:
    return display(row)


_COLUMNS = (
    Column("key", gettext_lazy("Value"), value=_value, primary=True),
    Column("state", gettext_lazy("State"), "chip", value=lambda row: word(STATES, row.state)),
    Column("reason", gettext_lazy("Reason")),
    Column("source", gettext_lazy("Source"), "chip", value=lambda row: word(SOURCES, row.source)),
    Column("begins", gettext_lazy("Valid from"), "when"),
    Column("ends", gettext_lazy("Valid until"), "when", sort="valid_until"),
    Column("hits", gettext_lazy("Hits"), "number"),
    Column("met", gettext_lazy("Last hit"), "when", value=lambda row: row.last_hit_at or None, sort="last_hit_at"),
    Column("quiet", gettext_lazy("Not met since"), "when", value="quiet_since", sort="quiet_since", shown=False),
    Column("owner", gettext_lazy("Author"), value=lambda row: str(row.author) if row.author else row.owner),
    Column("created", gettext_lazy("Created"), "when", value="created_at", sort="id", shown=False),
    Column("approved", gettext_lazy("Checker"), value="approved_by", shown=False),
    Column("entry_id", gettext_lazy("Entry"), "id", shown=False),
    Column("sequence", gettext_lazy("Record"), "number", shown=False),
)
ENTRIES = ListPage(
    name="list-entries",
    title=gettext_lazy("Entries of lists"),
    purpose=gettext_lazy("What stands on the lists, who put it there and why."),
    table=Table(columns=_COLUMNS, sort="-id", url=lambda row: reverse("lists:entry", args=[row.pk])),
    views=(
        View("active", gettext_lazy("Active"), "state=active"),
        View("waiting", gettext_lazy("Waits for approval"), "state=waiting"),
        View("soon", gettext_lazy("Ends within 7 days"), "soon=1"),
        View("stale", gettext_lazy("Not met in 90 days"), "stale=1"),
        View("all", gettext_lazy("All")),
    ),
    empty=Empty(gettext_lazy("The list is empty"), gettext_lazy("Add an entry, or import a file.")),
    template="lists/list.html",
)
_MARKS = (
    filters.Mark("soon", gettext_lazy("Ends within 7 days"), filters.ends_soon),
    filters.Mark("stale", gettext_lazy("Not met in 90 days"), filters.stale),
)


# A mark's rows come in the order of what it asks about, by an index: looked for in the order of their making, a few
# among a million would be far apart.
_SORTS = {"stale": "quiet_since", "soon": "valid_until"}


def _page(found: queries.Listed | None, whole: bool, export: bool, marks: Collection[str] = ()) -> ListPage:
    """The declaration for one list (or all), on the screen or as a file; sorted to suit the marks asked for."""
    name = found.name if found else ""
    facets: list[Any] = [
        filters.OneOf("state", gettext_lazy("State"), "state", STATES, list=name),
        filters.OneOf("source", gettext_lazy("Source"), "source", SOURCES, list=name, ordered=False),
        Exact("value", gettext_lazy("Value"), "key"),
        Exact("import", gettext_lazy("Import"), "batch"),
        *_MARKS,
    ]
    if found is None:
        lists = partial(_list_words)
        facets.insert(0, Choice("list", gettext_lazy("List"), "list", load=lists))
    elif not found.sensitive:  # a sensitive value travels in no address: it is looked up by a form
        facets.append(Search(fields=("key",), indexed=True, hint=gettext_lazy("How the value begins")))
    columns: tuple[Column, ...] = _COLUMNS
    if found is None:
        columns = (Column("list", gettext_lazy("List"), value=lambda row: title(row.list), primary=True), *columns)
    if export:
        key = Column("key", gettext_lazy("Value"), value="key" if whole else masked, primary=True)
        columns = tuple(key if one.key == "key" else one for one in columns)
    sort = next((_SORTS[one] for one in _SORTS if one in marks), ENTRIES.table.sort)
    table = replace(ENTRIES.table, columns=columns, sort=sort)
    counts = sort == ENTRIES.table.sort  # no index has a mark and a facet
    if found is None:
        return replace(ENTRIES, table=table, filters=facets, exportable=False, counts=False)
    purpose = _("%(kind)s of %(entity)s") % {
        "kind": word(KINDS, found.definition.kind).title, "entity": word(ENTITIES, found.kind).title
    }  # fmt: skip
    return replace(ENTRIES, name=name, title=title(name), purpose=purpose, table=table, filters=facets, counts=counts)


def _list_words() -> dict[str, Word]:
    return words(*(Word(name, title(name)) for name in definitions()))


@requires(VIEW)
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every list."""
    return INDEX.respond(request, queries.lists())


@requires(VIEW)
@require_safe
def entries(request: HttpRequest) -> HttpResponseBase:
    """Entries of all lists: one's own that end soon, among others."""
    rows = queries.entries().select_related("author")
    if request.GET.get("soon") == "1":
        rows = rows.filter(author=person(request))
    return _page(None, whole=False, export=False, marks=request.GET).respond(request, rows, crumbs=crumbs(), actions=())


@requires(VIEW)
@require_safe
def one_list(request: HttpRequest, name: str) -> HttpResponseBase:
    """One list: its entries, masked in a file unless there is leave for whole values."""
    me, found = person(request), queries.one_list(name)
    form, leave = request.GET.get("export", ""), request.GET.get("leave", "")
    if form in tables.FORMATS and leave:
        export.check_leave(me, name, form, leave)
    page = _page(found, whole=bool(leave), export=form in tables.FORMATS, marks=request.GET)
    rows = queries.entries(name).select_related("author")
    return page.respond(
        request, rows, crumbs=crumbs(), actions=_actions(found), listed=found,
        exported=None if leave else lambda chosen: export.record_export(me, name, chosen),
        outcomes=sorted(found.met.outcomes.items()),
    )  # fmt: skip


def _actions(found: queries.Listed) -> list[Action]:
    def at(view: str) -> str:
        return reverse(f"lists:{view}", args=[found.name])

    return [
        Action(_("Add an entry"), at("add"), "plus", dialog=True, permission=services.EDIT, key="a"),
        Action(_("Look up"), at("find"), "search", dialog=True, key="f"),
        Action(_("Import a file"), at("upload"), "upload", permission=services.EDIT),
        Action(_("Export whole values"), at("whole"), "download", dialog=True, permission=export.REVEAL),
    ]


@requires(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest, name: str) -> HttpResponse:
    """Look a value up; it travels in no address."""
    found = queries.one_list(name)
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            entry = export.find_entry(person(request), name, form.cleaned_data["key"])
        except (UnknownError, InvalidError, ConflictError) as error:
            form.add_error("key", str(error))
        else:
            return go(request, reverse("lists:entry", args=[entry.pk]))
    status = 422 if request.method == "POST" else 200
    says = _("Look up on the list %(list)s") % {"list": title(found.name)}
    return dialog(request, says, form, request.path, button=_("Look up"), status=status)


@requires(export.REVEAL)
@require_http_methods(["GET", "HEAD", "POST"])
def whole(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a file of whole values, for a purpose."""
    queries.one_list(name)
    form = ExportForm(request.POST or None, purposes=[(one.key, str(one.title)) for one in PURPOSES.values()])
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            leave = export.allow_whole(person(request), name, given["format"], given["purpose"], given["reason"])
        except InvalidError as error:
            show(form, error)
        else:
            asked = urlencode({"export": given["format"], "leave": leave})
            return go(request, f"{reverse('lists:list', args=[name])}?{asked}")
    status = 422 if request.method == "POST" else 200
    says = _("Values come whole, sensitive ones as their stand-ins. Who took them, and why, is kept in the ledger.")
    return dialog(request, _("Export whole values"), form, request.path, button=_("Export"), text=says, status=status)
