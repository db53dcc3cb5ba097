"""Pages: what is declared and in force, one limit or switch with its entries and changes, every entry."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from seawall.apps.accounts.permissions import person, requires
from seawall.apps.errors import InvalidError
from seawall.apps.limits import queries
from seawall.apps.limits.declared import definitions, entity_kind, is_switch, shown, title
from seawall.apps.limits.forms import SetForm, WhyForm
from seawall.apps.limits.models import SCOPES, Change, Entry
from seawall.apps.limits.services import changes
from seawall.console.filters import Choice, Search
from seawall.console.pages import (
    Action,
    Crumb,
    Empty,
    Fact,
    Facts,
    ListPage,
    Moment,
    Record,
    View,
    dialog,
    go,
    respond_record,
)
from seawall.console.tables import Column, Table
from seawall.console.words import ENTITIES, Word, word, words

VIEW = "limits.view"
SCOPE_WORDS = words(*(Word(key, text) for key, text in SCOPES))
TYPE_WORDS = words(
    Word("money", pgettext_lazy("kind of limit", "Amount"), "scale"),
    Word("integer", pgettext_lazy("kind of limit", "Count"), "sliders"),
    Word("number", pgettext_lazy("kind of limit", "Number"), "sliders"),
    Word("switch", pgettext_lazy("kind of limit", "Switch"), "bolt"),
)
ON, OFF = Word("on", gettext_lazy("On"), "flame", "bad"), Word("off", gettext_lazy("Off"), "circle", "neutral")
CURRENT = words(
    Word("1", pgettext_lazy("entry of a limit", "Current"), "check-circle", "good"),
    Word("0", pgettext_lazy("entry of a limit", "Replaced or removed"), "x", "neutral"),
)
_STATES = Change.State
STATES = words(
    Word(_STATES.WAITING, _STATES.WAITING.label, "clock", "notice"),
    Word(_STATES.SENDING, _STATES.SENDING.label, "send", "info"),
    Word(_STATES.DONE, _STATES.DONE.label, "check-circle", "good"),
    Word(_STATES.REFUSED, _STATES.REFUSED.label, "x-circle", "bad"),
    Word(_STATES.DROPPED, _STATES.DROPPED.label, "x", "neutral"),
)


def _state(row: queries.Shown) -> Word | None:
    return (ON if row.value else OFF) if row.is_switch else None


def _value(row: queries.Shown) -> str:
    return shown(row.definition.type, row.value)


def _for(row: Entry) -> tuple[str, str] | None:
    return (row.kind, row.key) if row.kind else None


INDEX = ListPage(
    name="limits",
    title=gettext_lazy("Limits"),
    purpose=gettext_lazy("Limits and switches of the active policy, and what is in force for everyone else."),
    table=Table(
        columns=(
            Column("title", gettext_lazy("Limit"), value=lambda row: title(row.name), primary=True),
            Column("type", gettext_lazy("Kind"), "chip", value=lambda row: word(TYPE_WORDS, row.definition.type)),
            Column("state", gettext_lazy("State"), "chip", value=_state),
            Column("value", gettext_lazy("In force"), value=_value),
            Column("default", gettext_lazy("Default"), value=lambda r: shown(r.definition.type, r.definition.default)),
            Column("entries", gettext_lazy("Entries"), "number"),
            Column("name", gettext_lazy("Name"), shown=False),
        ),
        sort="",
        key=lambda row: row.name,
        url=lambda row: reverse("limits:setting", args=[row.name]),
    ),
    actions=(Action(gettext_lazy("All entries"), "/limits/entries/?current=1", "list"),),
    empty=Empty(
        gettext_lazy("The active policy declares no limits"),
        gettext_lazy("Limits and switches stand in limits.yaml and switches.yaml of its pack."),
    ),
    exportable=False,
)

ENTRIES = ListPage(
    name="limit-entries",
    title=gettext_lazy("Entries of limits"),
    purpose=gettext_lazy("What was set for whom, as the journal has it."),
    table=Table(
        columns=(
            Column("setting", gettext_lazy("Limit"), value=lambda row: title(row.setting), primary=True),
            Column("scope", gettext_lazy("Scope"), "chip", value=lambda row: word(SCOPE_WORDS, row.scope)),
            Column("entity", gettext_lazy("Entity"), "entity", value=_for),
            Column("key", gettext_lazy("Segment"), value=lambda row: None if row.kind else row.key or None),
            Column("value", gettext_lazy("Value"), value=lambda row: shown(row.type, row.value)),
            Column("begins", gettext_lazy("Valid from"), "when"),
            Column("ends", gettext_lazy("Valid until"), "when"),
            Column("reason", gettext_lazy("Reason")),
            Column("current", gettext_lazy("State"), "chip", value=lambda row: CURRENT["1" if row.current else "0"]),
            Column("sequence", gettext_lazy("Record"), "number", sort="sequence"),
            Column("source", gettext_lazy("Source"), shown=False),
        ),
        sort="-sequence",
        url=lambda row: reverse("limits:setting", args=[row.setting]),
    ),
    filters=(
        Search(fields=("key", "entry_id"), indexed=True),
        Choice("setting", gettext_lazy("Limit"), "setting",
               load=lambda: words(*(Word(name, title(name)) for name in definitions()))),
        Choice("scope", gettext_lazy("Scope"), "scope", SCOPE_WORDS),
        Choice("current", gettext_lazy("State"), "current", CURRENT),
    ),
    views=(View("current", gettext_lazy("Current"), "current=1"), View("all", gettext_lazy("All"))),
    empty=Empty(gettext_lazy("Nothing was set yet"), gettext_lazy("The defaults of the policy hold for everyone.")),
)  # fmt: skip


@requires(VIEW)
@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Limits and switches."""
    return INDEX.respond(request, queries.settings())


