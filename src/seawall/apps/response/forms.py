"""The form of an action: what its type needs, and no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.decisions.reading import titles
from seawall.apps.decisions.words import titled
from seawall.apps.outbox.models import Contact, Endpoint
from seawall.apps.response.kinds import ActionKind
from seawall.console.words import ENTITIES

STRETCHES = [
    ("60", pgettext_lazy("stretch", "1 hour")),
    ("1440", pgettext_lazy("stretch", "1 day")),
    ("10080", pgettext_lazy("stretch", "7 days")),
    ("43200", pgettext_lazy("stretch", "30 days")),
    ("129600", pgettext_lazy("stretch", "90 days")),
]
Choices = list[tuple[str, Any]]


def _lists() -> Choices:
    policy = titles()
    return [] if policy is None else [(one.name, titled(one.title, one.name)) for one in policy.pack.lists.values()]


def _limits() -> Choices:
    policy = titles()
    found = [] if policy is None else [one for one in policy.pack.settings.values() if one.name.startswith("limits.")]
    return [(one.name.removeprefix("limits."), titled(one.title, one.name)) for one in found if one.entity]


def _groups() -> Choices:
    return [(one, one) for one in Contact.objects.order_by("group").values_list("group", flat=True).distinct()]


def _endpoints() -> Choices:
    return [(one, one) for one in Endpoint.objects.filter(active=True).order_by("name").values_list("name", flat=True)]


_CHOICES: dict[tuple[str, str], Callable[[], Choices]] = {
    ("add_to_list", "list"): _lists, ("limit", "limit"): _limits, ("notify", "to"): _groups,
    ("webhook", "to"): _endpoints,
}  # fmt: skip
_LABELS = {
    "list": _("List"), "limit": _("Limit"), "amount": _("Amount in minor units of the base currency"), "to": _("To"),
    "text": _("Text"), "queue": _("Queue"), "title": _("Title"),
}  # fmt: skip


class ActionForm(forms.Form):
    """One action of a type."""

    def __init__(self, *args: Any, kind: ActionKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind.target or kind.key == "open_case":
            kinds = [(one.key, one.title) for one in ENTITIES.values()]
            self.fields["target_kind"] = forms.ChoiceField(label=_("Kind of entity"), choices=kinds)
            self.fields["target"] = forms.CharField(
                label=_("Entity"), max_length=256,
                help_text=_("As decisions show it; sensitive keys by their surrogate or in clear."),
            )  # fmt: skip
        for name in (*kind.parameters, *kind.optional):
            self.fields[name] = self._parameter(name, name in kind.parameters)
        if kind.lasting:
            self.fields["minutes"] = forms.ChoiceField(label=_("For"), choices=STRETCHES, initial="1440")
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("It is kept in the audit ledger."),
        )  # fmt: skip

    def _parameter(self, name: str, required: bool) -> forms.Field:
        load = _CHOICES.get((self.kind.key, name))
        if load is not None:
            empty = [] if required else [("", "—")]
            return forms.ChoiceField(label=_LABELS[name], choices=[*empty, *load()], required=required)
        if name == "amount":
            return forms.IntegerField(label=_LABELS[name], min_value=0, max_value=10**15, required=required)
        return forms.CharField(label=_LABELS.get(name, name), max_length=500, required=required)

    def wish(self, decision: int | None, case: Any) -> Any:
        """What was asked for."""
        from seawall.apps.response.services import Wish

        given = self.cleaned_data
        names = (*self.kind.parameters, *self.kind.optional)
        ttl = timedelta(minutes=int(given["minutes"])) if "minutes" in given else None
        parameters = {name: given[name] for name in names if given.get(name) not in (None, "")}
        return Wish(self.kind.key, given["reason"], given.get("target_kind", ""), given.get("target", "").strip(),
                    parameters, ttl, decision, case)  # fmt: skip
