"""Forms of the room."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from seawall.apps.decisions.models import LONGEST_KEY
from seawall.console.forms import PurposeForm, Renderer


class RevealForm(PurposeForm):
    """Before a sealed value is shown: how much of it, what for, and why now."""

    extent = forms.ChoiceField(
        label=_("Show"),
        choices=[("masked", _("Masked, which is enough to compare")), ("whole", _("The whole value"))],
        initial="masked",
        widget=forms.RadioSelect,
    )


class LookUpForm(forms.Form):
    """An entity by its value as people know it."""

    default_renderer = Renderer
    value = forms.CharField(
        label=_("Value"),
        max_length=LONGEST_KEY,
        help_text=_("In full. A sensitive value is not kept: only its stand-in is looked for."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: object, kinds: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = forms.ChoiceField(label=_("Kind"), choices=kinds)
        self.order_fields(["kind", "value"])
