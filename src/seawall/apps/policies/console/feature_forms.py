"""Forms of features and models: their members as fields, and the edits that make them what the form says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.policies.console.draft_forms import AREA, NONE, Edit, EntryForm, outcomes, set_choices
from seawall.engine.feature.definition import AGGREGATIONS

PERIODS = {
    "day": pgettext_lazy("window", "Day"), "week": pgettext_lazy("window", "Week"),
    "month": pgettext_lazy("window", "Month"), "quarter": pgettext_lazy("window", "Quarter"),
    "year": pgettext_lazy("window", "Year"),
}  # fmt: skip
CURRENT = {"include": _("Counts, where it fits"), "exclude": _("Does not count")}
_WINDOWED = ("entity", "on", "where", "agg", "of", "last", "calendar", "zone", "offset", "resolution", "current",
             "default", "unit")  # fmt: skip
SHAPES: Mapping[str, Sequence[str]] = {  # of features -> the fields that they have besides titles and version
    "windowed": _WINDOWED,
    "ratio": ("of", "default"),
    "value": ("value",),
    "other": (),  # what no form knows is edited as text
}
_WINDOW = ("last", "calendar", "zone")
_LISTS = ("entity", "on", "of")
_NAME = RegexValidator(r"^[a-z][a-z0-9_]{0,63}\Z", _("Lower-case letters, digits and _; begin with a letter."))


def shape_of(entry: Mapping[str, Any]) -> str:
    """Which kind of feature an entry is."""
    if "value" in entry:
        return "value"
    if entry.get("agg") == "ratio":
        return "ratio"
    return "windowed" if "agg" in entry else "other"


class FeatureForm(EntryForm):
    """A feature as it stands; only the fields of its kind are shown."""

    version = forms.IntegerField(label=_("Version"), min_value=1, max_value=10_000)
    value = forms.CharField(
        label=_("Computed as"), max_length=4_000, widget=forms.Textarea(attrs=AREA),
        help_text=_("One expression over fields and other features."),
    )  # fmt: skip
    entity = forms.CharField(
        label=_("Entity"), max_length=200, help_text=_("A key field of the events, or several with commas between.")
    )
    on = forms.MultipleChoiceField(label=_("Counts events of"), widget=forms.CheckboxSelectMultiple)
    where = forms.CharField(
        label=_("Only where"), required=False, max_length=4_000, widget=forms.Textarea(attrs=AREA),
        help_text=_("Empty: every event of these types."),
    )  # fmt: skip
    agg = forms.ChoiceField(label=_("Aggregation"))
    of = forms.CharField(
        label=_("Of"), required=False, max_length=200,
        help_text=_("The field that is summed, counted or kept; of a ratio: numerator, denominator."),
    )  # fmt: skip
    last = forms.CharField(
        label=_("Window: the last"), required=False, max_length=20, help_text=_("Such as 10m, 24h or 30d.")
    )
    calendar = forms.ChoiceField(label=_("Window: since the beginning of the"), required=False)
    zone = forms.CharField(
        label=_("Time zone of the calendar"), required=False, max_length=60, help_text=_("Such as Asia/Shanghai.")
    )
    offset = forms.CharField(
        label=_("Ends before now"), required=False, max_length=20, help_text=_("Such as 3d: what is newer is left out.")
    )
    resolution = forms.CharField(
        label=_("Resolution"), required=False, max_length=20, help_text=_("exact, or the length of a hop, such as 1h.")
    )
    current = forms.ChoiceField(label=_("The event itself"), required=False)
    default = forms.CharField(
        label=_("Where nothing was counted"), required=False, max_length=40, help_text=_("Empty: missing.")
    )
    unit = forms.ChoiceField(label=_("Unit of money"), required=False)

    def __init__(self, *args: Any, types: Sequence[str], entry: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entry = entry or {"agg": ""}
        shown = SHAPES[shape_of(entry)]
        for name in {*_WINDOWED, "value"}.difference(shown):
            del self.fields[name]
        known = dict.fromkeys([*types, *_listed(entry.get("on"))])
        set_choices(self, {
            "on": [(one, one) for one in known], "agg": [(one, one) for one in AGGREGATIONS if one != "ratio"],
            "calendar": [NONE, *PERIODS.items()], "current": [NONE, *CURRENT.items()],
            "unit": [("", _("Minor units")), ("major", _("Major units, as a decimal"))],
        })  # fmt: skip

    def value_of(self, name: str, before: Mapping[str, Any]) -> Any:
        """A member as features.yaml writes it; names stay a list where they are one."""
        if name in _LISTS:
            return _written(_listed(self.cleaned_data[name]), before.get(name), one=name != "on")
        if name == "default":
            return _number(self.cleaned_data[name])
        return super().value_of(name, before)

    def members(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the form says; the three fields of the window are one member."""
        found = super().members(before)
        parts = {name: found.pop(name) for name in _WINDOW if name in found}
        if parts:
            found["window"] = {name: text for name, text in parts.items() if text} or None
        return found


class NewFeatureForm(FeatureForm):
    """A windowed feature that is not there yet."""

    name = forms.CharField(
        label=_("Name"), max_length=64, validators=[_NAME], help_text=_("Rules read the feature by it.")
    )
    field_order = ("name",)


