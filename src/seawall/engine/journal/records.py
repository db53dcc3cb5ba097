"""What the payloads of the six kinds of record hold, as MessagePack: equal records have equal bytes.

Fields may be added with a default, never renamed, retyped or removed: old records are read for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from seawall.engine.decision import Decision, Other
from seawall.engine.door import Event, Label
from seawall.engine.lists import ListEntry
from seawall.engine.settings import SettingEntry

from .errors import JournalError
from .frame import MAX_RECORD, Kind, Record


class EventRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event as admitted and its decision, whose `faults` a replay takes as inputs.

    `decision` is None for history that was imported undecided. `others`: what the policies that did not serve made of
    it; no caller is told.
    """

    event: Event
    decision: Decision | None
    others: tuple[Other, ...] = ()


class Named(msgspec.Struct, frozen=True):
    """A policy `name@version` and the digest of its pack's bundle."""

    policy: str
    digest: str


class ActivationRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """From here on these policies run: the champion `name@version`, the digest of its pack's bundle; `at` in ms since
    1970.

    `challenger` serves `share` basis points of the values of the key field `entity`, which `salt` picks; `shadows`
    never serve. `note`: why, in the words of whoever asked.
    """

    policy: str
    digest: str
    at: int
    challenger: Named | None = None
    share: int = 0
    entity: str = ""
    salt: str = ""
    shadows: tuple[Named, ...] = ()
    note: str = ""

    @property
    def named(self) -> tuple[Named, ...]:
        """Every policy of the deployment, the champion first."""
        beside = (self.challenger,) if self.challenger is not None else ()
        return (Named(self.policy, self.digest), *beside, *self.shadows)


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


def encode_event(event: Event, decision: Decision | None, others: tuple[Other, ...] = ()) -> bytes:
    """The payload of an EVENT record."""
    return _encoded(EventRecord(event, decision, others), "event", event.event_id)


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
    """The payload of an ACTIVATION record; put its bundles first."""
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


def named_bundles(record: Record) -> tuple[str, ...]:
    """The digests of the bundles that a record names."""
    if record.kind != Kind.ACTIVATION:
        return ()
    try:
        return tuple(one.digest for one in _activation_decoder.decode(record.payload).named)
    except msgspec.MsgspecError:
        return ()


def _encoded(content: Any, what: str, name: str) -> bytes:
    try:
        data = _encoder.encode(content)
    except (OverflowError, TypeError, UnicodeEncodeError) as error:
        raise JournalError(f"the {what} {name[:80]!r} cannot be kept: {error}") from None
    if len(data) > MAX_RECORD:
        raise JournalError(f"the {what} {name[:80]!r} has {len(data):,} bytes; a record has at most {MAX_RECORD:,}")
    return data
