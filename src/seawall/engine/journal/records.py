"""What the payloads of the six kinds of record hold, as MessagePack: equal records have equal bytes.

Fields may be added with a default, never renamed, retyped or removed: old records are read for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from seawall.engine.decision import Decision
from seawall.engine.door import Event, Label
from seawall.engine.lists import ListEntry
from seawall.engine.settings import SettingEntry

from .errors import JournalError
from .frame import MAX_RECORD, Kind, Record


class EventRecord(msgspec.Struct, frozen=True):
    """An event as admitted and its decision, whose `faults` a replay takes as inputs.

    `decision` is None for history that was imported undecided.
    """

    event: Event
    decision: Decision | None


class ActivationRecord(msgspec.Struct, frozen=True):
    """From here on this policy decides: `name@version`, the digest of its pack's bundle; `at` in ms since 1970."""

    policy: str
    digest: str
    at: int


class ErasureRecord(msgspec.Struct, frozen=True):
    """A subject's data keys and links were destroyed, so many of each; `at` in ms since 1970."""

    subject: str
    at: int
    keys: int
    links: int


Content = EventRecord | Label | ListEntry | ActivationRecord | ErasureRecord | SettingEntry
_encoder = msgspec.msgpack.Encoder(order="deterministic")
_event_decoder = msgspec.msgpack.Decoder(EventRecord)
_activation_decoder = msgspec.msgpack.Decoder(ActivationRecord)
_DECODE: dict[int, Callable[[bytes], Content]] = {
    Kind.EVENT: _event_decoder.decode,
    Kind.LABEL: msgspec.msgpack.Decoder(Label).decode,
    Kind.LIST_ENTRY: msgspec.msgpack.Decoder(ListEntry).decode,
    Kind.ACTIVATION: _activation_decoder.decode,
    Kind.ERASURE: msgspec.msgpack.Decoder(ErasureRecord).decode,
    Kind.SETTING: msgspec.msgpack.Decoder(SettingEntry).decode,
}


def encode_event(event: Event, decision: Decision | None) -> bytes:
    """The payload of an EVENT record."""
    return _encoded(EventRecord(event, decision), "event", event.event_id)


def encode_label(label: Label) -> bytes:
    """The payload of a LABEL record."""
    return _encoded(label, "label of event", label.event_id)


def encode_list_entry(entry: ListEntry) -> bytes:
    """The payload of a LIST_ENTRY record."""
    return _encoded(entry, "list entry", entry.entry_id)


def encode_setting(entry: SettingEntry) -> bytes:
    """The payload of a SETTING record."""
    return _encoded(entry, "entry of " + entry.setting, entry.entry_id)


def encode_activation(activation: ActivationRecord) -> bytes:
    """The payload of an ACTIVATION record; put its bundle first."""
    return _encoded(activation, "activation of", activation.policy)


def encode_erasure(erasure: ErasureRecord) -> bytes:
    """The payload of an ERASURE record."""
    return _encoded(erasure, "erasure at", str(erasure.at))


def decode(record: Record) -> Content:
    """What a record holds. JournalError: of a kind or form that this version does not know."""
    decoder = _DECODE.get(record.kind)
    if decoder is None:
        raise JournalError(f"record {record.sequence} has the unknown kind {record.kind}; update seawall")
    try:
        return decoder(record.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        kind = Kind(record.kind).name.lower()
        raise JournalError(f"record {record.sequence} is no {kind} of this version: {error}; update seawall") from None


def decode_event(record: Record) -> EventRecord:
    """An EVENT record's content. JournalError: another kind, or a form that this version does not know."""
    if record.kind != Kind.EVENT:
        raise JournalError(f"record {record.sequence} is no event but of kind {record.kind}")
    content = decode(record)
    assert isinstance(content, EventRecord), "the decoder of its kind made it"
    return content


def named_bundle(record: Record) -> str | None:
    """The digest of the bundle that a record names, None where it names none."""
    if record.kind != Kind.ACTIVATION:
        return None
    try:
        return _activation_decoder.decode(record.payload).digest
    except msgspec.MsgspecError:
        return None


def _encoded(content: Any, what: str, name: str) -> bytes:
    try:
        data = _encoder.encode(content)
    except (OverflowError, TypeError, UnicodeEncodeError) as error:
        raise JournalError(f"the {what} {name[:80]!r} cannot be kept: {error}") from None
    if len(data) > MAX_RECORD:
        raise JournalError(f"the {what} {name[:80]!r} has {len(data):,} bytes; a record has at most {MAX_RECORD:,}")
    return data
