"""A journal as a service writes it, over the stream of `world`: lists, labels, an erasure, two activations."""

from __future__ import annotations

import warnings
from pathlib import Path

import msgspec

from seawall.engine.decision import Decision
from seawall.engine.door import Event, Label
from seawall.engine.engine import Engine, Record
from seawall.engine.journal import (
    ActivationRecord,
    ErasureRecord,
    Journal,
    Kind,
    encode_activation,
    encode_erasure,
    encode_event,
    encode_label,
    encode_list_entry,
    pack_bundle,
)
from seawall.engine.lists import ListEntry
from tests.engine import world

MANY = 400


def bundle() -> bytes:
    pack = world.pack()
    return pack_bundle({name: text.encode() for name, text in pack.sources.items()} | dict(pack.artefacts))


def records(seed: int = 7) -> list[Record]:
    stream = world.stream(seed, MANY)
    found = [_of_an_event(record, number, stream) for number, record in enumerate(stream)]
    entries = world.lists()
    for place, entry in zip((3, 90, 91, 250), entries, strict=False):
        found.insert(place, entry)
    removed = ListEntry(
        list="denied", entry_id="d1", key="4111110000000002", reason="gone", owner="maker", approved_by="checker",
        valid_from=0, removed=True,
    )  # fmt: skip
    found.insert(300, removed)
    return found


def _of_an_event(record: Record, number: int, stream: list[Record]) -> Record:
    """A label as one of the event that came some records before."""
    earlier = [one for one in stream[max(0, number - 20) : number] if isinstance(one, Event)]
    if not isinstance(record, Label) or not earlier:
        return record
    return msgspec.structs.replace(record, event_id=earlier[0].event_id)


def payload(record: Record, decision: Decision | None) -> tuple[int, bytes]:
    if isinstance(record, Event):
        return Kind.EVENT, encode_event(record, decision)
    if isinstance(record, Label):
        return Kind.LABEL, encode_label(record)
    assert isinstance(record, ListEntry)
    return Kind.LIST_ENTRY, encode_list_entry(record)


def write_journal(path: Path) -> tuple[Journal, list[Decision]]:
    """The open journal, and the decisions in it, each made live."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        journal = Journal(path)
    digest = journal.put_bundle(bundle())
    activation = Kind.ACTIVATION, encode_activation(ActivationRecord("everything@1", digest, 0))
    journal.append([activation])
    engine, decisions = Engine(world.policy()), []
    batch: list[tuple[int, bytes]] = []
    for number, record in enumerate(records()):
        (result,) = engine.step([record])
        if isinstance(record, Event) and not isinstance(result, Decision):
            continue  # a repeated id: never journaled
        if isinstance(result, Decision):
            if result.sequence <= journal.last + len(batch):
                continue
            decisions.append(result)
        elif result is not None:
            continue
        batch.append(payload(record, result if isinstance(result, Decision) else None))
        if number % 7 == 0:
            journal.append(batch)
            batch = []
        if number == 120:
            journal.append(batch)
            batch = []
            journal.append([(Kind.ERASURE, encode_erasure(ErasureRecord("c1", 0, 1, 1)))])
            engine.pass_over()
        if number == 200:
            journal.append(batch)
            batch = []
            journal.append([activation])
            engine.activate(world.policy())
    journal.append(batch)
    return journal, decisions
