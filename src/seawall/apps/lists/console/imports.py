"""Pages: importing a file in two steps, an import with its counts, its report as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.errors import InvalidError
from seawall.apps.jobs.models import Run, said
from seawall.apps.lists import queries
from seawall.apps.lists.console.shared import VIEW, crumbs, show
from seawall.apps.lists.declared import definition, title
from seawall.apps.lists.forms import ConfirmForm, ImportForm
from seawall.apps.lists.models import Import
from seawall.apps.lists.services import imports, spool
from seawall.apps.lists.services.entries import EDIT, needs_two
from seawall.apps.lists.services.sorting import BAD, DUPLICATE, PRESENT
from seawall.apps.lists.states import ADD, CANCELLED, CHECKED, FAILED, IMPORT_STATES, NEW, REFUSED, RUNNING
from seawall.console.filters import Choice
from seawall.console.pages import Action, Empty, Fact, Facts, ListPage, Record, dialog, go, respond_record
from seawall.console.tables import Column, Table, csv_lines
from seawall.console.words import Word, word, words

MOST_SHOWN = 20
VERDICTS = words(
    Word(DUPLICATE, gettext_lazy("Duplicate"), "copy"),
    Word(PRESENT, gettext_lazy("Already there"), "check"),
    Word(BAD, gettext_lazy("Bad line"), "alert", "bad"),
    Word(REFUSED, gettext_lazy("Refused"), "x-circle", "bad"),
)
IMPORTS = ListPage(
    name="list-imports",
    title=gettext_lazy("Imports into lists"),
    purpose=gettext_lazy("Files of entries: checked first, then put on a list."),
    table=Table(
        columns=(
            Column("name", gettext_lazy("File"), primary=True),
            Column("list", gettext_lazy("List"), value=lambda row: title(row.list)),
            Column("state", gettext_lazy("State"), "chip", value=lambda row: word(IMPORT_STATES, row.state)),
            Column("lines", gettext_lazy("Lines"), "number"),
            Column("fresh", gettext_lazy("New entries"), "number"),
            Column("bad", gettext_lazy("Bad lines"), "number"),
            Column("added", gettext_lazy("Added"), "number"),
            Column("author", gettext_lazy("Author"), value=lambda row: str(row.author)),
            Column("created", gettext_lazy("Created"), "when", value="created_at", sort="created_at"),
        ),
        sort="-created_at",
        url=lambda row: reverse("lists:import", args=[row.pk]),
    ),
    filters=(Choice("state", gettext_lazy("State"), "state", IMPORT_STATES),),
    empty=Empty(gettext_lazy("Nothing was imported yet"), gettext_lazy("Open a list and import a file.")),
    exportable=False,
)
_REPORT = (
    Column("line", gettext_lazy("Line"), "number", value=lambda row: row[0]),
    Column("verdict", gettext_lazy("Verdict"), "chip", value=lambda row: str(word(VERDICTS, row[1]).title)),
    Column("value", gettext_lazy("Value"), value=lambda row: row[2]),
    Column("why", gettext_lazy("Why"), value=lambda row: why(row)),
)


def why(row: list[Any]) -> str:
    """A line of the report in the reader's language."""
    return said(row[3], row[4])


