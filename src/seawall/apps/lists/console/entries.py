"""Pages: one entry with its hits, adding one, another end, removal."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.lists import queries
from seawall.apps.lists.console.shared import VIEW, crumbs, show
from seawall.apps.lists.declared import definition, definitions, display, title
from seawall.apps.lists.forms import AddForm, EndForm, WhyForm
from seawall.apps.lists.models import Change, Entry
from seawall.apps.lists.services import entries as services
from seawall.apps.lists.services.entries import EDIT
from seawall.apps.lists.states import (
    ACTION,
    ACTIONS,
    ACTIVE,
    ADD,
    CASE,
    CHANGE_STATES,
    DRAFT,
    IMPORT,
    REMOVE,
    SOURCES,
    STATES,
    WAITING,
)
from seawall.console.pages import Action, Fact, Facts, Moment, Record, dialog, go, respond_record
from seawall.console.words import OUTCOMES, word


@requires(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, name: str) -> HttpResponse:
    """The form for a new entry, into a dialog."""
    found = definition(name)
    form = AddForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            entry = services.add(person(request), form.wanted(), given["reason"], draft=given["draft"])
        except InvalidError as error:
            show(form, error)
        except ConflictError as error:
            form.add_error("key", str(error))
        else:
            return go(request, reverse("lists:entry", args=[entry.pk]), _said(entry))
    status = 422 if request.method == "POST" else 200
    two = services.needs_two(found, ADD)
    says = _("A second person must agree before it works.") if two else _("It works on the next decision.")
    heading = _("Add to the list %(list)s") % {"list": title(name)}
    button = _("Ask for approval") if two else _("Add")
    return dialog(request, heading, form, request.path, button=button, text=says, status=status)


def _said(entry: Entry) -> str:
    if entry.state == DRAFT:
        return _("Kept as a draft")
    return _("Sent for four-eyes review") if entry.state == WAITING else _("Sent to the engine")


@requires(VIEW)
@require_safe
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry."""
    one, me = queries.entry(entry_id), person(request)
    how = queries.met(one.list, one.pk)
    outcomes = [(word(OUTCOMES, key), count) for key, count in sorted(how.outcomes.items())]
    return respond_record(
        request, "lists/entry.html", _record(one), entry=one, met=how, outcomes=outcomes,
        hits=queries.hits_of(me, one) if me.has_perm("decisions.view") else [], stale=queries.is_stale(one),
    )  # fmt: skip


@requires(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Another end."""
    one = queries.entry(entry_id)
    form = EndForm(definition(one.list), request.POST or None, initial={"valid_until": one.ends})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            change = services.change_end(person(request), entry_id, given["valid_until"], given["reason"])
        except InvalidError as error:
            show(form, error)
        else:
            return _gone(request, change)
    status = 422 if request.method == "POST" else 200
    says = _("What lowers protection needs a second person.")
    return dialog(request, _("Change the end"), form, request.path, text=says, status=status)


@requires(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Take it off the list."""
    one = queries.entry(entry_id)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _gone(request, services.remove(person(request), entry_id, form.cleaned_data["reason"]))
    status = 422 if request.method == "POST" else 200
    two = services.needs_two(definition(one.list), REMOVE)
    how = queries.met(one.list, one.pk)
    says = _("It was met %(month)d times in 30 days.") % {"month": how.month}
    says += " " + (_("A second person must agree.") if two else _("It is removed at once."))
    button = _("Ask for approval") if two else _("Remove")
    return dialog(request, _("Remove the entry"), form, request.path, button=button, text=says, danger=True,
                  status=status)  # fmt: skip


@requires(EDIT)
@require_POST
def submit(request: HttpRequest, entry_id: int) -> HttpResponse:
    """A draft goes its way."""
    one = services.submit(person(request), entry_id)
    return go(request, reverse("lists:entry", args=[entry_id]), _said(one))


@requires(EDIT)
@require_POST
def discard(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Throw a draft away."""
    one = services.discard(person(request), entry_id)
    return go(request, reverse("lists:list", args=[one.list]), _("The draft was discarded"))


def _gone(request: HttpRequest, change: Change) -> HttpResponse:
    says = _("Sent for four-eyes review") if change.state == WAITING else _("Sent to the engine")
    return go(request, reverse("lists:entry", args=[change.entry_id]), says)


def _record(one: Entry) -> Record:
    facts = [
        Fact(_("Value"), (one.kind, one.key) if one.key and one.kind else display(one),
             "entity" if one.key and one.kind else "text"),
        Fact(_("Reason"), one.reason),
        Fact(_("Source"), word(SOURCES, one.source), "chip"),
        Fact(_("Case number"), one.source_ref if one.source == CASE else None),
        Fact(_("Valid from"), one.begins, "when"),
        Fact(_("Valid until"), one.ends, "when"),
        Fact(_("Author"), str(one.author) if one.author else one.owner or None),
        Fact(_("Checker"), one.approved_by or None),
        Fact(_("Entry"), one.entry_id, "id"),
        Fact(_("Record"), one.sequence, "number"),
    ]  # fmt: skip
    if one.problem:
        facts.append(Fact(_("Problem"), one.problem))
    return Record(
        title=display(one), kind=title(one.list), status=word(STATES, one.state), actions=_actions(one),
        sides=[Facts(_("Facts"), facts)], timeline=_moments(one), crumbs=crumbs(one.list),
    )  # fmt: skip


def _actions(one: Entry) -> list[Action]:
    def at(view: str) -> str:
        return reverse(f"lists:{view}", args=[one.pk])

    found: list[Action] = []
    if one.list not in definitions():
        return found
    if one.state == DRAFT:
        found.append(Action(_("Submit"), at("submit"), "send", post=True, permission=EDIT))
        found.append(Action(_("Discard"), at("discard"), "trash", post=True, confirm=_("The draft is thrown away."),
                            permission=EDIT))  # fmt: skip
    if one.state == ACTIVE and one.key:
        found.append(Action(_("Change the end"), at("end"), "edit", dialog=True, permission=EDIT, key="e"))
        found.append(Action(_("Remove"), at("remove"), "trash", dialog=True, danger=True, permission=EDIT))
    if one.source == IMPORT and one.batch_id:
        found.append(Action(_("The import"), reverse("lists:import", args=[one.batch_id]), "upload"))
    if one.source == ACTION:
        found.append(Action(_("The action"), reverse("response:action", args=[one.source_ref]), "bolt",
                            permission="actions.view"))  # fmt: skip
    return found


def _moments(one: Entry) -> list[Moment]:
    """What people asked for, and what the journal has of it."""
    found: list[tuple[Any, Moment]] = []
    for change in queries.changes_of(one):
        state = CHANGE_STATES[change.state]
        by = " / ".join(str(person) for person in (change.maker, change.checker) if person)
        url = reverse("approvals:request", args=[change.request_id]) if change.request_id else ""
        text = " · ".join(part for part in (change.reason, change.problem) if part)
        words = f"{ACTIONS[change.action].title} · {state.title}"
        at = change.created_at
        found.append((at, Moment(at, words, text, by, state.icon, state.tone, url=url)))
    for row in queries.records_of(one):
        words = _("Removed in the journal") if row.removed else _("In the journal")
        text = _("record %(number)s") % {"number": f"{row.sequence:,}"}
        found.append((one.created_at, Moment(row.valid_from, words, text, row.owner, "chain")))
    return [moment for _at, moment in sorted(found, key=lambda pair: pair[0], reverse=True)]
