"""events.yaml: the pack's settings, its event types and labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from seawall.engine.event import (
    ADDED,
    FIELD_TYPES,
    GRADES,
    IMPLIED,
    OWNERS,
    TAKES,
    TYPE_NAME,
    Derive,
    EventType,
    Field,
    LabelType,
    Upcast,
)
from seawall.engine.money import EXPONENTS
from seawall.engine.pack.model import Place
from seawall.engine.pack.reader import Node, did_you_mean
from seawall.engine.times import DAY

_SETTINGS = ("pack", "base_currency", "zone", "lateness", "idempotency")
_TAKE = re.compile(r"([a-z_]+)(?:\((\d{1,3})\))?", re.ASCII)
_TYPE = re.compile(r"([a-z]+)(?:\((\d)\))?", re.ASCII)
_MAX_HORIZON = 400 * DAY
# Values as an admitted event holds them: what `upcast: {2: {set: …}}` may give a field of each type.
_ADMITTED: Mapping[str, tuple[type, ...]] = {
    "key": (str,), "code": (str,), "string": (str,), "currency": (str,), "bool": (bool,),
    "int": (int,), "money": (int,), "decimal": (int,), "time": (int,), "number": (int, float),
}  # fmt: skip


@dataclass(slots=True)
class Settings:
    """What events.yaml says."""

    name: str = ""
    base_currency: str = ""
    zone: str = "UTC"
    lateness_ms: int = DAY
    idempotency_ms: int = 30 * DAY
    events: dict[str, EventType] = field(default_factory=dict)
    labels: dict[str, LabelType] = field(default_factory=dict)


def read_events(root: Node, places: dict[tuple[str, ...], Place]) -> Settings:
    """Event types and labels with every structural problem noted; broken parts are left out of the result."""
    if not root.members((*_SETTINGS, "events", "labels"), ("pack", "base_currency", "events"), "events.yaml"):
        return Settings()
    settings = Settings(
        name=root.name("pack"),
        base_currency=root.choice("base_currency", EXPONENTS),
        zone=root.zone("zone", "UTC"),
        lateness_ms=root.duration("lateness", DAY),
        idempotency_ms=root.duration("idempotency", 30 * DAY),
    )
    if not settings.lateness_ms <= settings.idempotency_ms <= _MAX_HORIZON:
        root.problem("idempotency must be at least lateness and at most 400d", "raise it, like 30d", key="idempotency")
    for name, node in root["events"].entries():
        places["event", name] = node.place
        if not TYPE_NAME.fullmatch(name) or name.startswith("label."):
            root["events"].problem(f"event type {name!r} is not a name", "like payment.card, a-z 0-9 _ .", key=name)
        elif (event_type := _event_type(name, node, places)) is not None:
            settings.events[name] = event_type
    _check_one_meaning(root, settings.events, places)
    for name, node in root["labels"].entries():
        places["label", name] = node.place
        if node.members(("title", "keys"), ("title", "keys"), f"label {name}") and node.as_name("label", name):
            keys = {key for event in settings.events.values() for key in event.fields if _is_key(event, key)}
            settings.labels[name] = LabelType(name, node.title(), node.known_words("keys", keys, "entity key"))
    return settings


def _event_type(name: str, node: Node, places: dict[tuple[str, ...], Place]) -> EventType | None:
    keys = ("version", "title", "subject", "fields", "derive", "upcast", "deprecated")
    if not node.members(keys, ("version", "title", "fields"), f"event type {name}"):
        return None
    fields: dict[str, Field] = {}
    for field_name, member in node["fields"].entries():
        places["field", name, field_name] = member.place
        if (declared := _field(field_name, member)) is not None:
            fields[field_name] = declared
    version = node.integer("version", 1, 10_000, 1)
    event_type = EventType(
        name=name,
        version=version,
        title=node.title(),
        subject=node.known("subject", fields, "field"),
        fields=fields,
        derive=tuple(_derive(node["derive"], fields)),
        upcasts=tuple(_upcasts(node["upcast"], fields, version)),
        deprecated=node.boolean("deprecated"),
    )
    _check_money(event_type, node)
    _check_subject(event_type, node)
    return event_type


def _field(name: str, node: Node) -> Field | None:
    keys = ("type", "required", "grade", "purpose", "title", "space", "owner")
    if not _is_new_name(name, node, "field"):
        return None
    if not node.members(keys, ("type", "grade", "purpose", "title"), f"field {name}"):
        return None
    kind, scale = _field_type(node)
    grade = node.choice("grade", GRADES)
    if not kind or not grade:
        return None
    declared = Field(name, kind, node.boolean("required"), grade, node.name("purpose"), node.title(), scale)
    space = node.name("space")
    if space and not declared.pseudonymised:
        node["space"].problem("space belongs to sensitive keys only", "remove it")
    owner = node.choice("owner", OWNERS, OWNERS[0])
    if node.has("owner") and not declared.pseudonymised:
        node["owner"].problem("owner belongs to sensitive keys only", "remove it")
    return declared if not declared.pseudonymised else replace(declared, space=space or name, owner=owner)


def _field_type(node: Node) -> tuple[str, int]:
    text = node.text("type")
    match = _TYPE.fullmatch(text)
    kind = match[1] if match else text
    if kind not in FIELD_TYPES:
        if text:
            node["type"].problem(f"unknown type {text!r}", did_you_mean(kind, FIELD_TYPES))
        return "", 0
    digits = match[2] if match else None
    if (kind == "decimal") != (digits is not None) or digits == "0":
        node["type"].problem(f"type {text!r}: decimal, and only decimal, states its scale", "like decimal(4)")
        return "", 0
    return kind, int(digits or 0)


def _is_new_name(name: str, node: Node, what: str) -> bool:
    if name in IMPLIED or name in ADDED:
        node.problem(f"{what} {name!r} is in every event already", "remove it, or choose another name")
        return False
    return bool(node.as_name(what, name))


def _derive(node: Node, fields: Mapping[str, Field]) -> list[Derive]:
    derived = []
    for name, member in node.entries():
        keys = ("from", "take", "type", "title")
        if not member.members(keys, keys, f"derived field {name}") or not _is_new_name(name, member, "derived field"):
            continue
        if name in fields:
            member.problem(f"{name!r} is a field and a derived field", "rename one")
            continue
        source = member.known("from", fields, "field")
        take = _take(member, fields[source]) if source else None
        if take is not None:
            wanted = ("int",) if TAKES[take[0]].result == "int" else ("code", "key")
            kind = member.choice("type", wanted, wanted[0])
            derived.append(Derive(name, source, take, kind, member.title()))
    return derived


def _take(node: Node, source: Field) -> tuple[str, int] | None:
    text = node.text("take")
    match = _TAKE.fullmatch(text)
    take = TAKES.get(match[1]) if match else None
    if match is None or take is None:
        if text:
            node["take"].problem(f"unknown take {text!r}", did_you_mean(text.partition("(")[0], TAKES))
        return None
    argument = int(match[2] or 0)
    if (match[2] is not None) != bool(take.bound) or not min(take.bound, 1) <= argument <= take.bound:
        form = f"{match[1]}(n) with n from 1 to {take.bound}" if take.bound else f"{match[1]} without a number"
        node["take"].problem(f"take {text!r} is not right", f"write {form}")
        return None
    if source.type not in take.sources:
        node["take"].problem(f"{match[1]} cannot take from {source.name}, a {source.type}", "use another source")
        return None
    if source.grade == "sensitive" and argument > take.sensitive_bound:
        most = f"at most {match[1]}({take.sensitive_bound})" if take.sensitive_bound > 0 else "take something coarser"
        node["take"].problem(f"{text} would give the sensitive {source.name} away", most)
        return None
    return match[1], argument


def _upcasts(node: Node, fields: Mapping[str, Field], version: int) -> list[Upcast]:
    steps = []
    for key in sorted(node.value or () if isinstance(node.value, dict) else (), key=str):
        if not isinstance(key, int) or not 2 <= key <= version:
            node.problem(f"upcast {key!r} is not a version of this type after 1", f"use 2 to {version}", key=key)
            continue
        step = node[key]
        if not step.members(("rename", "set"), (), f"upcast {key}"):
            continue
        renames = tuple((old, member.value) for old, member in step["rename"].entries() if _is_field(member, fields))
        values = tuple((name, member.value) for name, member in step["set"].entries() if _fits(name, member, fields))
        steps.append(Upcast(key, renames, values))
    return sorted(steps, key=lambda step: step.to)


def _is_field(node: Node, fields: Mapping[str, Field]) -> bool:
    if node.value in fields:
        return True
    node.problem(f"unknown field {node.value!r}", did_you_mean(str(node.value), fields))
    return False


def _fits(name: str, node: Node, fields: Mapping[str, Field]) -> bool:
    declared = fields.get(name)
    if declared is None:
        node.problem(f"unknown field {name!r}", did_you_mean(name, fields))
        return False
    accepted = _ADMITTED[declared.type]
    if declared.grade == "sensitive" or not isinstance(node.value, accepted) or type(node.value) not in accepted:
        node.problem(f"{node.value!r} is no value an upcast can give {name}, a {declared.grade} {declared.type}")
        return False
    return True


def _check_money(event_type: EventType, node: Node) -> None:
    fields = event_type.fields
    money = [name for name, declared in fields.items() if declared.type == "money"]
    currency = fields.get("currency")
    for name, kind in (("amount", "money"), ("currency", "currency")):
        if name in fields and fields[name].type != kind:
            node["fields"].problem(f"{name} must be of type {kind}, not {fields[name].type}", key=name)
        elif name in fields and fields[name].sealed:
            node["fields"].problem(f"{name} cannot be sensitive: base_amount is computed from it", "internal", key=name)
    if money and currency is None:
        node["fields"].problem(f"{money[0]} is money, but there is no field currency", "add one of type currency")
    elif "amount" in fields and fields["amount"].required and currency is not None and not currency.required:
        node["fields"].problem("amount is required, so currency must be", "required: true", key="currency")


def _check_subject(event_type: EventType, node: Node) -> None:
    sealed = [name for name, declared in event_type.fields.items() if declared.sealed]
    if not event_type.subject:
        if sealed and not node.has("subject"):
            node.problem(f"{sealed[0]} is sensitive, but no subject is stated", "name the key whose data key seals it")
        return
    subject = event_type.fields[event_type.subject]
    if subject.type != "key" or not subject.required:
        node["subject"].problem(f"subject {subject.name} must be a required key", "required: true")


def _check_one_meaning(root: Node, events: Mapping[str, EventType], places: Mapping[tuple[str, ...], Place]) -> None:
    """A name means one thing: the same type, scale and sensitivity in every event type that has it."""
    first: dict[str, tuple[str, tuple[object, ...]]] = {}
    for event_name, event_type in events.items():
        for name, declared in event_type.columns().items():
            meaning = (declared.type, declared.scale, declared.grade == "sensitive", declared.space)
            owner, known = first.setdefault(name, (event_name, meaning))
            if meaning != known:
                section = root["events"][event_name]["fields" if name in event_type.fields else "derive"]
                message = f"{name} is {_meaning(meaning)} here, but {_meaning(known)} in {owner}"
                section.problem(message, "one name has one type, sensitivity and space", key=name)


def _meaning(meaning: tuple[object, ...]) -> str:
    kind, scale, sensitive, space = meaning
    words = f"a sensitive {kind}" if sensitive else f"a clear {kind}"
    return words + (f"({scale})" if scale else "") + (f" of space {space}" if space else "")


def _is_key(event_type: EventType, name: str) -> bool:
    return event_type.fields[name].type == "key"