@requires(VIEW)
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every import."""
    return IMPORTS.respond(request, queries.imports(), crumbs=crumbs())


@requires(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, name: str) -> HttpResponse:
    """The first step: the file."""
    found = definition(name)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given, file = form.cleaned_data, form.cleaned_data["file"]
        try:
            made = imports.upload(person(request), name, file.name or "", file.chunks(), given["reason"],
                                  given["valid_until"])  # fmt: skip
        except InvalidError as error:
            show(form, error)
        else:
            return go(request, reverse("lists:import", args=[made.pk]))
    context = {
        "title": _("Import into the list %(list)s") % {"list": title(name)}, "form": form, "crumbs": crumbs(name),
        "two": needs_two(found, ADD),
    }  # fmt: skip
    return render(request, "lists/upload.html", context, status=422 if request.method == "POST" else 200)


@requires(VIEW)
@require_safe
def one_import(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """What the check found, or how far it is."""
    made = queries.one_import(import_id)
    run = Run.objects.filter(pk=made.run).first()
    rows = [(row[0], word(VERDICTS, row[1]), row[2], why(row)) for row in _first(made)]
    return respond_record(
        request, "lists/import.html", _record(made), made=made, run=run, rows=rows,
        more=(made.duplicates + made.present + made.bad + made.refused) > len(rows),
        moving=made.state in (NEW, RUNNING),
    )  # fmt: skip


def _first(made: Import) -> list[list[Any]]:
    return [row for _number, row in zip(range(MOST_SHOWN), spool.report(made.pk), strict=False)]


@requires(VIEW)
@require_safe
def report(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """Every line that was not added, as a file."""
    made = queries.one_import(import_id)
    lines: Iterator[str] = csv_lines(_REPORT, spool.report(made.pk))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{made.pk}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@requires(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """The second step: what was checked goes onto the list."""
    made = queries.one_import(import_id)
    if request.method == "POST":
        done = imports.confirm(person(request), import_id)
        says = _("Sent for four-eyes review") if done.request_id else _("The import has begun")
        return go(request, reverse("lists:import", args=[import_id]), says)
    two = needs_two(definition(made.list), ADD)
    says = _("%(count)s entries go onto the list %(list)s.") % {"count": f"{made.fresh:,}", "list": title(made.list)}
    return dialog(request, _("Put on the list"), ConfirmForm(), request.path, text=says,
                  button=_("Ask for approval") if two else _("Put on the list"))  # fmt: skip


@requires(EDIT)
@require_POST
def again(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Go on where it stopped."""
    imports.again(person(request), import_id)
    return go(request, reverse("lists:import", args=[import_id]), _("The import has begun"))


@requires(EDIT)
@require_POST
def cancel(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Stop the check or the import at its next step; what was added stays."""
    imports.cancel(person(request), import_id)
    return go(request, reverse("lists:import", args=[import_id]), _("It stops at its next step"))


@requires(EDIT)
@require_POST
def discard(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Leave it."""
    imports.discard(person(request), import_id)
    return go(request, reverse("lists:import", args=[import_id]), _("The file was discarded"))


def _record(made: Import) -> Record:
    facts = [
        Fact(_("List"), title(made.list)),
        Fact(_("Lines"), made.lines, "number"),
        Fact(_("New entries"), made.fresh, "number"),
        Fact(_("Duplicates"), made.duplicates, "number"),
        Fact(_("Already there"), made.present, "number"),
        Fact(_("Bad lines"), made.bad, "number"),
        Fact(_("Added"), made.added, "number"),
        Fact(_("Refused"), made.refused, "number"),
        Fact(_("Reason"), made.reason),
        Fact(_("Valid until"), made.valid_until, "when"),
        Fact(_("Author"), str(made.author)),
        Fact(_("Checker"), str(made.checker) if made.checker else None),
        Fact(_("Created"), made.created_at, "when"),
        Fact(_("Ended"), made.ended_at, "when"),
    ]
    return Record(
        title=made.name, kind=_("Import"), status=word(IMPORT_STATES, made.state), actions=_actions(made),
        sides=[Facts(_("Facts"), facts)], crumbs=[*crumbs(made.list)],
    )  # fmt: skip


def _actions(made: Import) -> list[Action]:
    def at(view: str) -> str:
        return reverse(f"lists:{view}", args=[made.pk])

    found = []
    if made.state == CHECKED and made.fresh:
        found.append(Action(_("Put on the list"), at("import_confirm"), "check", dialog=True, permission=EDIT))
    if made.state in (NEW, RUNNING):
        says = _("It stops at its next step; what was added stays, and it can go on later.")
        found.append(Action(_("Cancel the import"), at("import_cancel"), "pause", post=True, confirm=says,
                            permission=EDIT))  # fmt: skip
    if made.state == FAILED or (made.state == CANCELLED and made.added + made.refused):
        found.append(Action(_("Go on"), at("import_again"), "play", post=True, permission=EDIT))
    if made.state in (CHECKED, FAILED):
        says = _("The lines of the file are removed; what was added stays.")
        found.append(Action(_("Discard"), at("import_discard"), "trash", post=True, confirm=says, permission=EDIT))
    if made.duplicates + made.present + made.bad + made.refused:
        found.append(Action(_("Report as a file"), at("import_report"), "download"))
    if made.request_id:
        found.append(Action(_("The approval"), reverse("approvals:request", args=[made.request_id]), "approve",
                            permission="approvals.view"))  # fmt: skip
    return found
