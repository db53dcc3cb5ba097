"""Commands on a draft: save a text or a form, copy a template, run checks, freeze, discard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import person, requires
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.policies import queries
from seawall.apps.policies.console.desk import Desk
from seawall.apps.policies.console.draft_forms import (
    Edit,
    EntryForm,
    LimitForm,
    ThresholdForm,
    new_row,
    table_edits,
)
from seawall.apps.policies.console.editor import NEW, form_for, panels
from seawall.apps.policies.console.feature_forms import ModelForm
from seawall.apps.policies.console.ways import complain
from seawall.apps.policies.editing.edits import KINDS
from seawall.apps.policies.services import drafts, gates
from seawall.console.forms import Renderer
from seawall.console.pages import changed_meanwhile, dialog, go, is_fragment

EDIT = "policies.edit"
Save = Callable[[User, int], str]  # (who, token) -> what the page shows afterwards


class FreezeForm(forms.Form):
    """What changed, for those who read the version later."""

    default_renderer = Renderer
    note = forms.CharField(
        label=gettext_lazy("What changed, and why"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


@requires(EDIT)
@require_POST
def text(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """A file's text, right or wrong."""
    file = request.POST.get("file", "")

    def save(me: User, token: int) -> str:
        drafts.save_text(me, draft_id, file, request.POST.get("text", ""), token)
        return f"text:{file}"

    return _saved(request, draft_id, f"text:{file}", save)


