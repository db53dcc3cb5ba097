"""Event types: fields, types, sensitivity grades, entity keys; derived codes; versions, upcasters, JSON Schema."""

from __future__ import annotations

import ipaddress
import keyword
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from seawall.engine.errors import Problem
from seawall.engine.money import EXPONENTS, MAX_MINOR

FIELD_TYPES = ("key", "code", "string", "int", "decimal", "number", "money", "currency", "bool", "time")
GRADES = ("public", "internal", "sensitive")
OWNERS = ("subject", "other")
IMPLIED = ("event_id", "type", "event_time")  # what every event carries besides the fields its type declares
ADDED = ("received_at", "base_amount", "fx_rate")  # what the door adds
MAX_KEY = 256
MAX_STRING = 4096
MAX_INT = 2**53 - 1  # what every JSON reader holds exactly

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63}){0,3}", re.ASCII)
_RESERVED = """
true false null in as break const continue else for function if import let loop package namespace return var void while
lists has size matches lower upper abs min max floor ceil round int double string bool hour weekday day_of_month month
money duration timestamp geo_km contains models limits switches
"""  # the expression language's own words and functions
RESERVED = frozenset(keyword.kwlist) | frozenset(_RESERVED.split())

_TITLE = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field of an event type.

    `scale` counts the decimals of a decimal(scale) field. `space` names the pseudonym space of a sensitive key: keys
    that name the same kind of thing (payer, payee: account) share one, else it is the field's own name. `owner` says
    whose key it is: the event's subject's, or another person's, which erasing the subject leaves alone.
    """

    name: str
    type: str
    required: bool
    grade: str
    purpose: str
    title: _TITLE = field(compare=False)
    scale: int = 0
    space: str = ""
    owner: str = "subject"

    @property
    def pseudonymised(self) -> bool:
        """A sensitive key: the event carries a random surrogate in its place."""
        return self.grade == "sensitive" and self.type == "key"

    @property
    def sealed(self) -> bool:
        """A sensitive value: the event carries it encrypted; no feature or rule reads it."""
        return self.grade == "sensitive" and self.type != "key"


@dataclass(frozen=True, slots=True)
class Derive:
    """A clear code or number taken at the door from the clear text of `source`: `take` is (function, argument)."""

    name: str
    source: str
    take: tuple[str, int]
    type: str
    title: _TITLE = field(compare=False)


@dataclass(frozen=True, slots=True)
class Upcast:
    """How fields of version `to - 1` become those of version `to`: first renames (old, new), then absent ones set."""

    to: int
    rename: tuple[tuple[str, str], ...] = ()
    set: tuple[tuple[str, str | int | float | bool], ...] = ()

    def apply(self, fields: Mapping[str, object]) -> dict[str, object]:
        """A new dict; the given one stays as it is."""
        names = dict(self.rename)
        moved = {names.get(name, name): value for name, value in fields.items()}
        return dict(self.set) | moved


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event at one version. `subject` is the key field whose data key seals the sensitive values."""

    name: str
    version: int
    title: _TITLE = field(compare=False)
    subject: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict, hash=False)
    derive: tuple[Derive, ...] = ()
    upcasts: tuple[Upcast, ...] = ()
    deprecated: bool = False

    @property
    def claimed(self) -> tuple[str, ...]:
        """Sensitive keys of the subject's own: erasing the subject cuts their links."""
        if not self.subject:
            return ()
        own = (one for one in self.fields.values() if one.pseudonymised and one.owner == OWNERS[0])
        return tuple(one.name for one in own if one.name != self.subject)

    def column(self, name: str) -> Field | None:
        """What an admitted event of this type holds under `name`: declared, implied, added or derived; else None."""
        return self.fields.get(name) or self.columns().get(name)

    def columns(self) -> dict[str, Field]:
        """Everything an admitted event of this type can hold, as fields."""
        columns = {name: _implied(name, kind) for name, kind in _IMPLIED_TYPES.items()} | dict(self.fields)
        if "amount" in self.fields:
            needed = self.fields["amount"].required
            columns["base_amount"] = _implied("base_amount", "money", needed)
            columns["fx_rate"] = _implied("fx_rate", "string", needed)
        for derive in self.derive:
            columns[derive.name] = Field(derive.name, derive.type, False, "internal", "risk", derive.title)
        return columns


