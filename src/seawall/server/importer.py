"""History into the journal as records without decisions, so that a platform's first live event meets full windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from seawall.engine.columns import MISSING, Block, Column, IntColumn, TextColumn
from seawall.engine.door import Event, Label
from seawall.engine.errors import ConflictError
from seawall.engine.event import EventType
from seawall.engine.history import HistoryMapping, open_history, read_blocks
from seawall.engine.identity import IMPORTED
from seawall.engine.journal import EventRecord, Kind, decode, encode_event, encode_label
from seawall.engine.pack import Pack
from seawall.sealing import LocalSealer

from .recovery import feed
from .service import Service

_BATCH = 1_024
Progress = Callable[[int, int], None]  # (events done, events in all or -1)


def import_history(
    service: Service, path: Path, mapping: HistoryMapping, progress: Progress | None = None
) -> tuple[int, int]:
    """Journal every event and label of a mapped file; counts of both. Before the first live record only.

    Sensitive keys become surrogates as at the door; sensitive values are left out, since nothing reads them. An event's
    effective time is its own. ConflictError once live records exist, or where the file begins before an earlier
    import ended; HistoryError names a row that cannot be taken: what came before it is kept, and its snapshot.
    """
    _check_only_history(service)
    pack, engine = service.active().pack, service.engine
    history = open_history(path)
    events = labels = 0
    try:
        for block in read_blocks(history, mapping, pack):
            if len(block.times) and int(block.times[0]) < engine.clock_ms:
                raise ConflictError(f"{path} begins before what was imported last; import files in the order of time")
            for part in _parts(_records(block.block, pack, service.sealer)):
                service.sealer.flush()
                service.journal.append([_payload(record) for record in part])
                feed(engine, [EventRecord(one, None) if isinstance(one, Event) else one for one in part])
                count = sum(isinstance(one, Event) for one in part)
                events, labels = events + count, labels + len(part) - count
                if progress is not None:
                    progress(events, history.rows)
    finally:
        service.save()
    return events, labels


class _Type:
    """What every record of one type of a block has in common: which columns it holds, which keys are its subject's."""

    def __init__(self, name: str, pack: Pack) -> None:
        self.event: EventType | None = pack.events.get(name)
        self.name = name if self.event is not None else name.removeprefix("label.")
        self.held = tuple(self.event.columns() if self.event is not None else pack.labels[self.name].keys)
        self.claimed = self.event.claimed if self.event is not None else ()


def _check_only_history(service: Service) -> None:
    for record in service.journal.read(verify=False):
        content = decode(record)
        if isinstance(content, EventRecord) and content.decision is not None:
            raise ConflictError(
                f"record {record.sequence} is a live decision; history is imported before the first of them, "
                "into a new home"
            )


def _records(block: Block, pack: Pack, sealer: LocalSealer) -> Iterator[Event | Label]:
    bools = {name for kind in pack.events.values() for name, one in kind.columns().items() if one.type == "bool"}
    columns = {name: _values(column, name in bools) for name, column in block.columns.items()}
    keys = {field.name: field for kind in pack.events.values() for field in kind.fields.values()}
    types = [_Type(str(name), pack) for name in block.type_names]
    codes, times = block.types.tolist(), block.times.tolist()
    for row, (code, time, event_id) in enumerate(zip(codes, times, block.event_ids, strict=True)):
        kind = types[code]
        fields: dict[str, Any] = {}
        for column in kind.held:
            values = columns.get(column)
            value = values[row] if values is not None else None
            if value is not None:
                field = keys.get(column)
                hidden = field is not None and field.pseudonymised
                fields[column] = sealer.pseudonym(field.space, value) if hidden and field is not None else value
        if kind.event is None:
            yield Label(kind.name, event_id, time, time, fields, IMPORTED)
            continue
        own = [fields[name] for name in kind.claimed if name in fields]
        if own:
            sealer.claim(fields[kind.event.subject], own)
        yield Event(event_id, kind.name, time, time, fields, IMPORTED, kind.event.version)


def _values(column: Column, is_bool: bool) -> list[Any]:
    """A column's values as an admitted event has them, None where absent."""
    if isinstance(column, TextColumn):
        return [column.texts[code] if code >= 0 else None for code in column.codes.tolist()]
    if isinstance(column, IntColumn):
        values = [None if value == MISSING else value for value in column.values.tolist()]
        return [None if value is None else bool(value) for value in values] if is_bool else values
    return [None if value != value else value for value in column.values.tolist()]


def _parts(records: Iterator[Event | Label]) -> Iterator[list[Event | Label]]:
    part: list[Event | Label] = []
    for record in records:
        part.append(record)
        if len(part) == _BATCH:
            yield part
            part = []
    if part:
        yield part


def _payload(record: Event | Label) -> tuple[int, bytes]:
    if isinstance(record, Label):
        return Kind.LABEL, encode_label(record)
    return Kind.EVENT, encode_event(record, None)
