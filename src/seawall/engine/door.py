"""The one way in for a live record: decoded, checked, derived, pseudonymised, sealed, converted, stamped.

Pure: the clock and the sealer are arguments. What leaves here is what the journal keeps and the engine reads.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import msgspec
from msgspec.structs import asdict

from seawall.engine.errors import EventError
from seawall.engine.event import MAX_INT, EventType, derived
from seawall.engine.lists import FOREVER, ListEntry, check_entry
from seawall.engine.money import MoneyError, Rates, parse_major
from seawall.engine.pack.model import Pack
from seawall.engine.pack.reader import did_you_mean
from seawall.engine.settings import ALL, SWITCH, SettingEntry, check_setting
from seawall.engine.times import MINUTE, parse_instant
from seawall.engine.wire import ListEntryBody, SettingBody, Wire, event_struct, label_struct

MAX_AHEAD = 5 * MINUTE  # how far event_time may lie ahead of received_at
_SURROGATE = re.compile(r"[a-z2-7]{26}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Event(msgspec.Struct, frozen=True):
    """An admitted event. Times in ms since 1970, UTC.

    `fields`: keys as text (pseudonyms where sensitive), money, int, time (ms) and decimal (scaled) as int, number as
    float, bool, code and string as text, sealed values as the sealer's text; base_amount, fx_rate and derived fields
    with them; an absent field is not in the dict. `version` is the event type's at admission.
    """

    event_id: str
    type: str
    event_time: int
    received_at: int
    fields: dict[str, Any]
    mac: bytes
    version: int = 1


class Label(msgspec.Struct, frozen=True):
    """An admitted label: a later statement about an event, with the event's entity keys as events carry them."""

    label: str
    event_id: str
    label_time: int
    received_at: int
    keys: dict[str, str]
    mac: bytes


class Sealer(Protocol):
    """What the door needs of the key store."""

    def pseudonym(self, space: str, value: str) -> str:
        """The surrogate of a sensitive key: always the same for the same space and value."""

    def seal(self, subject: str, place: str, value: bytes) -> str:
        """The value encrypted under the subject's data key, bound to its place (event id / field)."""

    def mac(self, data: bytes) -> bytes:
        """A keyed digest, to tell a repeated event from another one under the same id."""

    def claim(self, subject: str, surrogates: Iterable[str]) -> None:
        """Note that these surrogates are the subject's own: erasing the subject cuts their links."""


class ClearSealer:
    """Seals nothing: for tests and for replaying files that are clear anyway. Never for live events."""

    def pseudonym(self, space: str, value: str) -> str:
        """The value itself."""
        return value

    def seal(self, subject: str, place: str, value: bytes) -> str:
        """The value itself, as the JSON text it arrived in."""
        return value.decode()

    def mac(self, data: bytes) -> bytes:
        """An unkeyed BLAKE2b digest."""
        return hashlib.blake2b(data, digest_size=32).digest()

    def claim(self, subject: str, surrogates: Iterable[str]) -> None:
        """Nothing is to be erased."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What admission does to the events of one type, field by field."""

    event_type: EventType
    optional: tuple[str, ...]
    texts: tuple[str, ...]
    convert: tuple[tuple[str, Callable[[Any], object]], ...]
    money: tuple[str, ...]
    pseudonyms: tuple[tuple[str, str], ...]
    claimed: tuple[str, ...]
    sealed: tuple[str, ...]


