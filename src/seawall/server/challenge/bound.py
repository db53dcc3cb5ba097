"""What an answer is good for: the bound fields of the challenged event, as its caller sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seawall.engine.door import Event
from seawall.engine.errors import EventError
from seawall.engine.event import EventType, Field
from seawall.engine.money import exponent
from seawall.engine.pack.model import ChallengeMethod
from seawall.sealing import LocalSealer

Value = int | str | bool


def fields_of(method: ChallengeMethod, kind: EventType, event: Event) -> list[Field]:
    """The fields of this event that the method binds."""
    return [kind.fields[name] for name in method.bind if name in kind.fields and name in event.fields]


def opened(sealer: LocalSealer, kind: EventType, event: Event, name: str) -> Any:
    """The clear value of a sealed field. ErasedError, TamperError."""
    subject = str(event.fields[kind.subject])
    return msgspec.json.decode(sealer.open(subject, f"{event.event_id}/{name}", str(event.fields[name])))


def differing(
    sealer: LocalSealer, method: ChallengeMethod, kind: EventType, event: Event, given: Mapping[str, Value]
) -> str:
    """The first bound field that was given with another value; "". EventError for one that is missing or not bound."""
    bound = {field.name: field for field in fields_of(method, kind, event)}
    for name in given:
        if name not in bound:
            raise EventError(f"bound.{name[:64]}", f"is not bound; there are {', '.join(bound) or 'none'}")
    for name in bound:
        if name not in given:
            raise EventError(f"bound.{name}", "is required: send what the subject is about to do, as you will do it")
    return next((name for name, field in bound.items() if not _same(sealer, kind, event, field, given[name])), "")


def _same(sealer: LocalSealer, kind: EventType, event: Event, field: Field, given: Value) -> bool:
    known = event.fields[field.name]
    if field.pseudonymised:
        return isinstance(given, str) and sealer.find(field.space, given) == known
    if field.sealed:
        known = opened(sealer, kind, event, field.name)
    return type(given) is type(known) and given == known


def described(sealer: LocalSealer, method: ChallengeMethod, kind: EventType, event: Event, language: str) -> str:
    """The bound data as people read it: `金额 CNY 200.00,商户 m1`. Surrogates stay out: nobody knows them."""
    parts = []
    for field in fields_of(method, kind, event):
        value = event.fields[field.name]
        if field.pseudonymised or field.type == "currency":
            continue
        if field.sealed:
            value = opened(sealer, kind, event, field.name)
        elif field.type == "money" and "currency" in event.fields:
            value = _money(value, event.fields["currency"])
        parts.append(f"{field.title.get(language, field.name)} {value}")
    return (",", ", ")[language == "en"].join(parts)


def _money(minor: int, currency: str) -> str:
    places = exponent(currency)
    whole, rest = divmod(abs(minor), 10**places)
    sign = "-" if minor < 0 else ""
    return f"{currency} {sign}{whole:,}" + (f".{rest:0{places}d}" if places else "")
