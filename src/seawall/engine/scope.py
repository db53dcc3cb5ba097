"""What the expressions of a pack may name, and where each value stands in a row.

A row is one event's values: the features in name order, the kernel's degraded words, the field slots that expressions
read, and a slot for each `FIELD in lists.NAME` look-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .event import EventType, Field
from .feature.definition import Feature
from .language import Name, Scope, Type
from .money import EXPONENTS
from .pack.model import Pack
from .settings import SWITCH

_TYPES = {
    "key": Type.STRING,
    "code": Type.STRING,
    "string": Type.STRING,
    "currency": Type.STRING,
    "int": Type.INT,
    "decimal": Type.DOUBLE,
    "number": Type.DOUBLE,
    "money": Type.MONEY,
    "bool": Type.BOOL,
    "time": Type.TIMESTAMP,
}
SETTING_TYPES = {"money": Type.MONEY, "integer": Type.INT, "number": Type.DOUBLE, SWITCH: Type.BOOL}
LATE_BY = "late_by"
_SEALED = "is sealed: no rule or feature reads it; derive a clear code from it at the door"
_FOREIGN = 'is in the event\'s own currency; compare base_amount, or state currency == "XXX" as well'


_UNSETTLED = "changes while a policy runs, and what enters a window must not; rules, tables and value features read it"


@dataclass(frozen=True, slots=True)
class FieldSlot:
    """One field that expressions read: its name, language type and, for decimals, the divisor of the scaled integer."""

    name: str
    type: Type
    scale: int


def field_type(field: Field) -> Type:
    """The language type of a field: a pseudonymised key can only be compared and looked up."""
    return Type.KEY if field.pseudonymised else _TYPES[field.type]


def fields_of(pack: Pack, on: Iterable[str]) -> dict[str, list[Field]]:
    """Every field that events of the types `on` may carry, by name, one declaration a type that has it."""
    found: dict[str, list[Field]] = {}
    for name in on:
        for field in pack.events[name].columns().values():
            found.setdefault(field.name, []).append(field)
    return found


def field_names(pack: Pack, on: tuple[str, ...], text: str) -> dict[str, Name]:
    """Names of the fields that a text about events of the types `on` may use."""
    names: dict[str, Name] = {LATE_BY: Name(LATE_BY, Type.DURATION, nullable=False)}
    for name, declared in fields_of(pack, on).items():
        field = declared[0]
        refusal = _SEALED if field.sealed else ""
        if field.type == "money" and name != "base_amount" and "currency" not in text:
            refusal = _FOREIGN
        always = len(declared) == len(on) and all(one.required for one in declared)
        names[name] = Name(name, field_type(field), nullable=not always, refusal=refusal)
    held = {kind: event_type.columns() for kind, event_type in pack.events.items()}
    for name in {name for columns in held.values() for name in columns} - names.keys():
        owners = [kind for kind, columns in held.items() if name in columns]
        names[name] = Name(name, Type.STRING, refusal=f"is a field of {', '.join(owners)}, not of {', '.join(on)}")
    return names


def feature_type(feature: Feature, pack: Pack, values: Mapping[str, Type]) -> Type:
    """The language type of a feature; `values` has those of value features."""
    if feature.value:
        return values[feature.name]
    if feature.link or feature.agg in ("count", "distinct"):
        return Type.INT
    if feature.agg == "time_since":
        return Type.DURATION
    if feature.agg in ("mean", "std", "ratio") or feature.scale != 1:
        return Type.DOUBLE
    kinds = {column_type(pack, source, feature.of) for source in feature.on}
    assert len(kinds) == 1, f"{feature.name}: of has one type over all sources"
    return kinds.pop()


def column_type(pack: Pack, source: str, name: str) -> Type:
    """Language type of a column of an event type or label (whose columns are keys)."""
    event_type: EventType | None = pack.events.get(source)
    if event_type is None:
        declared = [field for kind in pack.events.values() if (field := kind.fields.get(name))]
        return field_type(declared[0]) if declared else Type.STRING
    field = event_type.column(name)
    assert field is not None, f"{source} has {name}"
    return field_type(field)


def model_names(pack: Pack, on: tuple[str, ...], scored: bool) -> dict[str, Name]:
    """Names of the models' scores for a text about events of the types `on`; `scored`: it runs after the models."""
    names = {}
    for model in pack.models.values():
        refusal = "" if scored else "models are scored after the features, for rules and decision tables"
        if scored and not set(on) & set(model.on):
            refusal = f"is scored on {', '.join(model.on)}, not on {', '.join(on)}"
        names[model.name] = Name(f"models.{model.name}", Type.DOUBLE, refusal=refusal)
    return names


def setting_names(pack: Pack, settled: bool) -> dict[str, Name]:
    """Names of the limits and switches, as they are read; `settled`: the text may read them."""
    refusal = "" if settled else _UNSETTLED
    return {
        name: Name(name, SETTING_TYPES[one.type], nullable=one.default is None, refusal=refusal)
        for name, one in pack.settings.items()
    }


def scope_for(
    pack: Pack,
    on: tuple[str, ...],
    text: str,
    features: Mapping[str, Type],
    scored: bool = False,
    settled: bool = True,
) -> Scope:
    """Scope of one text: fields of the types it runs on, features, lists, limits and switches, and, where it runs after
    them, models."""
    names = field_names(pack, on, text)
    names |= {name: Name(name, kind) for name, kind in features.items()}
    return Scope(
        names=names,
        lists={definition.name: definition.key for definition in pack.lists.values()},
        models=model_names(pack, on, scored),
        settings=setting_names(pack, settled),
        money_exponent=EXPONENTS[pack.base_currency],
        zone=pack.zone,
    )
