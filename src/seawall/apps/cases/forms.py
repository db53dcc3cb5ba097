"""Forms of the room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.accounts.models import User
from seawall.apps.cases.models import Case, Disposition, Queue
from seawall.apps.cases.services.queues import LAST_RANK, Wanted
from seawall.apps.cases.severity import RANKS, SEVERITIES
from seawall.apps.timers.calendars import calendars
from seawall.console.words import SEVERITIES as SEVERITY_WORDS

SEVERITY_CHOICES = [(str(rank), SEVERITY_WORDS[name].title) for name, rank in RANKS.items()]
STRETCHES = [
    ("1", pgettext_lazy("stretch", "1 day")),
    ("3", pgettext_lazy("stretch", "3 days")),
    ("7", pgettext_lazy("stretch", "7 days")),
    ("30", pgettext_lazy("stretch", "30 days")),
]
LONGER = [
    *STRETCHES,
    ("90", pgettext_lazy("stretch", "90 days")),
    ("365", pgettext_lazy("stretch", "365 days")),
]


def _reason(**kwargs: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=_("Reason"), max_length=500, widget=widget, **kwargs)


class SelectedForm(forms.Form):
    """Rows chosen in a list travel along as hidden fields."""

    def __init__(self, *args: Any, selected: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["selected"] = forms.MultipleChoiceField(
            choices=[(one, one) for one in selected], initial=list(selected), widget=forms.MultipleHiddenInput,
            required=False,
        )  # fmt: skip


class SnoozeForm(SelectedForm):
    """Until when, and why."""

    days = forms.ChoiceField(label=_("For"), choices=STRETCHES)
    reason = _reason()

    def until(self) -> Any:
        """The instant."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["days"]))