@dataclass(frozen=True, slots=True)
class LabelType:
    """A label: a later statement about an event, carrying the entity keys named here."""

    name: str
    title: _TITLE = field(compare=False)
    keys: tuple[str, ...] = ()


_IMPLIED_TYPES = {"event_id": "string", "type": "code", "event_time": "time", "received_at": "time"}


def _implied(name: str, kind: str, required: bool = True) -> Field:
    return Field(name, kind, required, "internal", "risk", {})


# --- derive -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Take:
    """One way to derive: `function(value, n)` gives the derived value or None (nothing to take).

    `bound` is the largest n, 0 for a function without one; `sensitive_bound` the largest n (0: without one) that
    still hides a sensitive source, -1 when the result would give the source away.
    """

    function: Callable[[Any, int], str | int | None]
    sources: tuple[str, ...]
    result: str  # code | int
    bound: int
    sensitive_bound: int


def _first(value: str, count: int) -> str | None:
    return value[:count] if len(value) > count else None


def _last(value: str, count: int) -> str | None:
    return value[-count:] if len(value) > count else None


def _length(value: str, _: int) -> int:
    return len(value)


def _lower(value: str, _: int) -> str | None:
    return value.lower() or None


def _domain(value: str, _: int) -> str | None:
    name, at, domain = value.rpartition("@")
    return domain.lower().rstrip(".") or None if at and name else None


def _ip_prefix(value: str, bits: int) -> str | None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    prefix = bits if address.version == 4 else 2 * bits
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


def _phone_prefix(value: str, count: int) -> str | None:
    return _first("".join(char for char in value if char in "0123456789"), count)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR = re.compile(r"(\d{4})([-/.年]|\d{4}$)", re.ASCII)


def _year(value: str | int, _: int) -> int | None:
    if isinstance(value, int):
        return (_EPOCH + timedelta(milliseconds=value)).year
    match = _YEAR.match(value)
    return int(match[1]) if match else None


_TEXT = ("key", "code", "string")
TAKES: Mapping[str, Take] = {
    "first": Take(_first, _TEXT, "code", 64, 8),
    "last": Take(_last, _TEXT, "code", 64, 4),
    "length": Take(_length, _TEXT, "int", 0, 0),
    "lower": Take(_lower, _TEXT, "code", 0, -1),
    "domain": Take(_domain, _TEXT, "code", 0, 0),
    "ip_prefix": Take(_ip_prefix, _TEXT, "code", 32, 24),
    "phone_prefix": Take(_phone_prefix, _TEXT, "code", 12, 7),
    "year": Take(_year, (*_TEXT, "time"), "int", 0, 0),
}


def derived(event_type: EventType, fields: Mapping[str, object]) -> dict[str, object]:
    """The derived values of an event, from its clear fields; those with nothing to take are left out."""
    values: dict[str, object] = {}
    for derive in event_type.derive:
        source = fields.get(derive.source)
        if source is not None:
            name, argument = derive.take
            value = TAKES[name].function(source, argument)
            if value is not None:
                values[derive.name] = value
    return values


# --- versions ---------------------------------------------------------------------------------------------------------


def upcast(event_type: EventType, fields: Mapping[str, object], version: int) -> dict[str, object]:
    """Admitted fields as stored at `version`, as the type's present version reads them."""
    assert 1 <= version <= event_type.version, f"{event_type.name} has no version {version}"
    current = dict(fields)
    for step in event_type.upcasts:
        if step.to > version:
            current = step.apply(current)
    return current


