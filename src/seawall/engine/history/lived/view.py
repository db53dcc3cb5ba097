"""The history as one policy reads it: blocks of the events and labels it knows, and entries between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from seawall.engine.columns import Block, Column, IntColumn, Ints, NumberColumn
from seawall.engine.event import Field
from seawall.engine.history.lived.rows import NUMBER, STAMPS, TEXT, WHOLE
from seawall.engine.history.lived.upcasts import upcast_columns
from seawall.engine.history.texts import codes_of, integers, merged
from seawall.engine.journal import Kind, Record, decode
from seawall.engine.lists import ListEntry
from seawall.engine.policy import CompiledPolicy
from seawall.engine.settings import SettingEntry, fits

_WHOLE_TYPES = ("int", "money", "decimal", "time", "bool")
Entry = ListEntry | SettingEntry


class Entered(NamedTuple):
    """A record between blocks that changes what is decided after it."""

    sequence: int
    entry: Entry


class PolicyView:
    """Reads tables (see `rows`) for one policy; `also` names fields that it does not read and that are wanted."""

    def __init__(self, policy: CompiledPolicy, also: tuple[str, ...] = ()) -> None:
        self.policy = policy
        pack = policy.pack
        self.type_names = [*pack.events, *(f"label.{name}" for name in pack.labels)]
        declared = {name: one for kind in pack.events.values() for name, one in kind.columns().items()}
        keys = {name: None for label in pack.labels.values() for name in label.keys}
        self._fields: dict[str, Field | None] = keys | {
            name: one for name, one in declared.items() if name in fields_read(policy) or name in also or name in keys
        }
        self._upcast = any(kind.upcasts for kind in pack.events.values())
        self._passed_ms = 0  # the latest time of the records that were left out so far

    def columns(self) -> list[str]:
        """The columns of a table that it needs."""
        names = set(self._fields)
        if self._upcast:
            kinds = self.policy.pack.events.values()
            names |= {before for kind in kinds for step in kind.upcasts for before, _ in step.rename}
        return [*STAMPS, *(prefix + name for name in sorted(names) for prefix in (TEXT, WHOLE, NUMBER))]

    def begin(self) -> None:
        """Forget what was passed over: another run begins."""
        self._passed_ms = 0

    def pieces(self, table: Any) -> Iterator[Block | Entered]:
        """Blocks and entries in sequence order."""
        kinds = integers(_array(table, "kind").cast(pa.int64()))
        start = 0
        for place in np.flatnonzero((kinds != Kind.EVENT) & (kinds != Kind.LABEL)).tolist():
            row = table.slice(place, 1)
            sequence = row.column("sequence")[0].as_py()
            entry = self._entry(Record(sequence, int(kinds[place]), row.column("payload")[0].as_py()))
            if entry is not None:
                if place > start:
                    yield from self._block(table.slice(start, place - start))
                start = place
                yield Entered(sequence, entry)
        if start < len(table):
            yield from self._block(table.slice(start))

    def entries(self, table: Any) -> Iterator[Entered]:
        """The entries alone."""
        rows = table.filter(pc.is_valid(table.column("payload")))
        stamps = zip(*(rows.column(name).to_pylist() for name in ("sequence", "kind", "payload")), strict=True)
        for sequence, kind, payload in stamps:
            entry = self._entry(Record(sequence, kind, payload))
            if entry is not None:
                yield Entered(sequence, entry)

    def _entry(self, record: Record) -> Entry | None:
        """The record where it means something to the policy."""
        content = decode(record)
        if isinstance(content, ListEntry):
            return content if content.list in self.policy.pack.lists else None
        if isinstance(content, SettingEntry):
            return content if fits(self.policy.pack.settings.get(content.setting), content) else None
        return None

    def _block(self, table: Any) -> Iterator[Block]:
        types = self._types(table)
        versions = integers(_array(table, "version").cast(pa.int64()))
        known, passed = types >= 0, None
        if self._passed_ms or not known.all():
            passed = self._passed(table, known)
            table, types, versions = table.filter(pa.array(known)), types[known], versions[known]
        if not len(table):
            return
        stated = {"event_time": integers(_array(table, "time")), "received_at": integers(_array(table, "received_at"))}
        columns = self._columns(table)
        if self._upcast:
            columns = upcast_columns(list(self.policy.pack.events.values()), columns, types, versions)
        yield Block(
            self.type_names,
            types,
            np.minimum(*stated.values()),
            _array(table, "event_id").to_pylist(),
            columns,
            integers(_array(table, "sequence")),
            stated,
            passed,
        )

    def _passed(self, table: Any, known: npt.NDArray[np.bool_]) -> Ints:
        """int64[m] for the m known records of a table: the latest time of those before that are left out."""
        is_timed = np.isin(integers(_array(table, "kind").cast(pa.int64())), (Kind.EVENT, Kind.LABEL))
        times = np.minimum(integers(_array(table, "time")), integers(_array(table, "received_at")))
        left_out = np.where(is_timed & ~known, times, 0)
        running = np.maximum.accumulate(np.maximum(left_out, self._passed_ms))
        self._passed_ms = int(running[-1])
        return running[known]

    def _types(self, table: Any) -> Ints:
        """Codes into `type_names`, -1 for types that the policy does not have."""
        names = _encoded(_array(table, "type"))
        places = {name: place for place, name in enumerate(self.type_names)}
        texts = names.dictionary.to_pylist()
        events = np.array([*(places.get(text, -1) for text in texts), -1], np.int64)
        labels = np.array([*(places.get(f"label.{text}", -1) for text in texts), -1], np.int64)
        codes = codes_of(names.indices)
        kinds = integers(_array(table, "kind").cast(pa.int64()))
        return np.where(kinds == Kind.EVENT, events[codes], np.where(kinds == Kind.LABEL, labels[codes], -1))

    def _columns(self, table: Any) -> dict[str, Column]:
        held = set(table.column_names)
        columns: dict[str, Column] = {}
        if self._upcast:
            renamed = {name[2:]: None for name in held if name not in STAMPS and name[2:] not in self._fields}
        else:
            renamed = {}
        for name, field in (self._fields | renamed).items():
            prefix = _prefix(field) if field is not None or name in self._fields else _held(name, held)
            if prefix + name in held:
                columns[name] = _column(_array(table, prefix + name), prefix)
        return columns


def fields_read(policy: CompiledPolicy) -> set[str]:
    """The fields of events that a policy reads, in whatever way."""
    settings = [one for look in policy.settings.values() for one in (look.entity, look.segment)]
    plan = policy.plan
    names = [*plan.spaces, *plan.values, *(slot.name for slot in policy.fields), *(look.key for look in policy.lists)]
    return {*names, *settings}


def _prefix(field: Field | None) -> str:
    if field is None:
        return TEXT  # a label's key
    if field.type in _WHOLE_TYPES:
        return WHOLE
    return NUMBER if field.type == "number" else TEXT


def _held(name: str, held: set[str]) -> str:
    return next((prefix for prefix in (TEXT, WHOLE, NUMBER) if prefix + name in held), TEXT)


def _column(array: Any, prefix: str) -> Column:
    if prefix == TEXT:
        encoded = _encoded(array)
        return merged(codes_of(encoded.indices), encoded.dictionary.to_pylist())
    if prefix == WHOLE:
        return IntColumn(integers(array))
    values = pc.fill_null(array, float("nan")) if array.null_count else array
    return NumberColumn(np.ascontiguousarray(values.to_numpy(zero_copy_only=False)))


def _array(table: Any, name: str) -> Any:
    column = table.column(name)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _encoded(array: Any) -> Any:
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