class ModelForm(EntryForm):
    """A model as a step of the policy, and what holds when it fails."""

    version = forms.IntegerField(label=_("Version"), min_value=1, max_value=10_000)
    file = forms.ChoiceField(label=_("Artefact"), help_text=_("A file of this policy; its SHA-256 is written with it."))
    on = forms.MultipleChoiceField(
        label=_("Scores events of"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every type of the policy."),
    )  # fmt: skip
    inputs = forms.CharField(
        label=_("Its features"), required=False, max_length=20_000, widget=forms.Textarea(attrs=AREA | {"rows": 6}),
        help_text=_("A line each, as artefact's name: name here. What is left out bears the same name here."),
    )  # fmt: skip
    reasons = forms.CharField(
        label=_("Reason codes"), required=False, max_length=20_000, widget=forms.Textarea(attrs=AREA | {"rows": 4}),
        help_text=_("A line each, as artefact's name: CODE."),
    )  # fmt: skip
    top = forms.IntegerField(label=_("Reasons shown at most"), required=False, min_value=0, max_value=16)
    fallback_score = forms.IntegerField(
        label=_("When a model fails: score"), required=False, min_value=-1_000_000, max_value=1_000_000,
        help_text=_("Of the whole policy: it is added for each model that failed."),
    )  # fmt: skip
    fallback_outcome = forms.ChoiceField(label=_("When a model fails: asks at least for"), required=False)

    def __init__(
        self, *args: Any, types: Sequence[str], entry: Mapping[str, Any], files: Mapping[str, str], **kwargs: Any
    ) -> None:
        """`files`: SHA-256 of each artefact of the policy, by its path."""
        super().__init__(*args, **kwargs)
        self._files = files
        known = dict.fromkeys([*types, *_listed(entry.get("on"))])
        paths = dict.fromkeys([*files, str(entry.get("file", ""))])
        set_choices(self, {
            "on": [(one, one) for one in known], "file": [(one, one) for one in paths], "fallback_outcome": outcomes(),
        })  # fmt: skip

    def clean_inputs(self) -> dict[str, str]:
        """By the artefact's name."""
        return _pairs(self.cleaned_data["inputs"])

    def clean_reasons(self) -> dict[str, str]:
        """By the artefact's name."""
        return _pairs(self.cleaned_data["reasons"])

    def clean(self) -> dict[str, Any]:
        """A fallback is whole or not there."""
        data: dict[str, Any] = super().clean() or {}
        if (data.get("fallback_score") is None) != (not data.get("fallback_outcome")):
            self.add_error("fallback_score", _("Give the score and the outcome, or neither."))
        return data

    def members(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the form says of the model; another file brings its hash along."""
        found = super().members(before)
        for name in ("fallback_score", "fallback_outcome"):
            del found[name]
        if found["file"] != before.get("file"):
            found["sha256"] = self._files.get(found["file"], before.get("sha256"))
        return found

    def value_of(self, name: str, before: Mapping[str, Any]) -> Any:
        """A member as models.yaml writes it."""
        return self.cleaned_data[name] or None if name in ("inputs", "reasons") else super().value_of(name, before)

    def fallback(self, policy: Mapping[str, Any]) -> list[Edit]:
        """The edit of the policy's fallback, where it differs."""
        data = self.cleaned_data
        wanted = None
        if data["fallback_outcome"]:
            wanted = {"score": data["fallback_score"], "outcome": data["fallback_outcome"]}
        return [] if wanted == fallback_of(policy) else [("fallback.set", {"model": wanted})]


def fallback_of(policy: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What holds when a model fails, as policy.yaml has it."""
    whole = policy.get("fallback") if isinstance(policy, Mapping) else None
    found = whole.get("model") if isinstance(whole, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else None


def first_of_feature(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a feature's form shows besides titles."""
    found = {name: ", ".join(_listed(entry[name])) for name in ("entity", "of") if name in entry}
    window = entry.get("window")
    return {**found, "on": _listed(entry.get("on")), **(window if isinstance(window, Mapping) else {})}


def first_of_model(entry: Mapping[str, Any], policy: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a model's form shows besides titles."""
    lines = {
        name: "\n".join(f"{key}: {text}" for key, text in pairs.items())
        for name in ("inputs", "reasons")
        if isinstance(pairs := entry.get(name), Mapping)
    }
    held = fallback_of(policy) or {}
    return {
        **lines, "on": _listed(entry.get("on")), "fallback_score": held.get("score"),
        "fallback_outcome": held.get("outcome", ""),
    }  # fmt: skip


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        value = [one.strip() for one in value.split(",")]
    return [str(one) for one in value if str(one)] if isinstance(value, list | tuple) else []


def _written(names: list[str], before: Any, one: bool) -> Any:
    """Names as they were written before: a lone one plain or as a list; none at all is left out."""
    if len(names) == 1 and (isinstance(before, str) or (one and before is None)):
        return names[0]
    return names or None


def _number(text: str) -> Any:
    """A default as YAML would read it: a whole number, a number, or text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not name or not value or name in found:
            raise forms.ValidationError(
                _("%(line)s: write name: value, each name once."), params={"line": line.strip()}
            )
        found[name] = value
    return found
