"""The wire form of records: a strict decoder generated from a pack, and refusals that name the field."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from seawall.engine.errors import EventError
from seawall.engine.event import MAX_INT, MAX_KEY, MAX_STRING, EventType, LabelType
from seawall.engine.money import EXPONENTS, MAX_MINOR
from seawall.engine.pack.reader import did_you_mean

MAX_BODY = 65_536  # bytes of one record
_MAX_TIME = 64

Key = Annotated[str, Meta(min_length=1, max_length=MAX_KEY)]
Instant = Annotated[str, Meta(max_length=_MAX_TIME)]
_WIRE: Mapping[str, Any] = {
    "key": Key,
    "code": Key,
    "string": Annotated[str, Meta(max_length=MAX_STRING)],
    "int": Annotated[int, Meta(ge=-MAX_INT, le=MAX_INT)],
    "decimal": Decimal,
    "number": float,
    "money": Annotated[int, Meta(ge=-MAX_MINOR, le=MAX_MINOR)],
    "currency": Literal.__getitem__(tuple(sorted(EXPONENTS))),
    "bool": bool,
    "time": Instant,
}
_HINTS = {
    "money": "send whole minor units, like 1234 for 12.34",
    "decimal": 'send a number or text, like "12.34"',
    "currency": "send an ISO 4217 code, like CNY",
    "time": "send RFC 3339 text, like 2026-11-22T10:00:00.000Z",
    "key": f"send text of 1 to {MAX_KEY} characters",
    "code": f"send text of 1 to {MAX_KEY} characters",
    "string": f"send text of at most {MAX_STRING} characters",
    "int": f"send a whole number of at most {MAX_INT} either side of 0",
}
_SHOWN = 64

_AT = re.compile(r"(.*) - at `\$\.(\w+).*`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`.*", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*?)`.*", re.DOTALL)
_VALUE = re.compile(r"Invalid (?:enum )?value '(.*)'", re.DOTALL)


def event_struct(event_type: EventType) -> type[msgspec.Struct]:
    """The body of an event of this type: unknown fields refused, absent optional fields None."""
    fields = {name: (_WIRE[declared.type], declared.required) for name, declared in event_type.fields.items()}
    return _struct({"event_id": (Key, True), "event_time": (Instant, True)} | fields, "type", event_type.name)


def label_struct(label: LabelType) -> type[msgspec.Struct]:
    """The body of a label record: label, event_id, perhaps label_time and keys."""
    keys = dict.fromkeys(label.keys, (Key, False))
    return _struct({"event_id": (Key, True), "label_time": (Instant, False)} | keys, "label", label.name)


class ListEntryBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a list entry."""

    list: Key
    entry_id: Key
    key: Key
    reason: Annotated[str, Meta(max_length=MAX_STRING)]
    owner: Key
    valid_from: Instant
    valid_until: Instant | None = None
    removed: bool = False
    approved_by: Key | None = None


class SettingBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of an entry of a limit or switch."""

    setting: Annotated[str, Meta(max_length=MAX_KEY)]
    entry_id: Key
    value: bool | int | float
    reason: Annotated[str, Meta(min_length=1, max_length=MAX_STRING)]
    source: Key
    scope: Key | None = None
    key: Key | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    removed: bool = False


def _struct(fields: Mapping[str, tuple[Any, bool]], tag_field: str, tag: str) -> type[msgspec.Struct]:
    members: list[Any] = [
        (name, kind) if required else (name, kind | None, None) for name, (kind, required) in fields.items()
    ]
    return msgspec.defstruct(
        "Body",
        members,
        tag_field=tag_field,
        tag=tag,
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
        gc=False,
    )


class Wire:
    """Decodes bodies of one tagged family of structs (events by `type`, labels by `label`)."""

    def __init__(self, structs: Mapping[str, type[msgspec.Struct]], tag: str, kinds: Mapping[str, str]) -> None:
        self._union: Any = functools.reduce(operator.or_, structs.values()) if structs else None
        self._decode = msgspec.json.Decoder(self._union).decode if structs else None
        self._tags = sorted(structs)
        self._tag = tag
        self._kinds = dict(kinds)  # field name -> field type, for hints

    def decode(self, body: bytes) -> Any:
        """A struct; EventError names the field that is wrong."""
        if len(body) > MAX_BODY:
            raise EventError("", f"the body is {len(body):,} bytes; at most {MAX_BODY:,} are taken")
        if self._decode is None:
            raise EventError(self._tag, "none is declared in the pack")
        try:
            return self._decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._refusal(error) from None

    def convert(self, value: object) -> Any:
        """A struct from plain Python data, by the same rules."""
        if self._union is None:
            raise EventError(self._tag, "none is declared in the pack")
        plain = dict(value) if isinstance(value, Mapping) else value
        try:
            return msgspec.convert(plain, self._union)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> EventError:
        if not isinstance(error, msgspec.ValidationError):
            return EventError("", f"the body is not one JSON object in UTF-8: {str(error)[:_SHOWN]}")
        return refusal(str(error), self._tag, self._tags, self._kinds)


def refusal(text: str, tag: str, tags: Iterable[str], kinds: Mapping[str, str]) -> EventError:
    """A decoder's message as one that names the field, says what is wrong and what to send."""
    if match := _UNKNOWN.fullmatch(text):
        name = match[1][:_SHOWN]
        return EventError(name, _hinted("is not declared", did_you_mean(name, [*kinds, tag])))
    if match := _MISSING.fullmatch(text):
        return EventError(match[1], "is required")
    match = _AT.fullmatch(text)
    if match is None:
        return EventError("", f"the body is not a record: {_plain(text)}")
    message, name = match[1], match[2]
    if value := _VALUE.fullmatch(message):
        shown = value[1][:_SHOWN]
        if name == tag:
            return EventError(name, _hinted(f"unknown {name} {shown!r}", did_you_mean(shown, tags)))
        message = f"unknown {name} {shown!r}"
    return EventError(name, _hinted(_plain(message), _HINTS.get(kinds.get(name, ""), "")))


def _plain(message: str) -> str:
    text = message[: 4 * _SHOWN].replace("`", "")
    return text[:1].lower() + text[1:]


def _hinted(message: str, hint: str) -> str:
    return f"{message}; {hint}" if hint else message