class Door:
    """Admits events, labels and entries (of lists, limits, switches) of one pack.

    Raises EventError, naming the field, and nothing else.
    """

    def __init__(self, pack: Pack, rates: Rates, sealer: Sealer, clock: Callable[[], int]) -> None:
        self._pack, self._rates, self._sealer, self._clock = pack, rates, sealer, clock
        structs = {name: event_struct(event_type) for name, event_type in pack.events.items()}
        self._plans = {structs[name]: _plan(event_type) for name, event_type in pack.events.items()}
        kinds = {name: field.type for kind in pack.events.values() for name, field in kind.fields.items()}
        kinds |= {"event_id": "key", "event_time": "time"}
        self._events = Wire(structs, "type", kinds)
        labels = {name: label_struct(label) for name, label in pack.labels.items()}
        self._label_names = {struct: name for name, struct in labels.items()}
        keys = {name: kind for name, kind in kinds.items() if kind == "key"} | {"label_time": "time"}
        self._labels = Wire(labels, "label", keys)
        entry = {name: "time" if name.startswith("valid_") else "key" for name in ListEntryBody.__struct_fields__}
        self._entries = Wire({"": ListEntryBody}, "list", entry | {"reason": "string", "removed": "bool"})
        setting = {name: "time" if name.startswith("valid_") else "key" for name in SettingBody.__struct_fields__}
        self._settings = Wire(
            {"": SettingBody}, "setting", setting | {"reason": "string", "value": "", "removed": "bool"}
        )
        self._spaces = {
            field.name: field.space for kind in pack.events.values() for field in kind.fields.values() if field.space
        }
        self._canonical = msgspec.json.Encoder(order="sorted").encode

    def admit(self, body: bytes) -> Event:
        """The event in a JSON body. EventError says which field is wrong; nothing has happened then."""
        return self._admit(self._events.decode(body))

    def admit_object(self, obj: Mapping[str, object]) -> Event:
        """The same from plain Python data, as a file or a test gives it."""
        return self._admit(self._events.convert(obj))

    def admit_label(self, body: bytes | Mapping[str, object], keys: Mapping[str, str] | None = None) -> Label:
        """A label record {label, event_id, label_time?, entity keys…}.

        `keys` are those of the labelled event as admitted (surrogates already); keys in the body are clear text and
        must agree with them. Without label_time it is the time of arrival.
        """
        raw = self._labels.decode(body) if isinstance(body, bytes) else self._labels.convert(body)
        received_at = self._clock()
        name = self._label_names[type(raw)]
        members = {field: value for field, value in asdict(raw).items() if value is not None}
        mac = self._mac(raw)
        event_id = _clean("event_id", members.pop("event_id"))
        label_time = _instant("label_time", members.pop("label_time", None), received_at)
        known = {key: value for key, value in (keys or {}).items() if key in self._pack.labels[name].keys}
        for key, value in members.items():
            admitted = self._admitted_key(key, value)
            if known.setdefault(key, admitted) != admitted:
                raise EventError(key, f"is not the one of event {event_id!r}")
        return Label(name, event_id, label_time, received_at, known, mac)

    def admit_list_entry(self, body: bytes | Mapping[str, object]) -> ListEntry:
        """A list entry {list, entry_id, key, reason, owner, valid_from, valid_until?, removed?, approved_by?}."""
        raw = self._entries.decode(body) if isinstance(body, bytes) else self._entries.convert(body)
        definition = self._pack.lists.get(raw.list)
        if definition is None:
            suggestion = did_you_mean(raw.list, self._pack.lists)
            raise EventError("list", f"unknown list {raw.list[:64]!r}" + (f"; {suggestion}" if suggestion else ""))
        entry = ListEntry(
            list=definition.name,
            entry_id=_clean("entry_id", raw.entry_id),
            key=self._named_key(definition.key, _clean("key", raw.key)),
            reason=raw.reason,
            owner=_clean("owner", raw.owner),
            valid_from=_instant("valid_from", raw.valid_from),
            valid_until=FOREVER if raw.valid_until is None else _instant("valid_until", raw.valid_until),
            removed=raw.removed,
            approved_by=_clean("approved_by", raw.approved_by or ""),
        )
        check_entry(definition, entry)
        return entry

    def admit_setting(self, body: bytes | Mapping[str, object]) -> SettingEntry:
        """An entry of a limit or switch {setting, entry_id, value, reason, source, scope, key?, valid_from?,
        valid_until?, removed?}; a switch needs no scope: it has one value for all. Money in minor units of the base
        currency. Without valid_from it holds from its record on.
        """
        raw = self._settings.decode(body) if isinstance(body, bytes) else self._settings.convert(body)
        definition = self._pack.settings.get(raw.setting)
        if definition is None:
            suggestion = did_you_mean(raw.setting, self._pack.settings)
            raise EventError(
                "setting", f"unknown setting {raw.setting[:64]!r}" + (f"; {suggestion}" if suggestion else "")
            )
        scope = raw.scope or (ALL if definition.type == SWITCH else "")
        name = definition.field_of(scope)
        key = _clean("key", raw.key or "")
        is_whole = isinstance(raw.value, int) and not isinstance(raw.value, bool)
        entry = SettingEntry(
            setting=definition.name,
            entry_id=_clean("entry_id", raw.entry_id),
            scope=scope,
            field=name,
            key=self._named_key(name, key) if key and name else key,
            type=definition.type,
            value=float(raw.value) if is_whole and definition.type == "number" else raw.value,
            reason=raw.reason,
            source=_clean("source", raw.source),
            valid_from=0 if raw.valid_from is None else _instant("valid_from", raw.valid_from),
            valid_until=FOREVER if raw.valid_until is None else _instant("valid_until", raw.valid_until),
            removed=raw.removed,
        )
        check_setting(definition, entry)
        return entry

    def _admit(self, raw: Any) -> Event:
        received_at = self._clock()
        plan = self._plans[type(raw)]
        mac = self._mac(raw)
        fields = asdict(raw)
        if plan.optional:
            fields = {name: value for name, value in fields.items() if value is not None}
        texts = [fields[name] for name in plan.texts if name in fields]
        if not "".join(texts).isprintable():
            for name in plan.texts:
                _clean(name, fields.get(name, ""))
        for name, convert in plan.convert:
            value = fields.get(name)
            if value is not None:
                fields[name] = convert(value)
        event_id = fields.pop("event_id")
        event_time = _instant("event_time", fields.pop("event_time"), received_at)
        for name in plan.money:
            if name in fields:
                self._add_base_amount(fields, event_time)
                break
        if plan.event_type.derive:
            fields |= derived(plan.event_type, fields)
        for name, space in plan.pseudonyms:
            if name in fields:
                fields[name] = self._sealer.pseudonym(space, fields[name])
        if plan.claimed:
            own = [fields[name] for name in plan.claimed if name in fields]
            self._sealer.claim(fields[plan.event_type.subject], own)
        for name in plan.sealed:
            if name in fields:
                subject, clear = fields[plan.event_type.subject], msgspec.json.encode(fields[name])
                fields[name] = self._sealer.seal(subject, f"{event_id}/{name}", clear)
        event_type = plan.event_type
        return Event(event_id, event_type.name, event_time, received_at, fields, mac, event_type.version)

    def _mac(self, raw: Any) -> bytes:
        """Over the caller's own values as canonical JSON: sorted keys, no spaces, absent fields left out."""
        try:
            return self._sealer.mac(self._canonical(raw))
        except UnicodeEncodeError:
            raise EventError("", "the body holds a lone surrogate; send valid Unicode") from None

    def _admitted_key(self, name: str, value: str) -> str:
        space = self._spaces.get(name)
        clear = _clean(name, value)
        return self._sealer.pseudonym(space, clear) if space else clear

    def _named_key(self, name: str, value: str) -> str:
        """As _admitted_key, for records that people write: they may name a sensitive key by its surrogate too, which is
        all that decisions show of it."""
        space = self._spaces.get(name)
        if space and value.startswith(f"{space}_") and _SURROGATE.fullmatch(value[len(space) + 1 :]):
            return value
        return self._admitted_key(name, value)

    def _add_base_amount(self, fields: dict[str, Any], event_time: int) -> None:
        currency, amount = fields.get("currency"), fields.get("amount")
        if currency is None:
            raise EventError("currency", "is required with an amount; send an ISO 4217 code, like CNY")
        if amount is None:
            return
        if currency == self._pack.base_currency:
            fields["base_amount"], fields["fx_rate"] = amount, "1"
            return
        try:
            rate = self._rates.latest(currency, self._pack.base_currency, event_time)
            fields["base_amount"] = rate.convert(amount)
        except MoneyError as error:
            raise EventError("currency", str(error)) from None
        fields["fx_rate"] = rate.text


