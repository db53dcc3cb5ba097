"""From journal to engine: the state as it was after the newest record, through a snapshot where one fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seawall.engine.decision import Decision
from seawall.engine.deployment import Deployment
from seawall.engine.door import Event, Label
from seawall.engine.engine import Engine, Position
from seawall.engine.errors import PackError, StateError
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
from seawall.engine.lane import Lane, windows_of
from seawall.engine.lists import ListEntry
from seawall.engine.policy import CompiledPolicy
from seawall.engine.settings import SettingEntry
from seawall.engine.snapshot import restore
from seawall.engine.track import read_as
from seawall.engine.warming import Warming

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
            engine = restore(shelf.deployment(head.activations[-1]), dump, recall=recall)
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
            found.append(Activation.of(record.sequence, one))
    return found


def warm(journal: Journal, warming: Warming, upto: int, progress: Progress | None = None) -> None:
    """Take the records up to `upto` into windows that a policy is to run on."""
    batch: list[Event | Label | None] = []
    for number, stored in enumerate(journal.read(warming.sequence, verify=False)):
        if stored.sequence > upto:
            break
        content = decode(stored) if stored.kind in (Kind.EVENT, Kind.LABEL) else None
        batch.append(content.event if isinstance(content, EventRecord) else content)  # type: ignore[arg-type]
        if len(batch) >= _BATCH:
            warming.feed(batch)
            batch.clear()
        if progress is not None and number % 8_192 == 0:
            progress(warming.sequence, upto)
    warming.feed(batch)
    assert warming.sequence >= upto, "one number a record"


def feed(engine: Engine, records: Iterable[object]) -> list[object]:
    """Give journaled records to an engine: the results as `Engine.step` gives them.

    Events of types the champion does not know, and changes of policy, only take their number.
    """
    results: list[object] = []
    batch: list[Event | Label | ListEntry | SettingEntry] = []
    faults: dict[int, tuple[str, ...]] = {}
    labels = {policy.label for policy in engine.deployment.policies}

    def flush() -> None:
        if batch:
            results.extend(engine.step(batch, faults) if faults else engine.step(batch))
            batch.clear()
            faults.clear()

    for record in records:
        known = _known(engine, record)
        if known is None:
            flush()
            _pass_over(engine, record)
            results.append(None)
            continue
        decision = record.decision if isinstance(record, EventRecord) else None
        if decision is not None and decision.faults and decision.policy in labels:  # another policy's mean nothing here
            faults[len(batch)] = decision.faults
        batch.append(known)
    flush()
    return results


def _known(engine: Engine, record: object) -> Event | Label | ListEntry | SettingEntry | None:
    """The record as the champion reads it; None where it means nothing to it."""
    if isinstance(record, EventRecord):
        return read_as(engine.policy, record.event)
    if isinstance(record, Label):
        return record if record.label in engine.policy.pack.labels else None
    if isinstance(record, ListEntry):
        engine.lists.declare((record.list,))  # a policy to come may ask for it
        return record
    return record if isinstance(record, SettingEntry) else None


def _pass_over(engine: Engine, record: object) -> None:
    """Number a record that means nothing to the champion: the sequence's clock goes on with it all the same."""
    if isinstance(record, EventRecord):
        engine.pass_over(record.event.event_time, record.event.received_at)
    elif isinstance(record, Label):
        engine.pass_over(record.label_time, record.received_at)
    else:
        engine.pass_over()


class _Feeder:
    def __init__(self, journal: Journal, shelf: PackShelf, recall: Recall) -> None:
        self._journal, self._shelf, self._recall = journal, shelf, recall

    def from_start(self, progress: Progress | None) -> Recovered:
        first = decode(self._journal.get(0))
        if not isinstance(first, ActivationRecord):
            raise JournalDamage("record 0 of the journal is no activation; `seawall journal verify` tells more", -1)
        engine = Engine(self._shelf.deployment(first), recall=self._recall)
        return self.go_on(engine, [Activation.of(0, first)], progress)

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
        deployment = self._shelf.deployment(activation)
        sequence = done.engine.deploy(deployment, warmed(self._journal, done.engine, deployment))
        done.activations.append(Activation.of(sequence, activation))
        done.replayed += 1


def warmed(journal: Journal, engine: Engine, deployment: Deployment) -> list[tuple[Lane, Position]]:
    """Windows, as of the engine's newest record, of the policies that find none among the running ones."""
    found: dict[str, Warming] = {}
    for policy in cold(engine, deployment):
        found[windows_of(policy)] = Warming(policy)
        warm(journal, found[windows_of(policy)], engine.sequence)
    return [(one.lane, one.position) for one in found.values()]


def cold(engine: Engine, deployment: Deployment) -> list[CompiledPolicy]:
    """One policy for each set of windows that is not among the running ones."""
    running = engine.lanes
    missing = {windows_of(policy): policy for policy in deployment.policies if windows_of(policy) not in running}
    return list(missing.values())


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
