"""Forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps.errors import InvalidError
from seawall.apps.limits.declared import entity_kind, is_sensitive, pack, parse
from seawall.apps.limits.models import LONGEST_KEY, LONGEST_REASON, SCOPES
from seawall.apps.limits.services.changes import Wanted
from seawall.apps.reasons import SHORTEST as SHORTEST_REASON
from seawall.console.words import ENTITIES, word
from seawall.engine.settings import ALL, SettingDefinition


def _instant(label: Any, hint: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, widget=widget, help_text=hint)


class SetForm(forms.Form):
    """A new value of a limit: for whom, how much, from when until when, why."""

    scope = forms.ChoiceField(label=gettext_lazy("Scope"))
    key = forms.CharField(label=pgettext_lazy("limit", "For"), max_length=LONGEST_KEY, required=False)
    value = forms.CharField(label=gettext_lazy("Value"), max_length=40)
    valid_from = _instant(gettext_lazy("Valid from"), gettext_lazy("Empty: as soon as it is approved."))
    valid_until = _instant(gettext_lazy("Valid until"), gettext_lazy("Empty: until somebody changes it."))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=SHORTEST_REASON, max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, definition: SettingDefinition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition
        titles = dict(SCOPES)
        fields = {one: definition.field_of(one) for one in titles}
        usable = [one for one in titles if one == ALL or (fields[one] and not is_sensitive(fields[one]))]
        self.fields["scope"] = forms.ChoiceField(
            label=gettext_lazy("Scope"), choices=[(one, _named(str(titles[one]), fields[one])) for one in usable]
        )
        self.order_fields(["scope", "key", "value", "valid_from", "valid_until", "reason"])
        self.fields["key"].help_text = _("The entity or segment, in full; empty for all.")
        found = pack()
        if definition.type == "money" and found:
            self.fields["value"].help_text = _("In %(currency)s, such as 50000.") % {"currency": found.base_currency}

    def clean(self) -> dict[str, Any]:
        """The value as the engine takes it."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "value" in cleaned:
            try:
                cleaned["value"] = parse(self.definition, cleaned["value"])
            except InvalidError as error:
                self.add_error("value", str(error))
        if cleaned.get("scope") not in (ALL, None) and not cleaned.get("key"):
            self.add_error("key", _("Say for which one."))
        return cleaned

    def wanted(self) -> Wanted:
        """What was asked for."""
        given = self.cleaned_data
        key = given["key"] if given["scope"] != ALL else ""
        return Wanted(
            self.definition.name, given["value"], given["scope"], key, given["valid_from"], given["valid_until"]
        )


class WhyForm(forms.Form):
    """A reason alone."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=SHORTEST_REASON, max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


def _named(title: str, field: str) -> str:
    kind = entity_kind(field)
    name = str(word(ENTITIES, kind).title) if kind else field
    return f"{title} ({name})" if field else title
