"""Forms of the room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from seawall.apps.outbox.models import Contact
from seawall.apps.outbox.webhooks import KINDS
from seawall.apps.reasons import LONGEST, SHORTEST


class EndpointForm(forms.Form):
    """A receiver and what it is told of."""

    name = forms.CharField(label=_("Name"), max_length=64, help_text=_("Rules and actions call it by this name."))
    url = forms.CharField(label=_("URL"), max_length=500, help_text=_("https://…; redirects are not followed."))
    kinds = forms.MultipleChoiceField(
        label=_("Events"), choices=[(one.key, one.title) for one in KINDS.values()], required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    reason = forms.CharField(
        label=_("Reason"), min_length=SHORTEST, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A second person decides; data leaves the platform to this URL."),
    )  # fmt: skip

    def __init__(self, *args: Any, named: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not named:
            del self.fields["name"]


class ContactForm(forms.Form):
    """An address of a group."""

    group = forms.CharField(label=_("Group"), max_length=64, help_text=_("Such as on_call; actions name it."))
    name = forms.CharField(label=_("Name"), max_length=64)
    channel = forms.ChoiceField(label=_("Channel"), choices=Contact.CHANNELS)
    address = forms.CharField(label=_("Address"), max_length=200, help_text=_("risk@example.com or +8613800138000"))
