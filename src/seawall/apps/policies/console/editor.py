"""The editor of a draft: rules at the left, form or text of the same YAML, checks and simulation at the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from seawall.apps.accounts.permissions import has_permission, person, requires
from seawall.apps.decisions.words import language, titled
from seawall.apps.policies import bundles, queries
from seawall.apps.policies.console import simulation
from seawall.apps.policies.console.desk import Desk
from seawall.apps.policies.console.draft_forms import (
    LimitForm,
    ListForm,
    NewRuleForm,
    RuleForm,
    ThresholdForm,
    initial_of,
    thresholds,
)
from seawall.apps.policies.console.feature_forms import (
    FeatureForm,
    ModelForm,
    NewFeatureForm,
    first_of_feature,
    first_of_model,
)
from seawall.apps.policies.console.words import gates_of
from seawall.apps.policies.editing.edits import KINDS
from seawall.apps.policies.editing.templates import Template, templates
from seawall.apps.policies.models import Draft
from seawall.console.forms import Renderer
from seawall.console.pages import Action, Crumb, permitted
from seawall.console.words import OUTCOMES, SEVERITIES

VIEW, EDIT = "policies.view", "policies.edit"
NEW = {"new": "rule", "new-feature": "feature"}  # what a form adds
FILE_OF = {
    "thresholds": "policy.yaml", "limits": "limits.yaml", "new": "rules.yaml", "new-feature": "features.yaml",
    "templates": "rules.yaml",
}  # fmt: skip


@requires(VIEW)
@require_safe
def draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The editor. `?show=` thresholds, limits, new, templates, or new-feature, or rule:, table:, list:,
    feature:, model:, template:, text: and a name."""
    one = queries.get_draft(draft_id)
    me = person(request)
    desk = Desk(one, me)
    context = {
        **panels(desk), **_shown(request.GET.get("show", "thresholds"), desk), "title": one.title,
        "crumbs": [Crumb(_("Policies"), reverse("policies:versions")),
                   Crumb(one.policy.name, reverse("policies:policy", args=[one.policy_id]))],
        "actions": permitted(request, _actions(one)), "may_edit": has_permission(me, EDIT) and one.open,
        "choices": simulation.choices(request), "simulate_url": reverse("policies:draft_simulate", args=[one.pk]),
        "line": request.GET.get("line", ""), **_gate(request, one),
    }  # fmt: skip
    return render(request, "policies/editor.html", context)