def check_additive(old: EventType, new: EventType) -> list[Problem]:
    """What in `new` would break a reader of `old` events or a sender of them; [] when the change only adds."""
    steps = [step for step in new.upcasts if step.to > old.version]
    renamed = {before: after for step in steps for before, after in step.rename}
    filled = {name for step in steps for name, _ in step.set} | set(renamed.values())
    problems = []
    if new.version < old.version or (new.version == old.version and new != old):
        problems.append(Problem(f"{new.name}: changed, but its version is still {new.version}", "raise the version"))
    for name, before in old.fields.items():
        after = new.fields.get(renamed.get(name, name))
        if after is None:
            problems.append(Problem(f"{new.name}.{name}: removed", "keep it, or state a rename under upcast"))
            continue
        for what in ("type", "scale", "grade", "space"):
            if getattr(before, what) != getattr(after, what):
                change = f"{what} {getattr(before, what)!r} became {getattr(after, what)!r}"
                problems.append(Problem(f"{new.name}.{name}: {change}", "add a new field instead"))
        if after.required and not before.required:
            problems.append(Problem(f"{new.name}.{name}: became required", "leave it optional"))
    for name, added in new.fields.items():
        if name not in old.fields and added.required and name not in filled:
            problems.append(Problem(f"{new.name}.{name}: new and required", "leave it optional, or set it by upcast"))
    before_derived = {derive.name: (derive.source, derive.take, derive.type) for derive in old.derive}
    after_derived = {derive.name: (derive.source, derive.take, derive.type) for derive in new.derive}
    for name, stated in before_derived.items():
        if after_derived.get(name) != stated:
            problems.append(Problem(f"{new.name}.{name}: derived otherwise, or no more", "add a new name instead"))
    if old.subject != renamed.get(new.subject, new.subject) and renamed.get(old.subject) != new.subject:
        problems.append(Problem(f"{new.name}: its subject changed", f"keep {old.subject}"))
    return problems


# --- JSON Schema ------------------------------------------------------------------------------------------------------

NO_CONTROLS = r"^[^\u0000-\u001F\u007F-\u009F]*$"
INSTANT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3}0*)?(Z|[+-]\d{2}:\d{2})$"
_KEY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": NO_CONTROLS}
_TIME_SCHEMA = {"type": "string", "format": "date-time", "pattern": INSTANT}


def _field_schema(declared: Field) -> dict[str, Any]:
    schemas: dict[str, dict[str, Any]] = {
        "key": _KEY_SCHEMA,
        "code": _KEY_SCHEMA,
        "string": {"type": "string", "maxLength": MAX_STRING},
        "int": {"type": "integer", "minimum": -MAX_INT, "maximum": MAX_INT},
        "decimal": {"type": ["string", "number"], "pattern": rf"^[+-]?\d+(\.\d{{1,{max(declared.scale, 1)}}}0*)?$"},
        "number": {"type": "number"},
        "money": {"type": "integer", "minimum": -MAX_MINOR, "maximum": MAX_MINOR},
        "currency": {"type": "string", "enum": sorted(EXPONENTS)},
        "bool": {"type": "boolean"},
        "time": _TIME_SCHEMA,
    }
    titles = {"title": declared.title.get("en", declared.name), "x-title-zh": declared.title.get("zh", "")}
    return schemas[declared.type] | titles | {"x-grade": declared.grade, "x-purpose": declared.purpose}


def json_schema(event_type: EventType) -> dict[str, Any]:
    """JSON Schema 2020-12 of the event as a caller sends it (null stands for an absent optional field at the door)."""
    implied = {
        "event_id": _KEY_SCHEMA | {"title": "Idempotency key", "x-title-zh": "幂等键"},
        "type": {"const": event_type.name},
        "event_time": _TIME_SCHEMA | {"title": "Event time", "x-title-zh": "事件时间"},
    }
    required = [name for name, declared in event_type.fields.items() if declared.required]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:seawall:event:{event_type.name}:{event_type.version}",
        "title": event_type.title.get("en", event_type.name),
        "x-title-zh": event_type.title.get("zh", ""),
        "type": "object",
        "properties": implied | {name: _field_schema(declared) for name, declared in event_type.fields.items()},
        "required": [*IMPLIED, *required],
        "additionalProperties": False,
        "deprecated": event_type.deprecated,
    }
