"""Commands on a version: open a draft, run its checks, submit, stop, roll back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from seawall.analytics.challenger import Limits
from seawall.apps.accounts.permissions import person, requires
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.policies import bundles, queries
from seawall.apps.policies.console.effect import effect
from seawall.apps.policies.console.words import ROLES
from seawall.apps.policies.models.deployment import CHALLENGER
from seawall.apps.policies.services import deployments, drafts, gates, guard, notices, publishing
from seawall.apps.policies.states import SHADOW
from seawall.console.forms import Renderer
from seawall.console.pages import dialog, go

_USUAL = Limits()


class DraftForm(forms.Form):
    """A new draft."""

    default_renderer = Renderer
    title = forms.CharField(
        label=gettext_lazy("What you want to change"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"autofocus": True}),
    )  # fmt: skip


class SubmitForm(forms.Form):
    """What a version shall run as. Share and limits count for a challenger only."""

    default_renderer = Renderer
    role = forms.ChoiceField(label=gettext_lazy("Run it as"), widget=forms.RadioSelect)
    share = forms.DecimalField(
        label=gettext_lazy("Share (%)"), required=False, min_value=0, max_value=50, decimal_places=2,
        help_text=gettext_lazy("Of a challenger: so many of the entities are decided by it, always the same ones."),
    )  # fmt: skip
    entity = forms.ChoiceField(label=gettext_lazy("Split by"), required=False)
    approval_points = forms.FloatField(
        label=gettext_lazy("Stop where approval rates differ by (points)"), required=False, min_value=0, max_value=100,
        initial=_USUAL.approval_points,
    )  # fmt: skip
    alert_ratio = forms.FloatField(
        label=gettext_lazy("Stop where alerts reach (times the champion's)"), required=False, min_value=0,
        max_value=1000, initial=_USUAL.alert_ratio,
    )  # fmt: skip
    loss_points = forms.FloatField(
        label=gettext_lazy("Stop where loss is higher by (points)"), required=False, min_value=0, max_value=100,
        initial=_USUAL.loss_points, help_text=gettext_lazy("0 switches a limit off."),
    )  # fmt: skip
    decisions = forms.IntegerField(
        label=gettext_lazy("Not before so many decisions on both sides"), required=False, min_value=30,
        max_value=10_000_000, initial=_USUAL.decisions,
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=3, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The second person reads it; it is kept in the audit ledger."),
    )  # fmt: skip

    def __init__(self, *args: Any, entities: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("role", list(ROLES.items())[::-1]), ("entity", [(one, one) for one in entities])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField), "declared above"
            field.choices = choices

    def asked(self) -> dict[str, Any]:
        """Arguments of `publishing.submit`."""
        data = self.cleaned_data
        found: dict[str, Any] = {"role": data["role"], "reason": data["reason"]}
        if data["role"] == CHALLENGER:
            known = {one.name for one in fields(Limits)} & data.keys()
            limits = {name: data[name] for name in known if data[name] is not None}
            share = round(100 * (data["share"] or 0))
            found |= {"share": share, "entity": data["entity"], "limits": limits}
        return found


class RollBackForm(forms.Form):
    """The name typed, and why."""

    default_renderer = Renderer
    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=3, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It is kept in the audit ledger."),
    )  # fmt: skip
    typed = forms.CharField(label=gettext_lazy("Type the name of the version"), max_length=100)

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._label = label
        self.fields["typed"].help_text = label

    def clean_typed(self) -> str:
        """Exactly the name."""
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self._label:
            raise forms.ValidationError(_("Type %(label)s to go on.") % {"label": self._label})
        return typed


def complain(form: forms.Form, error: InvalidError) -> None:
    """A service's refusal at its fields."""
    for name, text in error.fields.items():
        form.add_error(name if name in form.fields else None, text)
    if not error.fields:
        form.add_error(None, str(error))


def _page(version_id: UUID) -> str:
    return reverse("policies:version", args=[version_id])


@requires("policies.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """A draft of the version; open ones of the same policy are named first."""
    one = queries.get_version(version_id)
    form = DraftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = drafts.open_draft(person(request), version_id, form.cleaned_data["title"])
        return go(request, reverse("policies:draft", args=[made.pk]))
    text = _("A draft of %(policy)s is made; nothing that decides changes.") % {"policy": one.label}
    url = reverse("policies:edit", args=[version_id])
    return dialog(request, _("Edit %(policy)s") % {"policy": one.label}, form, url, button=_("Open a draft"), text=text)


@requires("policies.edit")
@require_POST
def check(request: HttpRequest, version_id: UUID, kind: str) -> HttpResponse:
    """Run its unit cases, or measure its cost."""
    gates.start(person(request), queries.get_version(version_id).digest, kind)
    return go(request, _page(version_id), _("The check waits for the worker"))


@requires("policies.edit")
@require_POST
def keep(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Keep what it has shown beside the champion so far as its report."""
    guard.keep(person(request), queries.get_version(version_id))
    return go(request, _page(version_id), _("The comparison was kept"))


@requires("policies.view")
@require_POST
def read_notice(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Mark one's own notice as read."""
    notices.read(person(request), notice_id)
    return go(request, reverse("policies:versions"))


@requires("policies.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Ask a second person to let it run."""
    one = queries.get_version(version_id)
    pack = bundles.policy(one.digest).pack
    keys = deployments.keys_of(pack)
    split = pack.policy.split_key
    first = {
        "role": "champion" if one.state == SHADOW else "shadow",
        "share": 10,
        "entity": split if split in keys else "",
    }
    form = SubmitForm(request.POST or None, entities=keys, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            publishing.submit(person(request), version_id, **form.asked())
        except InvalidError as error:
            complain(form, error)
        except ConflictError as error:
            form.add_error(None, str(error))
        else:
            return go(request, _page(version_id), _("Sent for four-eyes review"))
    status = 422 if request.method == "POST" else 200
    text = effect(one.digest).words if request.method == "GET" else ""
    title = _("Submit %(policy)s for review") % {"policy": one.label}
    url = reverse("policies:submit", args=[version_id])
    return dialog(request, title, form, url, button=_("Submit for review"), text=text, status=status)


@requires("policies.rollback")
@require_POST
def stop(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Take a challenger or a shadow out."""
    publishing.stop(person(request), version_id, request.POST.get("reason", ""))
    return go(request, _page(version_id), _("It is being taken out"))


@requires("policies.rollback")
@require_http_methods(["GET", "HEAD", "POST"])
def roll_back(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Let an older champion decide again: what it would have said otherwise is told first."""
    one = queries.get_version(version_id)
    form = RollBackForm(request.POST or None, label=one.label)
    if request.method == "POST" and form.is_valid():
        try:
            publishing.roll_back(person(request), version_id, form.cleaned_data["reason"])
        except InvalidError as error:
            complain(form, error)
        else:
            return go(request, _page(version_id), _("It is being rolled back"))
    champion = queries.champion()
    text = _(
        "%(policy)s decides every event from its next batch on, instead of %(champion)s; no second person is asked."
    )
    text = text % {"policy": one.label, "champion": champion.label if champion else "—"}
    text += " " + effect(one.digest).words
    status = 422 if request.method == "POST" else 200
    title, url = _("Roll back to %(policy)s") % {"policy": one.label}, reverse("policies:rollback", args=[version_id])
    return dialog(request, title, form, url, button=_("Roll back"), danger=True, text=text, status=status)