@requires(VIEW)
@require_safe
def gate(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """What the draft's content has shown so far; it moves while jobs run."""
    return render(request, "policies/parts/draft_gate.html", _gate(request, queries.get_draft(draft_id)))


@requires(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def simulate(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """One event under the draft."""
    url = reverse("policies:draft_simulate", args=[draft_id])
    return simulation.simulated(request, queries.get_draft(draft_id).digest, url)


def panels(desk: Desk, show: str = "") -> dict[str, Any]:
    """What every save draws anew: entries, the checker's findings, the changes, the token."""
    kind, _colon, name = show.partition(":")
    return {
        "draft": desk.draft, "desk": desk, "checked": desk.content.checked, "problems": desk.content.problems,
        **{f"{kind}s": desk.entries(kind) for kind in KINDS},
        "changes": desk.changes, "here": desk.here(kind, name) if kind in KINDS else [], "show": show,
    }  # fmt: skip


def form_for(kind: str, name: str, desk: Desk, posted: Any = None) -> forms.Form | None:
    """The form of a thing the address names; None where there is none (text, table, or a file that is no YAML)."""
    if kind == "thresholds":
        policy = desk.data("policy.yaml")
        return ThresholdForm(posted, initial=thresholds(policy)) if isinstance(policy, Mapping) else None
    if kind == "limits":
        return LimitForm(posted, limits=limits_of(desk), titles=_titles(limits_of(desk)))
    if kind == "new":
        return NewRuleForm(posted, types=_types(desk))
    if kind == "template" and name in templates():
        return _template_form(templates()[name], posted)
    if kind == "new-feature":
        return NewFeatureForm(posted, initial={"version": 1}, types=sources_of(desk))
    entry = desk.entry(kind, name) if kind in FORMS else None
    return FORMS[kind](entry, desk, posted) if entry is not None else None


def _rule_form(entry: dict[str, Any], desk: Desk, posted: Any) -> forms.Form:
    return RuleForm(posted, initial=initial_of(entry), types=_types(desk))


def _list_form(entry: dict[str, Any], desk: Desk, posted: Any) -> forms.Form:
    return ListForm(posted, initial=initial_of(entry))


def _feature_form(entry: dict[str, Any], desk: Desk, posted: Any) -> forms.Form:
    first = initial_of(entry) | first_of_feature(entry)
    return FeatureForm(posted, initial=first, types=sources_of(desk), entry=entry)


def _model_form(entry: dict[str, Any], desk: Desk, posted: Any) -> forms.Form:
    first = initial_of(entry) | first_of_model(entry, desk.data("policy.yaml"))
    files = bundles.artefacts(desk.draft.digest)
    return ModelForm(posted, initial=first, types=_types(desk), entry=entry, files=files)


FORMS = {"rule": _rule_form, "list": _list_form, "feature": _feature_form, "model": _model_form}


def limits_of(desk: Desk) -> Mapping[str, Mapping[str, Any]]:
    """Declared limits as data."""
    data = desk.data("limits.yaml")
    found = data.get("limits") if isinstance(data, Mapping) else None
    return {k: v for k, v in found.items() if isinstance(v, Mapping)} if isinstance(found, Mapping) else {}


def _shown(show: str, desk: Desk) -> dict[str, Any]:
    """The middle of the page."""
    kind, _colon, name = show.partition(":")
    found: dict[str, Any] = {"show": show, "kind": kind, "name": name, "adds": kind in (*NEW, "template")}
    if kind == "text":
        file = name if name in dict(desk.files) else "rules.yaml"
        return found | {"file": file, "text": desk.texts.get(file, "")}
    file = KINDS[kind].file if kind in KINDS else FILE_OF.get(kind, "")
    line = desk.lines(kind, name)[0] if kind in KINDS else 1
    found |= {"file": file, "file_line": line or 1, "readable": desk.readable(file)}
    if kind == "templates":
        return found | {"gallery": _gallery()}
    if kind == "template" and name in templates():
        template = templates()[name]
        found |= {"heading": template.title[language()], "words": template.text[language()]}
    entry = desk.entry(kind, name) if kind in KINDS else None
    if entry is not None and isinstance(entry.get("title"), dict):
        found["heading"] = titled(entry["title"], name)
    if kind == "table":
        return found | {"table": entry, "here": desk.here(kind, name), **_table_words()}
    if kind in FORMS:
        found |= _neighbours(desk, kind, name)
    here = desk.here(kind, name) if kind in KINDS else []
    return found | {"form": form_for(kind, name, desk), "here": here, "entry": entry}


def _table_words() -> dict[str, Any]:
    return {
        "outcome_words": [one for one in OUTCOMES.values() if one.key != "approve"],
        "severity_words": list(SEVERITIES.values()),
    }


def _neighbours(desk: Desk, kind: str, name: str) -> dict[str, Any]:
    names = desk.names(kind)
    at = names.index(name) if name in names else -1
    return {"place": at, "up": at - 1 if at > 0 else None, "down": at + 1 if 0 <= at < len(names) - 1 else None}


def _gallery() -> list[dict[str, Any]]:
    word = language()
    return [
        {"id": one.id, "title": one.title[word], "text": one.text[word], "group": one.group,
         "parameters": [each.title[word] for each in one.parameters]}
        for one in templates().values()
    ]  # fmt: skip


def _template_form(template: Template, posted: Any) -> forms.Form:
    form = forms.Form(posted, renderer=Renderer())
    for one in template.parameters:
        form.fields[f"p_{one.name}"] = forms.CharField(
            label=one.title[language()], initial=one.default, max_length=64, help_text=one.name
        )
    return form


def _titles(limits: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: titled(one["title"], name) for name, one in limits.items() if isinstance(one.get("title"), dict)}


def _types(desk: Desk) -> list[str]:
    policy = desk.data("policy.yaml")
    found = policy.get("on") if isinstance(policy, Mapping) else None
    return [str(one) for one in found] if isinstance(found, list) else []


def sources_of(desk: Desk) -> list[str]:
    """What features can count: the types of events.yaml, and its labels as label.NAME."""
    data = desk.data("events.yaml")
    events, labels = ((data.get(name) if isinstance(data, Mapping) else None) for name in ("events", "labels"))
    return [*_names(events), *(f"label.{one}" for one in _names(labels))]


def _names(items: Any) -> list[str]:
    if isinstance(items, Mapping):
        return [str(one) for one in items]
    found = [one.get("name", one.get("type")) if isinstance(one, Mapping) else one for one in items or ()]
    return [str(one) for one in found if one]


def _gate(request: HttpRequest, one: Draft) -> dict[str, Any]:
    return {"draft": one, "gates": [each for each in gates_of(one.digest) if each.kind != "shadow"],
            "may_edit": has_permission(person(request), EDIT) and one.open}  # fmt: skip


def _actions(one: Draft) -> list[Action]:
    if not one.open:
        return []
    url = reverse("policies:draft_discard", args=[one.pk]) + f"?token={one.revision}"
    return [
        Action(_("Freeze as a version"), reverse("policies:draft_freeze", args=[one.pk]), "lock", dialog=True,
               permission=EDIT, key="f"),
        Action(_("Discard"), url, "trash", post=True, confirm=_("The draft and its changes are thrown away."),
               danger=True, permission=EDIT),
    ]  # fmt: skip