@requires(VIEW)
@require_safe
def entries(request: HttpRequest) -> HttpResponseBase:
    """Every entry."""
    return ENTRIES.respond(request, queries.entries(), crumbs=[Crumb(_("Limits"), reverse("limits:index"))])


@requires(VIEW)
@require_safe
def setting(request: HttpRequest, name: str) -> HttpResponse:
    """One limit or switch."""
    found = queries.setting(name)
    rows = [_row(one) for one in queries.current_entries(name)]
    return respond_record(
        request, "limits/setting.html", _record(found), rows=rows, shown=found, more_entries=found.entries > len(rows),
        may_edit=request.user.has_perm(changes.EDIT),
    )  # fmt: skip


@requires(changes.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def set_value(request: HttpRequest, name: str) -> HttpResponse:
    """The form for a new value, into a dialog; it asks for approval."""
    found = queries.setting(name)
    form = SetForm(found.definition, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            changes.propose(person(request), form.wanted(), form.cleaned_data["reason"])
            return _gone(request, name, _("Sent for four-eyes review"))
        except InvalidError as error:
            _show(form, error)
    return dialog(request, _("Set a limit"), form, request.path, button=_("Ask for approval"),
                  status=422 if request.method == "POST" else 200)  # fmt: skip


@requires(changes.EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, sequence: int) -> HttpResponse:
    """Ask for an entry to be taken back."""
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        change = changes.propose_removal(person(request), sequence, form.cleaned_data["reason"])
        return _gone(request, change.setting, _("Sent for four-eyes review"))
    says, status = _("What held before it holds again."), 422 if request.method == "POST" else 200
    title_of = _("Remove the entry")
    return dialog(request, title_of, form, request.path, button=_("Ask for approval"), text=says, status=status)


@requires(changes.STOP)
@require_POST
def turn_on(request: HttpRequest, name: str) -> HttpResponse:
    """A kill switch, at once."""
    changes.turn_on(person(request), name, request.POST.get("reason", ""))
    return _gone(request, name, _("Turned on. Decisions follow it within a second."))


@requires(changes.EDIT)
@require_POST
def turn_off(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a switch to be turned off."""
    changes.propose(person(request), changes.Wanted(name, value=False), request.POST.get("reason", ""))
    return _gone(request, name, _("Sent for four-eyes review"))


def _gone(request: HttpRequest, name: str, message: str) -> HttpResponse:
    return go(request, reverse("limits:setting", args=[name]), message)


def _show(form: Any, error: InvalidError) -> None:
    for field, text in (error.fields or {"": str(error)}).items():
        form.add_error(field if field in form.fields else None, text)


def _record(found: queries.Shown) -> Record:
    declared, entry = found.definition, found.entry
    facts = [
        Fact(_("Kind"), word(TYPE_WORDS, declared.type), "chip"),
        Fact(_("In force"), shown(declared.type, found.value)),
        Fact(_("Default"), shown(declared.type, declared.default)),
        Fact(_("Name in rules"), found.name),
        Fact(_("Entity"), word(ENTITIES, entity_kind(declared.entity)).title if declared.entity else None),
        Fact(_("Segment"), declared.segment or None),
        Fact(_("Entries"), found.entries, "number"),
    ]
    if entry is not None:
        facts.append(Fact(_("Reason"), entry.reason))
        facts.append(Fact(_("Valid until"), entry.ends, "when"))
    status = (ON if found.value else OFF) if found.is_switch else None
    return Record(
        title=title(found.name), kind=word(TYPE_WORDS, declared.type).title, status=status,
        actions=_actions(found), sides=[Facts(_("Facts"), facts)],
        timeline=[_moment(one, declared.type) for one in queries.changes_of(found.name)],
        crumbs=[Crumb(_("Limits"), reverse("limits:index"))],
    )  # fmt: skip


def _actions(found: queries.Shown) -> list[Action]:
    def at(view: str) -> str:
        return reverse(f"limits:{view}", args=[found.name])

    if not is_switch(found.name):
        return [Action(_("Set a limit"), at("set"), "edit", dialog=True, permission=changes.EDIT, key="e")]
    if found.value:
        says = _("A second person must agree before it is off.")
        return [Action(_("Ask to turn off"), at("off"), "pause", post=True, reason=True, confirm=says,
                       permission=changes.EDIT)]  # fmt: skip
    says = _("It works on the next decision, without a second person. Turning it off needs one.")
    return [Action(_("Turn on now"), at("on"), "flame", post=True, reason=True, confirm=says, danger=True,
                   typed=found.name.partition(".")[2], permission=changes.STOP)]  # fmt: skip


def _moment(change: Change, kind: str) -> Moment:
    state = STATES[change.state]
    value = _("The entry is removed") if change.removed else shown(kind, change.value)
    parts = [value, change.key, change.reason, change.problem]
    by = " / ".join(str(one) for one in (change.maker, change.checker) if one)
    url = reverse("approvals:request", args=[change.request_id]) if change.request_id else ""
    return Moment(change.created_at, state.title, " · ".join(one for one in parts if one), by, state.icon, state.tone,
                  url=url)  # fmt: skip


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "entry": entry, "scope": word(SCOPE_WORDS, entry.scope), "value": shown(entry.type, entry.value),
        "holds": entry.holds(queries.now_ms()), "remove": reverse("limits:remove", args=[entry.pk]),
    }  # fmt: skip
