"""From journal to engine: the state as it was after the newest record, through a snapshot where one fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from seawall.engine.decision import Decision
from seawall.engine.door import Event, Label
from seawall.engine.engine import Engine
from seawall.engine.errors import PackError, StateError
from seawall.engine.event import upcast
from seawall.engine.feature.state import FeatureState
from seawall.engine.identity import Recall
from seawall.engine.journal import (
    ActivationRecord,
    EventRecord,
    Journal,
    JournalDamage,
    JournalError,
    Kind,
    decode,
)
from seawall.engine.lists import ListEntry
from seawall.engine.policy import CompiledPolicy
from seawall.engine.settings import SettingEntry, fits
from seawall.engine.snapshot import restore

from .packs import PackShelf
from .snapshots import Activation, Snapshots

_BATCH = 64
Progress = Callable[[int, int], None]  # (records done, records in all)


@dataclass(slots=True)
class Recovered:
    """An engine that stands after the journal's newest record.

    `replayed` counts the records that went through it again, `differing` holds the sequence numbers (the first few) of
    decisions that came out otherwise than they are journaled.
    """

    engine: Engine
    activations: list[Activation]
    replayed: int
    differing: list[int]


def recover(
    journal: Journal,
    shelf: PackShelf,
    snapshots: Snapshots,
    recall: Recall,
    progress: Progress | None = None,
) -> Recovered:
    """The state after the newest record. JournalDamage names what is damaged."""
    for head, dump in snapshots.read():
        if head.sequence > journal.last or journal.chain_at(head.sequence) != head.chain:
            continue
        try:
            engine = restore(shelf.policy(head.activations[-1].digest), dump, recall=recall)
        except (StateError, JournalError, PackError):
            continue
        return _Feeder(journal, shelf, recall).go_on(engine, head.activations, progress)
    return _Feeder(journal, shelf, recall).from_start(progress)


def activations(journal: Journal, snapshots: Snapshots) -> list[Activation]:
    """Every policy so far, oldest first; what a snapshot knows is not read again."""
    found: list[Activation] = []
    after = -1
    for head in snapshots.heads():
        if head.sequence <= journal.last:
            found, after = head.activations, head.sequence
            break
    for record in journal.read(after, verify=False):
        if record.kind == Kind.ACTIVATION:
            one = decode(record)
            assert isinstance(one, ActivationRecord)
            found.append(Activation(record.sequence, one.policy, one.digest, one.at))
    return found


def rebuild(
    journal: Journal, policy: CompiledPolicy, recall: Recall, upto: int, progress: Progress | None = None
) -> Engine:
    """An engine under `policy` with the history of all records up to `upto`: how new features start warm."""
    engine = Engine(policy, recall=recall)
    for number, (records, activation) in enumerate(_batches(journal, 0, upto)):
        feed(engine, records)
        if activation is not None:
            engine.pass_over()
        if progress is not None and number % 128 == 0:
            progress(engine.sequence, upto + 1)
    assert engine.sequence == upto, "one number a record"
    return engine


def feed(engine: Engine, records: Iterable[object]) -> list[object]:
    """Give journaled records to an engine: the results as `Engine.step` gives them.

    Events of types the policy does not know, and changes of policy, only take their number.
    """
    results: list[object] = []
    batch: list[Event | Label | ListEntry | SettingEntry] = []
    faults: dict[int, tuple[str, ...]] = {}

    def flush() -> None:
        if batch:
            results.extend(engine.step(batch, faults) if faults else engine.step(batch))
            batch.clear()
            faults.clear()

    for record in records:
        known = _known(engine.policy, record)
        if known is None:
            flush()
            engine.pass_over()
            results.append(None)
            continue
        if isinstance(record, EventRecord) and record.decision is not None and record.decision.faults:
            faults[len(batch)] = record.decision.faults
        batch.append(known)
    flush()
    return results


def _known(policy: CompiledPolicy, record: object) -> Event | Label | ListEntry | SettingEntry | None:
    """The record as this policy reads it; None where it means nothing to it."""
    if isinstance(record, EventRecord):
        event = record.event
        declared = policy.pack.events.get(event.type)
        if declared is None or event.version > declared.version:
            return None
        if event.version < declared.version:
            fields = upcast(declared, event.fields, event.version)
            return msgspec.structs.replace(event, fields=fields, version=declared.version)
        return event
    if isinstance(record, Label):
        return record if record.label in policy.pack.labels else None
    if isinstance(record, ListEntry):
        return record if record.list in policy.pack.lists else None
    if isinstance(record, SettingEntry):
        return record if fits(policy.pack.settings.get(record.setting), record) else None
    return None


class _Feeder:
    def __init__(self, journal: Journal, shelf: PackShelf, recall: Recall) -> None:
        self._journal, self._shelf, self._recall = journal, shelf, recall

    def from_start(self, progress: Progress | None) -> Recovered:
        first = decode(self._journal.get(0))
        if not isinstance(first, ActivationRecord):
            raise JournalDamage("record 0 of the journal is no activation; `seawall journal verify` tells more", -1)
        engine = Engine(self._shelf.policy(first.digest), recall=self._recall)
        return self.go_on(engine, [Activation(0, first.policy, first.digest, first.at)], progress)

    def go_on(self, engine: Engine, activations: list[Activation], progress: Progress | None) -> Recovered:
        """Feed everything after the engine's sequence number, and compare each decision with the journaled one."""
        done = Recovered(engine, activations, 0, [])
        for records, activation in _batches(self._journal, engine.sequence, self._journal.last):
            results = feed(done.engine, records)
            _compare(records, results, done)
            done.replayed += len(records)
            if activation is not None:
                self._activate(done, activation)
            if progress is not None:
                progress(done.engine.sequence + 1, self._journal.last + 1)
        if done.engine.sequence != self._journal.last:
            where = f"the engine stands at {done.engine.sequence}, the journal at {self._journal.last}"
            raise JournalDamage(f"{where}; `seawall journal verify` tells more", done.engine.sequence)
        return done

    def _activate(self, done: Recovered, activation: ActivationRecord) -> None:
        policy = self._shelf.policy(activation.digest)
        done.engine = switched(self._journal, done.engine, policy, self._recall)
        sequence = done.engine.sequence
        done.activations.append(Activation(sequence, activation.policy, activation.digest, activation.at))
        done.replayed += 1


def switched(journal: Journal, engine: Engine, policy: CompiledPolicy, recall: Recall) -> Engine:
    """The engine under another policy, one number on; other features are filled from the journal first."""
    if FeatureState.signature(policy.plan) != FeatureState.signature(engine.policy.plan):
        engine = rebuild(journal, policy, recall, engine.sequence)
    engine.activate(policy)
    return engine


def _batches(journal: Journal, after: int, upto: int) -> Iterator[tuple[list[object], ActivationRecord | None]]:
    """Decoded records after `after` up to `upto`, an activation always last in its batch, and given beside it."""
    batch: list[object] = []
    for stored in journal.read(after):
        if stored.sequence > upto:
            break
        record = decode(stored)
        if isinstance(record, ActivationRecord):
            yield batch, record
            batch = []
            continue
        batch.append(record)
        if len(batch) >= _BATCH:
            yield batch, None
            batch = []
    if batch:
        yield batch, None


def _compare(records: list[object], results: list[object], done: Recovered) -> None:
    for record, result in zip(records, results, strict=True):
        if isinstance(record, EventRecord) and record.decision is not None and len(done.differing) < 10:
            same = isinstance(result, Decision) and result.content_hash == record.decision.content_hash
            if not same:
                done.differing.append(record.decision.sequence)