def encode(record: Event | Label | ListEntry | SettingEntry) -> bytes:
    """MessagePack of an admitted record, the same bytes for equal records."""
    return _ENCODER.encode(record)


def decode_event(data: bytes) -> Event:
    """The inverse of encode."""
    return _EVENT_DECODER.decode(data)


def decode_label(data: bytes) -> Label:
    """The inverse of encode."""
    return _LABEL_DECODER.decode(data)


def decode_list_entry(data: bytes) -> ListEntry:
    """The inverse of encode."""
    return _ENTRY_DECODER.decode(data)


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_EVENT_DECODER = msgspec.msgpack.Decoder(Event)
_LABEL_DECODER = msgspec.msgpack.Decoder(Label)
_ENTRY_DECODER = msgspec.msgpack.Decoder(ListEntry)


def _plan(event_type: EventType) -> _Plan:
    fields = event_type.fields.values()
    convert: list[tuple[str, Callable[[Any], object]]] = []
    for field in fields:
        if field.type == "time":
            convert.append((field.name, _Time(field.name)))
        elif field.type == "decimal":
            convert.append((field.name, _Scaled(field.name, field.scale)))
        elif field.type == "number":
            convert.append((field.name, _Finite(field.name)))
    return _Plan(
        event_type=event_type,
        optional=tuple(field.name for field in fields if not field.required),
        texts=("event_id", *(field.name for field in fields if field.type in ("key", "code"))),
        convert=tuple(convert),
        money=tuple(field.name for field in fields if field.type == "money"),
        pseudonyms=tuple((field.name, field.space) for field in fields if field.pseudonymised),
        claimed=event_type.claimed,
        sealed=tuple(field.name for field in fields if field.sealed),
    )


