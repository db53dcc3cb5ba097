"""Journaled records as columns: one table a stretch of the journal, with nothing that a policy could not read.

Columns: sequence, kind, type (of an event, or the label's name), version, time (event_time or label_time, ms),
received_at (ms), event_id, payload (of records that are neither event nor label, as journaled), and one a field, named
by what its values are: `t.NAME` texts, `i.NAME` integers and booleans, `n.NAME` doubles. Sealed values are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pyarrow as pa

from seawall.engine.journal import Kind, Record
from seawall.engine.pack.model import Pack

Sealed = frozenset[tuple[str, str]]  # (event type, field)
TEXT, WHOLE, NUMBER = "t.", "i.", "n."
_PREFIX: dict[type, str] = {str: TEXT, int: WHOLE, bool: WHOLE, float: NUMBER}
_TYPES = {TEXT: pa.string(), WHOLE: pa.int64(), NUMBER: pa.float64()}
STAMPS = {
    "sequence": pa.int64(),
    "kind": pa.int8(),
    "type": pa.string(),
    "version": pa.int16(),
    "time": pa.int64(),
    "received_at": pa.int64(),
    "event_id": pa.string(),
    "payload": pa.binary(),
}
_CODED = ("type",)


class _Event(msgspec.Struct, gc=False):
    """An event without what no policy reads; unknown members are passed over by the decoder, which is quick."""

    event_id: str
    type: str
    event_time: int
    received_at: int
    fields: dict[str, Any]
    version: int = 1


class _EventRecord(msgspec.Struct, gc=False):
    event: _Event


class _Label(msgspec.Struct, gc=False):
    label: str
    event_id: str
    label_time: int
    received_at: int
    keys: dict[str, str]


_event = msgspec.msgpack.Decoder(_EventRecord).decode
_label = msgspec.msgpack.Decoder(_Label).decode


def sealed_fields(pack: Pack) -> Sealed:
    """The fields whose values events carry encrypted."""
    return frozenset(
        (name, field.name) for name, kind in pack.events.items() for field in kind.fields.values() if field.sealed
    )


class RowMaker:
    """Turns records into tables. `pack_of` reads the pack of an activation's digest: it tells which fields are sealed.

    `sealed` are those of the packs before the first record; it grows with every activation that comes by.
    """

    def __init__(self, pack_of: Callable[[str], Pack], sealed: Sealed = frozenset()) -> None:
        self.sealed = sealed
        self._pack_of = pack_of

    def table(self, records: Iterable[Record], digest_of: Callable[[Record], str | None]) -> Any:
        """The records in order; erasures change no decision and are left out."""
        stamps: list[tuple[Any, ...]] = []
        fields: list[dict[str, Any]] = []
        nothing: dict[str, Any] = {}
        for record in records:
            sequence, kind, payload = record
            if kind == Kind.EVENT:
                event = _event(payload).event
                stamps.append(
                    (
                        sequence,
                        kind,
                        event.type,
                        event.version,
                        event.event_time,
                        event.received_at,
                        event.event_id,
                        None,
                    )
                )
                fields.append(event.fields)
            elif kind == Kind.LABEL:
                label = _label(payload)
                stamps.append(
                    (sequence, kind, label.label, 0, label.label_time, label.received_at, label.event_id, None)
                )
                fields.append(label.keys)
            elif kind != Kind.ERASURE:
                digest = digest_of(record)
                if digest is not None:
                    self.sealed |= sealed_fields(self._pack_of(digest))
                stamps.append((sequence, kind, None, 0, None, None, None, bytes(payload)))
                fields.append(nothing)
        columns = dict(zip(STAMPS, zip(*stamps, strict=True) if stamps else [()] * len(STAMPS), strict=True))
        arrays = {name: _stamp(name, values) for name, values in columns.items()}
        for name in sorted(set().union(*fields)):
            arrays |= _field(name, self._values(name, fields, columns["type"]))
        return pa.table(arrays)

    def _values(self, name: str, fields: list[dict[str, Any]], types: Iterable[str | None]) -> list[Any]:
        hidden = {kind for kind, field in self.sealed if field == name}
        if not hidden:
            return [one.get(name) for one in fields]
        return [None if kind in hidden else one.get(name) for kind, one in zip(types, fields, strict=True)]


def _stamp(name: str, values: Iterable[Any]) -> Any:
    array = pa.array(values, STAMPS[name])
    return array.dictionary_encode() if name in _CODED else array


def _field(name: str, values: list[Any]) -> dict[str, Any]:
    """One column of a field, or several where packs of different times gave it values of several kinds."""
    kinds = set(map(type, values)) - {type(None)}
    columns: dict[str, Any] = {}
    for prefix in sorted({_PREFIX[kind] for kind in kinds if kind in _PREFIX}):
        own = {kind for kind, its in _PREFIX.items() if its == prefix}
        kept = values if kinds <= {*own, type(None)} else [one if type(one) in own else None for one in values]
        if bool in kinds and prefix == WHOLE:
            kept = [None if value is None else int(value) for value in kept]
        array = pa.array(kept, _TYPES[prefix])
        columns[prefix + name] = array.dictionary_encode() if prefix == TEXT else array
    return columns
