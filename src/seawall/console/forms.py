"""Forms in the kit's look: FORM_RENDERER = "seawall.console.forms.Renderer" makes `{{ form }}` and `{{ field }}` so."""

from __future__ import annotations

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _

SHORTEST_REASON = 8
LONGEST_REASON = 2_000


class Renderer(DjangoTemplates):
    """Fields with label, help and errors in the kit's order."""

    form_template_name = "console/parts/form.html"
    field_template_name = "console/parts/field.html"


class ReasonForm(forms.Form):
    """A confirm dialog that asks why: what is written goes to the ledger."""

    default_renderer = Renderer
    reason = forms.CharField(
        label=_("Reason"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept in the audit ledger."),
    )


class PurposeForm(ReasonForm):
    """Before a sealed value is shown: the purpose, and why now."""

    def __init__(self, *args: object, purposes: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"] = forms.ChoiceField(label=_("Purpose"), choices=purposes)
        self.order_fields(["purpose", "reason"])