def _clean(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise EventError(name, "holds a control character; send printable text")
    return value


def _instant(name: str, text: str | None, received_at: int | None = None) -> int:
    """Milliseconds of a time; with `received_at`, not too far ahead of it, and it where there is no text."""
    if text is None:
        assert received_at is not None, f"{name} has a default only with a time of arrival"
        return received_at
    try:
        instant = parse_instant(text)
    except ValueError as error:
        raise EventError(name, str(error)) from None
    if received_at is not None and instant > received_at + MAX_AHEAD:
        raise EventError(name, "is more than 5 minutes ahead of our clock; check the sender's clock")
    return instant


@dataclass(frozen=True, slots=True)
class _Time:
    """A field's RFC 3339 text to ms."""

    name: str

    def __call__(self, value: str) -> int:
        return _instant(self.name, value)


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A decimal(scale) to its scaled integer, exactly."""

    name: str
    scale: int

    def __call__(self, value: Decimal) -> int:
        try:
            return parse_major(value, self.scale, MAX_INT)
        except MoneyError as error:
            raise EventError(self.name, str(error)) from None


@dataclass(frozen=True, slots=True)
class _Finite:
    """A number to a finite double, -0 to 0."""

    name: str

    def __call__(self, value: float) -> float:
        if not -_MAX_NUMBER <= value <= _MAX_NUMBER:
            raise EventError(self.name, "is not a finite number")
        return value + 0.0


_MAX_NUMBER = 1e300
