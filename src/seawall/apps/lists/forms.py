"""Forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.apps.lists.declared import is_sensitive
from seawall.apps.lists.models import LONGEST_KEY, LONGEST_REASON
from seawall.apps.lists.services.entries import Wanted
from seawall.apps.reasons import SHORTEST as SHORTEST_REASON
from seawall.console.forms import PurposeForm
from seawall.engine.lists import ListDefinition
from seawall.engine.times import format_duration


def _instant(label: Any, hint: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, widget=widget, help_text=hint)


def _reason() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"), min_length=SHORTEST_REASON, max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


def _until_hint(found: ListDefinition) -> str:
    if found.max_validity_ms:
        return _("At most %(bound)s after the beginning.") % {"bound": format_duration(found.max_validity_ms)}
    return _("Empty: without end.")


class AddForm(forms.Form):
    """A new entry."""

    key = forms.CharField(label=gettext_lazy("Value"), max_length=LONGEST_KEY)
    valid_from = _instant(gettext_lazy("Valid from"), gettext_lazy("Empty: from now on."))
    valid_until = _instant(gettext_lazy("Valid until"))
    case = forms.CharField(label=gettext_lazy("Case number"), max_length=80, required=False)
    reason = _reason()
    draft = forms.BooleanField(label=gettext_lazy("Keep as a draft"), required=False)

    def __init__(self, found: ListDefinition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        self.fields["valid_until"].help_text = _until_hint(found)
        if is_sensitive(found):
            self.fields["key"].help_text = _("It is sent to the engine once and kept here only as a mask.")
            self.fields["key"].widget.attrs["autocomplete"] = "off"

    def wanted(self) -> Wanted:
        """What was asked for."""
        given = self.cleaned_data
        return Wanted(self.found.name, given["key"], given["valid_from"], given["valid_until"], given["case"])


class EndForm(forms.Form):
    """Another end."""

    valid_until = _instant(gettext_lazy("Valid until"))
    reason = _reason()

    def __init__(self, found: ListDefinition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_until"].help_text = _until_hint(found)


class WhyForm(forms.Form):
    """A reason alone."""

    reason = _reason()


class FindForm(forms.Form):
    """A value in full."""

    key = forms.CharField(
        label=gettext_lazy("Value"), max_length=LONGEST_KEY, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Written in full; a sensitive one leaves an entry in the ledger without it."),
    )  # fmt: skip


class ConfirmForm(forms.Form):
    """Nothing to fill in."""


class ImportForm(forms.Form):
    """A file of entries."""

    file = forms.FileField(
        label=gettext_lazy("File"), max_length=200,
        help_text=gettext_lazy("CSV (a value a line, or a first line that names key, reason, valid_until) or NDJSON."),
    )  # fmt: skip
    valid_until = _instant(gettext_lazy("Valid until"), gettext_lazy("For lines that state none."))
    reason = _reason()


class ExportForm(PurposeForm):
    """Before whole values leave the platform."""

    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=[("csv", "CSV"), ("jsonl", "NDJSON")], initial="csv"
    )
