"""Forms of the accounts room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts import tokens
from seawall.apps.accounts.models import LONGEST_NAME, User
from seawall.apps.accounts.roles import catalog
from seawall.apps.accounts.services import Wanted


def _password(label: Any, **kwargs: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, max_length=128, strip=False, widget=widget, **kwargs)


def _language_field() -> forms.ChoiceField:
    choices = [("", _("As the browser has it")), *User.Language.choices]
    return forms.ChoiceField(label=_("Language"), choices=choices, required=False)


def _moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class PersonForm(forms.Form):
    """A new person."""

    username = forms.CharField(label=_("Username"), max_length=LONGEST_NAME, help_text=_("What they sign in with."))
    display_name = forms.CharField(label=_("Display name"), max_length=LONGEST_NAME, required=False)
    language = _language_field()
    password = _password(_("First password"), help_text=_("Tell them in person; they change it in their settings."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.SEAWALL_OPTIONS.oidc and type(self) is PersonForm:
            field = self.fields["password"]
            field.required = False
            field.help_text = _("Empty: they sign in through the provider, under this name, and have no password.")


class SetupForm(PersonForm):
    """The first person of a platform."""

    token = forms.CharField(
        label=_("One-time token"), max_length=200, help_text=_("`seawall up` printed it; HOME/setup.token has it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    password = _password(_("Password"))
    repeated = _password(_("Password, again"))
    field_order = ("token", "username", "display_name", "language", "password", "repeated")

    def clean(self) -> dict[str, Any]:
        """Both passwords must be the same."""
        data = super().clean() or {}
        if data.get("password") != data.get("repeated"):
            self.add_error("repeated", _("The two passwords differ."))
        return data


class ProfileForm(forms.Form):
    """One's own name and looks."""

    display_name = forms.CharField(label=_("Display name"), max_length=LONGEST_NAME, required=False)
    language = _language_field()
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices)


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME, help_text=_("What uses it."))
    days = forms.IntegerField(
        label=_("Days until it expires"), min_value=1, max_value=tokens.LONGEST_DAYS, initial=tokens.USUAL_DAYS
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than your roles allow at that moment. Approving, revealing and managing people need a "
                    "session."),
    )  # fmt: skip

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(one.key, f"{one} ({one.key})") for one in tokens.grantable(owner)]


class AssignForm(forms.Form):
    """A role for a person."""

    role = forms.ChoiceField(label=_("Role"))
    valid_until = forms.DateTimeField(
        label=_("Until"), required=False, widget=_moment_input(),
        help_text=_("Empty: until it is taken back."),
    )  # fmt: skip
    queues = forms.CharField(label=_("Only these queues"), required=False, help_text=_("Names, separated by commas."))
    cases = forms.CharField(label=_("Only these cases"), required=False, help_text=_("Ids, separated by commas."))
    first_day = forms.DateField(
        label=_("Only from this day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("Only to this day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept in the audit ledger."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = forms.ChoiceField(
            label=_("Role"), choices=[(key, str(role)) for key, role in catalog().roles.items()],
            help_text=_("Administrator and examiner need a second person's approval."),
        )  # fmt: skip
        self.order_fields(["role"])

    def wanted(self) -> Wanted:
        """What was asked for."""
        data = self.cleaned_data
        scope: dict[str, Any] = {key: _names(data[key]) for key in ("queues", "cases") if _names(data[key])}
        days = {"from": data["first_day"], "until": data["last_day"]}
        scope |= {key: day.isoformat() for key, day in days.items() if day}
        until: datetime | None = data["valid_until"]
        return Wanted(data["role"], None, until, scope, data["reason"])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.replace("，", ",").split(",") if name.strip()]
