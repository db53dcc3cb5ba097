"""The editor's forms: fields of an entry, and the edits that make the entry what the form says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.console.forms import Renderer
from seawall.console.words import OUTCOMES, SEVERITIES
from seawall.engine.pack.model import OUTCOMES as LEVELS

Edit = tuple[str, dict[str, Any]]
AREA = {"rows": 3, "spellcheck": "false", "class": "mono"}
NONE = ("", "—")


def outcomes() -> list[tuple[str, Any]]:
    """Choices of what a rule asks at least for, and none."""
    return [NONE, *((one.key, one.title) for one in OUTCOMES.values() if one.key != LEVELS[0])]


def set_choices(form: forms.Form, choices: Mapping[str, Any]) -> None:
    """Choices by field; fields that the form does not show are passed over."""
    for name, given in choices.items():
        if name in form.fields:
            field = form.fields[name]
            assert isinstance(field, forms.ChoiceField), "declared as one"
            field.choices = given


class EntryForm(forms.Form):
    """Members of one entry; what is left empty is taken out."""

    default_renderer = Renderer
    title_zh = forms.CharField(label=_("Title (Chinese)"), required=False, max_length=200)
    title_en = forms.CharField(label=_("Title (English)"), required=False, max_length=200)

    def fields_changed(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Members that differ from an entry as it stands; None takes one out."""
        return {key: value for key, value in self.members(before).items() if before.get(key) != value}

    def members(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the form says of each member it shows."""
        data = self.cleaned_data
        old = before.get("title")
        title = {**(old if isinstance(old, dict) else {}), "zh": data["title_zh"], "en": data["title_en"]}
        found = {"title": {key: text for key, text in title.items() if text} or None}
        for name in data:
            if not name.startswith("title_"):
                found[name] = self.value_of(name, before)
        return found

    def value_of(self, name: str, before: Mapping[str, Any]) -> Any:
        """A member's value; what is false or empty and does not stand there stays away."""
        value = self.cleaned_data[name]
        if name == "tags":
            value = [one.strip() for one in value.split(",") if one.strip()]
        if value in ("", None, [], False) and not (value is False and before.get(name) is not None):
            return None
        return value


class RuleForm(EntryForm):
    """A rule."""

    when = forms.CharField(
        label=_("Fires when"), max_length=4_000, widget=forms.Textarea(attrs=AREA),
        help_text=_("One expression over the event's fields, features, lists and models."),
    )  # fmt: skip
    on = forms.MultipleChoiceField(
        label=_("On events of"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every type of the policy."),
    )  # fmt: skip
    score = forms.IntegerField(label=_("Score"), required=False, min_value=-1_000, max_value=1_000)
    outcome = forms.ChoiceField(label=_("Asks at least for"), required=False)
    severity = forms.ChoiceField(label=_("Severity"), required=False)
    reason = forms.CharField(label=_("Reason code"), required=False, max_length=64)
    tags = forms.CharField(label=_("Tags"), required=False, max_length=300, help_text=_("Separated by commas."))
    legal = forms.BooleanField(label=_("Required by law: no allow list lifts it"), required=False)

    def __init__(self, *args: Any, types: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, {
            "on": [(one, one) for one in types], "outcome": outcomes(),
            "severity": [NONE, *((one.key, one.title) for one in SEVERITIES.values())],
        })  # fmt: skip


class NewRuleForm(RuleForm):
    """A rule that is not there yet."""

    id = forms.RegexField(
        r"^[a-z][a-z0-9_]{0,63}$", label=_("Name"),
        help_text=_("Lower-case letters, digits and _; decisions carry it."),
        error_messages={"invalid": _("Lower-case letters, digits and _; begin with a letter.")},
    )  # fmt: skip
    field_order = ("id",)


class ListForm(EntryForm):
    """A list's declaration; its entries are kept elsewhere."""

    four_eyes = forms.BooleanField(label=_("Entries need a second person"), required=False)
    max_validity = forms.CharField(label=_("Longest validity"), required=False, max_length=20, help_text="90d")
    outcome = forms.ChoiceField(label=_("A hit asks at least for"), required=False)
    reason = forms.CharField(label=_("Reason code"), required=False, max_length=64)
    legal = forms.BooleanField(label=_("Required by law: no allow list lifts it"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, {"outcome": outcomes()})


class ThresholdForm(forms.Form):
    """Scores from which outcomes hold, and the most a score comes to."""

    default_renderer = Renderer
    challenge = forms.IntegerField(label=OUTCOMES["challenge"].title, required=False, min_value=0, max_value=100_000)
    review = forms.IntegerField(label=OUTCOMES["review"].title, required=False, min_value=0, max_value=100_000)
    decline = forms.IntegerField(label=OUTCOMES["decline"].title, required=False, min_value=0, max_value=100_000)
    cap = forms.IntegerField(label=pgettext_lazy("policy member", "highest score"), min_value=1, max_value=100_000)

    def edits(self, policy: Mapping[str, Any]) -> list[Edit]:
        """One an outcome that changed."""
        now, data = thresholds(policy), self.cleaned_data
        found: list[Edit] = [
            ("threshold.set", {"outcome": one, "score": data[one]}) for one in LEVELS[1:] if data[one] != now.get(one)
        ]
        if data["cap"] != now.get("cap"):
            found.append(("cap.set", {"cap": data["cap"]}))
        return found


class LimitForm(forms.Form):
    """What each declared limit is where nobody set another."""

    default_renderer = Renderer

    def __init__(self, *args: Any, limits: Mapping[str, Any], titles: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        for name, one in limits.items():
            self.fields[name] = forms.CharField(
                label=titles.get(name, name), max_length=40, initial=str(one.get("default", "")), help_text=name
            )

    def edits(self) -> list[Edit]:
        """One a limit that changed; a whole number stays one."""
        found: list[Edit] = []
        for name, one in self._limits.items():
            before, text = one.get("default"), str(self.cleaned_data[name]).strip()
            value: Any = int(text) if isinstance(before, int) and text.lstrip("-").isdecimal() else text
            if value != before:
                found.append(("limit.change", {"name": name, "fields": {"default": value}}))
        return found


def thresholds(policy: Mapping[str, Any]) -> dict[str, Any]:
    """outcome -> score, with `cap`, as policy.yaml has them."""
    combine = policy.get("combine")
    if not isinstance(combine, Mapping):
        return {}
    found = dict(combine.get("thresholds") or {})
    return {**found, "cap": (combine.get("score") or {}).get("cap")}


def initial_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as a form shows it."""
    title = entry.get("title")
    titles = title if isinstance(title, Mapping) else {"en": title}
    tags = entry.get("tags")
    return {
        **entry, "title_zh": titles.get("zh", ""), "title_en": titles.get("en", ""),
        "tags": ", ".join(map(str, tags)) if isinstance(tags, list) else "",
    }  # fmt: skip


# --- decision tables --------------------------------------------------------------------------------------------------

ROW_MEMBERS = ("score", "outcome", "severity", "reason")


def table_edits(table: Mapping[str, Any], posted: Mapping[str, str]) -> list[Edit]:
    """Cells and members of rows that differ. `posted`: c.ROW.COLUMN and MEMBER.ROW, i.COLUMN for an input."""
    name, found = str(table["id"]), list[Edit]()
    for column, text in enumerate(table.get("inputs") or ()):
        new = posted.get(f"i.{column}", str(text)).strip()
        if new != str(text):
            found.append(("input.set", {"table": name, "column": column, "text": new}))
    for place, row in enumerate(table.get("rows") or ()):
        for column, cell in enumerate(row.get("when") or ()):
            new = posted.get(f"c.{place}.{column}", str(cell)).strip()
            if new != str(cell):
                about = {"table": name, "row": str(row["id"]), "column": column, "cell": new}
                found.append(("cell.set", about))
        changed = _members_changed(row, posted, place)
        if changed:
            found.append(("row.change", {"table": name, "row": str(row["id"]), "fields": changed}))
    return found


def new_row(table: Mapping[str, Any]) -> dict[str, Any]:
    """A row that matches everything and scores nothing, under a free id."""
    rows = table.get("rows") or []
    taken, number = {str(row.get("id")) for row in rows}, len(rows) + 1
    while f"row_{number}" in taken:
        number += 1
    return {"id": f"row_{number}", "when": ["-"] * len(table.get("inputs") or ()), "score": 0}


def _members_changed(row: Mapping[str, Any], posted: Mapping[str, str], place: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member in ROW_MEMBERS:
        before = row.get(member)
        text = posted.get(f"{member}.{place}", "" if before is None else str(before)).strip()
        value: Any = int(text) if member == "score" and text.lstrip("-").isdecimal() else text or None
        if value != before:
            found[member] = value
    return found