@requires(EDIT)
@require_POST
def form(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The form of `show`, or a command on its entry (`do`): its edits one after another."""
    show = request.POST.get("show", "")

    def save(me: User, token: int) -> str:
        done, after = _asked(request, show, Desk(queries.get_draft(draft_id)))
        for name, arguments in done:
            token = drafts.edit(me, draft_id, name, arguments, token).draft.revision
        return after

    return _saved(request, draft_id, show, save)


@requires(EDIT)
@require_POST
def template(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Copy a template with its parameters; the new rule is shown."""
    key = request.POST.get("template", "")
    values = {name.removeprefix("p_"): str(one) for name, one in request.POST.items() if name.startswith("p_")}

    def save(me: User, token: int) -> str:
        before = set(Desk(queries.get_draft(draft_id)).names("rule"))
        drafts.copy_template(me, draft_id, key, values, token)
        new = [one for one in Desk(queries.get_draft(draft_id)).names("rule") if one not in before]
        return f"rule:{new[0]}" if new else "thresholds"

    return _saved(request, draft_id, f"template:{key}", save)


@requires(EDIT)
@require_POST
def check(request: HttpRequest, draft_id: UUID, kind: str) -> HttpResponse:
    """Run the unit cases of the draft's content, or measure its cost."""
    gates.start(person(request), queries.get_draft(draft_id).digest, kind)
    return go(request, _page(draft_id, request.POST.get("show", "")), _("The check waits for the worker"))


@requires(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def freeze(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Make it the next version; the differences are read first."""
    draft = queries.get_draft(draft_id)
    asked = FreezeForm(request.POST or None)
    if request.method == "POST" and asked.is_valid():
        try:
            made = drafts.freeze(person(request), draft_id, draft.revision, asked.cleaned_data["note"])
        except InvalidError as error:
            complain(asked, error)
        else:
            return go(request, reverse("policies:version", args=[made.pk]), _("%(policy)s is there") % {"policy": made})
    told = queries.changes(draft.base.digest, draft.digest)
    words = _("It changes nothing yet.") if not told else " · ".join(one.sentence for one in told[:12])
    status = 422 if request.method == "POST" else 200
    url = reverse("policies:draft_freeze", args=[draft_id])
    return dialog(request, _("Freeze as a version"), asked, url, button=_("Freeze"), text=words, status=status)


@requires(EDIT)
@require_POST
def discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Throw it away."""
    drafts.discard(person(request), draft_id, _token(request.GET.get("token", "")))
    return go(request, reverse("policies:versions"), _("The draft was discarded"))


# --- how a save is answered -------------------------------------------------------------------------------------------


def _saved(request: HttpRequest, draft_id: UUID, show: str, save: Save) -> HttpResponse:
    """Save; answer a fragment with the panels that changed, or go to the page. A stale page is told what it missed."""
    try:
        after = save(person(request), _token(request.POST.get("token", "")))
    except drafts.StaleDraftError as stale:
        missed = [(one.file, _("not saved"), "; ".join(drafts.said(one))) for one in stale.saves[-8:]]
        by = str(stale.saves[-1].by) if stale.saves else _("Somebody")
        return changed_meanwhile(request, missed, by, _page(draft_id, show))
    except (InvalidError, ConflictError) as error:
        if not is_fragment(request):
            raise
        return _panels(request, draft_id, show, str(error))
    autosaved = is_fragment(request) and after == show and "do" not in request.POST
    return _panels(request, draft_id, show) if autosaved else go(request, _page(draft_id, after))


def _panels(request: HttpRequest, draft_id: UUID, show: str, refused: str = "") -> HttpResponse:
    context = {**panels(Desk(queries.get_draft(draft_id)), show), "refused": refused, "fragment": True}
    context["kind"], _colon, context["name"] = show.partition(":")
    return render(request, "policies/parts/saved.html", context, status=422 if refused else 200)


def _asked(request: HttpRequest, show: str, desk: Desk) -> tuple[Sequence[Edit], str]:
    """The edits that a POST asks for, and what is shown afterwards. InvalidError: a field that does not fit."""
    kind, _colon, name = show.partition(":")
    command, _colon, argument = request.POST.get("do", "").partition(":")
    if command:
        return _command(command, argument, show, desk, request.POST.dict())
    if kind == "table":
        table = desk.entry(kind, name)
        return (table_edits(table, request.POST.dict()) if table is not None else []), show
    filled = form_for(kind, name, desk, request.POST)
    if filled is None:
        raise InvalidError(_("There is no form for this; edit it as text."))
    if not filled.is_valid():
        field, texts = next(iter(filled.errors.items()))
        label = filled.fields[field].label if field in filled.fields else field
        raise InvalidError(f"{label}: {texts[0]}")
    if kind in NEW:
        show = f"{NEW[kind]}:{filled.cleaned_data[KINDS[NEW[kind]].name]}"
    return _edits(filled, kind, name, desk), show


def _edits(filled: forms.Form, kind: str, name: str, desk: Desk) -> list[Edit]:
    if isinstance(filled, ThresholdForm):
        return filled.edits(desk.data("policy.yaml"))
    if isinstance(filled, LimitForm):
        return filled.edits()
    assert isinstance(filled, EntryForm), "form_for makes no other"
    if kind in NEW:
        return [(f"{NEW[kind]}.add", {"fields": {k: v for k, v in filled.members({}).items() if v is not None}})]
    changed = filled.fields_changed(desk.entry(kind, name) or {})
    found: list[Edit] = [(f"{kind}.change", {"name": name, "fields": changed})] if changed else []
    return found + filled.fallback(desk.data("policy.yaml")) if isinstance(filled, ModelForm) else found


def _command(
    command: str, argument: str, show: str, desk: Desk, posted: Mapping[str, str]
) -> tuple[Sequence[Edit], str]:  # fmt: skip
    kind, _colon, name = show.partition(":")
    if command == "remove" and kind in KINDS:
        return [(f"{kind}.remove", {"name": name})], "thresholds"
    if command == "move" and argument.isdecimal():
        return [(f"{kind}.move", {"name": name, "to": int(argument)})], show
    table: Any = desk.entry("table", name) if kind == "table" else None
    typed = table_edits(table, posted) if table is not None else []  # what was typed just before the button
    if table is not None and command == "add-row":
        return [*typed, ("row.add", {"table": name, "fields": new_row(table)})], show
    if table is not None and command == "add-column":
        asked = posted.get("new_input", "").strip()
        if not asked:
            raise InvalidError(_("Write what the new column looks at: a field or an expression."))
        width = len(table.get("inputs") or ())
        return [*typed, ("column.add", {"table": name, "column": width, "text": asked})], show
    if table is not None and command == "remove-column" and argument.isdecimal():
        return [*typed, ("column.remove", {"table": name, "column": int(argument)})], show
    if table is not None and command == "remove-row":
        return [*typed, ("row.remove", {"table": name, "row": argument})], show
    if table is not None and command in ("row-up", "row-down"):
        ids = [str(one.get("id")) for one in table.get("rows") or ()]
        if argument in ids:
            to = ids.index(argument) + (1 if command == "row-down" else -1)
            return [*typed, ("row.move", {"table": name, "row": argument, "to": to})], show
    raise InvalidError(_("There is no such command here; load the page again."))


def _page(draft_id: UUID, show: str) -> str:
    url = reverse("policies:draft", args=[draft_id])
    return f"{url}?{urlencode({'show': show})}" if show else url


def _token(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0
