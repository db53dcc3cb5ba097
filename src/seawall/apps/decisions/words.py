"""Values of a decision as people read them: leaves and fields by the titles and types that their pack gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.apps.decisions.models import ActivationRow
from seawall.console import formatting
from seawall.console.words import Word, words
from seawall.engine.language import Type
from seawall.engine.money import EXPONENTS
from seawall.engine.policy import CompiledPolicy
from seawall.engine.scope import LATE_BY, SETTING_TYPES, feature_type, field_type, fields_of

PURPOSES = words(
    Word("fraud", gettext_lazy("Fraud investigation")),
    Word("aml", gettext_lazy("Money-laundering investigation")),
    Word("complaint", gettext_lazy("Complaint of the customer")),
    Word("request", gettext_lazy("Data request of the person concerned")),
    Word("authority", gettext_lazy("Request of an authority")),
)
# What a sealed field holds, told by its name; what is not told is masked the strictest way.
MASKS: Mapping[str, str] = {
    "name": "name", "phone": "phone", "mobile": "phone", "email": "email", "id_number": "id_number", "card": "pan",
    "pan": "pan",
}  # fmt: skip


def language() -> str:
    """`zh` or `en`: the language of pack texts for the page at hand."""
    return "zh" if formatting.chinese() else "en"


def titled(title: Mapping[str, str], name: str) -> str:
    """A pack's title in the page's language, else the name."""
    return title.get(language()) or name


def mask_kind(field: str) -> str:
    """The mask that fits a field, by its name or the last words of it."""
    parts = field.split("_")
    tails = ("_".join(parts[at:]) for at in range(len(parts)))
    return next((MASKS[tail] for tail in tails if tail in MASKS), "generic")


class Vocabulary:
    """Titles and types of everything that expressions of one policy read on one event type."""

    def __init__(self, policy: CompiledPolicy, event_type: str) -> None:
        pack = policy.pack
        self.policy, self.pack = policy, pack
        self.declared = pack.events[event_type]
        self._types: dict[str, Type] = {one.name: one.type for one in policy.fields}
        values = {policy.plan.features[one.index].name: one.expression.type for one in policy.values}
        for feature in pack.features.values():
            self._types[feature.name] = values.get(feature.name) or feature_type(feature, pack, values)
        found = fields_of(pack, pack.events)
        money = {name for name, declared in found.items() if declared[0].type == "money"}
        # means and deviations of amounts are fractions of minor units: amounts all the same
        self._scales = {
            one.name: one.scale for one in pack.features.values() if one.of in money and one.agg in _AMOUNTS
        }
        self._fields = {name: found[0] for name, found in fields_of(pack, [event_type]).items()}

    def title(self, name: str) -> str:
        """What a leaf is called: a feature, a field, a model, `FIELD in lists.NAME`."""
        if name in self.pack.features:
            return titled(self.pack.features[name].title, name)
        if " in lists." in name:
            key, _in, listed = name.partition(" in lists.")
            definition = self.pack.lists.get(listed)
            found = titled(definition.title, listed) if definition else listed
            return _("%(field)s on the list %(list)s") % {"field": self.title(key), "list": found}
        if name.startswith("models."):
            model = self.pack.models.get(name.removeprefix("models."))
            return titled(model.title, name) if model else name
        if name in self.pack.settings:
            return titled(self.pack.settings[name].title, name)
        if name in _IMPLIED:
            return str(_IMPLIED[name])
        return titled(self._fields[name].title, name) if name in self._fields else name

    def type_of(self, name: str) -> Type:
        """The language type of a leaf or a field."""
        if " in lists." in name:
            return Type.BOOL
        if name in self.pack.settings:
            return SETTING_TYPES[self.pack.settings[name].type]
        if name in self._types:
            return self._types[name]
        if name in self._fields:
            return field_type(self._fields[name])
        return Type.DURATION if name == LATE_BY else Type.DOUBLE

    def text(self, name: str, value: Any, currency: str = "") -> str:
        """A value as text: amounts with their currency, times in the platform's zone, spans in their largest units."""
        if value is None:
            return formatting.MISSING
        kind = self.type_of(name)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if (kind is Type.MONEY or name in self._scales) and isinstance(value, int | float):
            code = currency if name == "amount" and currency else self.pack.base_currency
            minor = round(value * self._scales.get(name, 1))
            return f"{formatting.money(minor, code)} {code}" if code in EXPONENTS else formatting.number(minor)
        if kind is Type.DURATION and isinstance(value, int | float):
            return formatting.duration(value / 1000)
        if kind is Type.TIMESTAMP and isinstance(value, int | float):
            return formatting.in_full(value)
        if isinstance(value, int | float):
            return formatting.number(value)
        if kind is Type.KEY:
            return formatting.short_id(value)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_AMOUNTS = ("sum", "mean", "min", "max", "std", "first", "last")
_IMPLIED = {
    "event_id": gettext_lazy("Event id"),
    "type": gettext_lazy("Event type"),
    "event_time": gettext_lazy("Event time"),
    "received_at": gettext_lazy("Received"),
    "base_amount": gettext_lazy("Amount in the base currency"),
    "fx_rate": gettext_lazy("Exchange rate"),
    LATE_BY: gettext_lazy("Late by"),
}


def label_title(policy: CompiledPolicy | None, label: str) -> str:
    """What a label is called in the active pack."""
    declared = policy.pack.labels.get(label) if policy else None
    return titled(declared.title, label) if declared else label


def digest_of(policy: str) -> str | None:
    """Where the pack of `name@version` is filed in the journal."""
    found = ActivationRow.objects.filter(policy=policy).order_by("-sequence").first()
    if found is not None:
        return found.digest
    beside = ActivationRow.objects.exclude(beside={}).order_by("-sequence").values_list("beside", flat=True)
    return next((one[policy] for one in beside if policy in one), None)