class SuppressForm(forms.Form):
    """For how long, and why."""

    days = forms.ChoiceField(
        label=_("For"), choices=LONGER, help_text=_("More than 30 days needs a second person's approval.")
    )
    reason = _reason()

    def until(self) -> Any:
        """The instant."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["days"]))


class SuppressionForm(SuppressForm):
    """A suppression without an alert to begin with."""

    typology = forms.CharField(label=_("Typology"), max_length=100, required=False, help_text=_("Empty: any."))
    entity_kind = forms.CharField(label=_("Kind of entity"), max_length=40, required=False)
    entity_value = forms.CharField(label=_("Entity"), max_length=300, required=False, help_text=_("Empty: any."))
    severity = forms.ChoiceField(label=_("Up to severity"), choices=SEVERITY_CHOICES)
    field_order = ("typology", "entity_kind", "entity_value", "severity", "days", "reason")


class AddToCaseForm(SelectedForm):
    """Into which case."""

    case = forms.ChoiceField(label=_("Case"))

    def __init__(self, *args: Any, cases: Iterable[Case], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["case"] = forms.ChoiceField(label=_("Case"), choices=[(str(one.pk), str(one)) for one in cases])


class CaseForm(forms.Form):
    """A case without alerts."""

    title = forms.CharField(label=_("Title"), max_length=200)
    severity = forms.ChoiceField(label=_("Severity"), choices=SEVERITY_CHOICES, initial="2")

    def __init__(self, *args: Any, queues: Iterable[Queue], restrictable: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = [("", _("The one that takes everything"))]
        self.fields["queue"] = forms.ChoiceField(
            label=_("Queue"), choices=[*usual, *((str(one.pk), str(one)) for one in queues)], required=False
        )
        self.fields["take"] = forms.BooleanField(label=_("Assign to me"), required=False, initial=True)
        if restrictable:
            self.fields["restricted"] = forms.BooleanField(
                label=_("Restricted"), required=False, help_text=_("Only its people and compliance see it.")
            )


class AssignForm(forms.Form):
    """To whom, in which queue."""

    def __init__(self, *args: Any, people: Iterable[User], queues: Iterable[Queue], case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [("", _("As the queue assigns"))]
        self.fields["assignee"] = forms.ChoiceField(
            label=_("Person"), choices=[*own, *((str(one.pk), str(one)) for one in people)], required=False
        )
        self.fields["queue"] = forms.ChoiceField(
            label=_("Queue"), choices=[(str(one.pk), str(one)) for one in queues], initial=str(case.queue_id)
        )


class ClosureForm(forms.Form):
    """What was found, and why."""

    disposition = forms.ChoiceField(label=_("Disposition"), choices=Disposition.KIND_CHOICES, widget=forms.RadioSelect)
    reason = _reason(help_text=_("The second person decides by it; it is kept in the audit ledger."))


class TaskForm(forms.Form):
    """A thing to be done."""

    title = forms.CharField(label=_("Task"), max_length=200)
    due_at = forms.DateTimeField(
        label=_("Due"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nobody = [("", _("Nobody in particular"))]
        self.fields["assignee"] = forms.ChoiceField(
            label=_("Person"), choices=[*nobody, *((str(one.pk), str(one)) for one in people)], required=False
        )


class EvidenceForm(forms.Form):
    """A file."""

    file = forms.FileField(
        label=_("File"), help_text=_("PDF, picture, text, CSV, JSON, mail, Excel or Word; at most 20 MiB.")
    )
    comment = forms.CharField(label=_("What it shows"), max_length=500, required=False)


class QueueForm(forms.Form):
    """A queue: filter, assignment, time limits."""

    key = forms.SlugField(label=_("Key"), max_length=40, help_text=_("Small letters; it stays."))
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=80)
    title_en = forms.CharField(label=_("Title in English"), max_length=80)
    rank = forms.IntegerField(
        label=_("Rank"),
        min_value=0,
        max_value=LAST_RANK,
        initial=50,
        help_text=_("The first queue that fits takes an alert."),
    )
    severities = forms.MultipleChoiceField(
        label=_("Severities"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(name, SEVERITY_WORDS[name].title) for name in SEVERITIES], help_text=_("None: all."),
    )  # fmt: skip
    reasons = forms.CharField(label=_("Typologies"), required=False, help_text=_("Separated by commas. Empty: all."))
    event_types = forms.CharField(
        label=_("Event types"), required=False, help_text=_("Separated by commas. Empty: all.")
    )
    assignment = forms.ChoiceField(label=_("Assignment"), choices=Queue.ASSIGNMENT_CHOICES)
    calendar = forms.ChoiceField(label=_("Calendar"))
    active = forms.BooleanField(label=_("Takes new work"), required=False, initial=True)

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["calendar"] = forms.ChoiceField(label=_("Calendar"), choices=[(key, key) for key in calendars()])
        for name in SEVERITIES:
            label = _("Hours until due: %(severity)s")
            self.fields[f"hours_{name}"] = forms.FloatField(
                label=_Hours(label, SEVERITY_WORDS[name].title), min_value=0.1, max_value=24 * 366
            )
        self.fields["members"] = forms.MultipleChoiceField(
            label=_("Members"), choices=[(str(one.pk), str(one)) for one in people], required=False,
            widget=forms.CheckboxSelectMultiple, help_text=_("None: open to everybody who sees cases."),
        )  # fmt: skip

    @staticmethod
    def of(queue: Queue) -> dict[str, Any]:
        """The initial values of a queue's form."""
        values = {name: getattr(queue, name) for name in ("key", "title_zh", "title_en", "rank", "severities")}
        values |= {name: getattr(queue, name) for name in ("assignment", "calendar", "active")}
        values |= {name: ", ".join(getattr(queue, name)) for name in ("reasons", "event_types")}
        values |= {f"hours_{name}": queue.hours.get(name) for name in SEVERITIES}
        return values | {"members": [str(key) for key in queue.members.values_list("pk", flat=True)]}

    def wanted(self) -> Wanted:
        """The queue asked for."""
        data = self.cleaned_data
        return Wanted(
            data["key"], data["title_zh"], data["title_en"], data["rank"], data["severities"], names(data["reasons"]),
            names(data["event_types"]), data["assignment"], {name: data[f"hours_{name}"] for name in SEVERITIES},
            data["calendar"], data["active"], data["members"],
        )  # fmt: skip


class _Hours:
    """A label put together when it is shown, in the language of that moment."""

    def __init__(self, text: Any, severity: Any) -> None:
        self.text, self.severity = text, severity

    def __str__(self) -> str:
        return str(self.text) % {"severity": self.severity}


def names(text: str) -> list[str]:
    """Names separated by commas, Chinese ones too."""
    return [name.strip() for name in text.replace("\uff0c", ",").split(",") if name.strip()]
