"""The decision service of one home: admission, decisions, labels, list entries, erasures, and reading them back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from seawall.engine.answer import Answers
from seawall.engine.decision import Decision
from seawall.engine.door import Door, Event
from seawall.engine.engine import Engine
from seawall.engine.errors import EventError, SeawallError
from seawall.engine.journal import ActivationRecord, Journal, Kind, decode_event, encode_activation
from seawall.engine.lists import MAX_ENTRIES as MAX_LISTED
from seawall.engine.lists import ListEntry
from seawall.engine.money import Rates
from seawall.engine.policy import CompiledPolicy
from seawall.engine.settings import LIMITS, MAX_ENTRIES, SWITCHES
from seawall.sealing import Erasure, KeyRing, LocalSealer, SealingError

from . import warm_up
from .bodies import addressed, event_id_of
from .counters import Counters
from .decided import Decided, UnavailableError, decided_after, decision_id, sequence_of
from .deploying import Deployed, Deployer, Filed, Wanted
from .gate import Gate
from .gauges import gauges_of
from .home import Home
from .limits import settings_of
from .packs import PackShelf
from .recovery import Progress, Recovered, recover, warmed
from .sequencer import Erased, EraseSubject, Sequencer, Work
from .snapshots import Activation, Head, Snapshots
from .writers import Writers

MAX_SUBJECT = 1_024


@dataclass(frozen=True, slots=True)
class Settings:
    """Bounds of a running service. `queue`: records that may wait; `snapshot_every`: records between snapshots."""

    queue: int = 4_096
    snapshot_every: int = 200_000


class Service:
    """To be used on one event loop: `open`, `start`, then everything else, `stop`.

    Its coroutines raise EventError (bad input), ConflictError (an id used twice), BusyError, UnavailableError; nothing
    was kept then.
    """

    def __init__(
        self,
        home: Home,
        ring: KeyRing,
        rates: Rates | None = None,
        settings: Settings | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.home, self.settings = home, settings or Settings()
        self._clock = clock
        self.journal = Journal(home.journal)
        try:
            self.sealer = LocalSealer(home.key_store, ring, group_commit=True)
        except BaseException:
            self.journal.close()
            raise
        self.shelf, self.snapshots = PackShelf(self.journal, home.cache), Snapshots(home.snapshots)
        self._sequencer = Sequencer(
            lambda: self.engine, self.journal, self.sealer, self.settings.queue, self._recover, self._snapshot_due,
            self._snapshot,
        )  # fmt: skip
        self._gate = Gate(rates or Rates(), self.sealer, clock)
        self._deployer = Deployer(self, self._sequencer, self._gate.prepare, clock)
        self._state: Recovered | None = None
        self._writers = Writers(self.shelf, self.active, lambda: self.activations)
        self._saved = -1  # sequence of the newest snapshot
        self._phase = "starting"

    # --- life ---------------------------------------------------------------------------------------------------------

    def open(self, bundle: bytes | None = None, progress: Progress | None = None) -> Recovered:
        """Recover the state; with a bundle, make its pack the active one. Blocks: call it before serving."""
        self.snapshots.clear()
        warm_up.clear(self.home)
        if self.journal.last < 0:
            if bundle is None:
                raise UnavailableError("the home has no policy yet; name a pack")
            digest = self.journal.put_bundle(bundle)
            self._journal_activation(ActivationRecord(self.shelf.policy(digest).label, digest, self._clock()))
        found = recover(self.journal, self.shelf, self.snapshots, self._recall, progress)
        self._saved = found.engine.sequence - found.replayed
        self._use(found)
        if bundle is not None:
            self.activate(bundle)
        return found

    async def start(self) -> None:
        """Begin to take records."""
        assert self._state is not None, "open() comes first"
        self._sequencer.start()
        self._phase = ""

    async def stop(self) -> None:
        """Finish what waits, keep a snapshot, let go of the files."""
        self._phase = "stopping"
        await self._deployer.stop()
        await self._sequencer.stop()
        self.snapshots.wait()
        self.save()
        self.close()

    def save(self) -> None:
        """Keep a snapshot here and now, unless the newest one still holds; a full disk costs a slower start only."""
        if self._state is not None and self.engine.sequence == self.journal.last > self._saved:
            with suppress(OSError):
                self.snapshots.write(self.engine, self._head())
                self._saved = self.journal.last

    def close(self) -> None:
        """Let go of the files."""
        with suppress(SealingError):
            self.sealer.close()
        self.journal.close()

    def use_rates(self, rates: Rates) -> None:
        """Take these exchange rates from the next event on."""
        self._gate.use_rates(rates)

    # --- policies -----------------------------------------------------------------------------------------------------

    def activate(self, bundle: bytes) -> CompiledPolicy:
        """Make a pack the champion, alone, before `start`; the champion's pack again changes nothing.

        ConflictError where another pack ran under the same name and version. Other features are warmed from the
        journal, which takes a while.
        """
        digest = self.journal.put_bundle(bundle)
        if digest == self.activations[-1].digest:
            return self.shelf.policy(digest)
        record, deployment = self._deployer.resolve(Wanted(digest))
        prepared = self.engine.prepare(deployment, warmed(self.journal, self.engine, deployment))
        self._journal_activation(record)
        self.taken_over(Activation.of(self.engine.adopt(prepared), record))
        return deployment.champion

    async def file_bundle(self, data: bytes) -> Filed:
        """Check a pack's bundle while decisions go on, and keep it. PackError, ConflictError: nothing is kept then."""
        self._ready_door()
        return await self._deployer.file(data)

    async def deploy(self, wanted: Wanted) -> Deployed:
        """Make these policies run while decisions go on, by one record between two batches; see Deployer.deploy."""
        self._ready_door()
        return await self._deployer.deploy(wanted)

    @property
    def warming(self) -> Mapping[str, Any] | None:
        """How far the windows of a deployment to come are; None where none is."""
        return self._deployer.warming

    def taken_over(self, activation: Activation) -> None:
        """From here on other policies run: admit by the champion's pack, also what waits already."""
        self.activations.append(activation)
        self._gate.follow(self.active())
        self._sequencer.reread(self._gate.reread)

    # --- what is so ---------------------------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The running engine."""
        return self._recovered.engine

    @property
    def activations(self) -> list[Activation]:
        """Every deployment so far, oldest first."""
        return self._recovered.activations

    @property
    def sequence(self) -> int:
        """Number of the newest durable record."""
        return self.journal.last

    @property
    def counters(self) -> Counters:
        """What has happened since the start."""
        return self._sequencer.counters

    def active(self) -> CompiledPolicy:
        """The policy that decides."""
        return self.engine.policy

    def ready(self) -> str:
        """Why the service cannot take records now; "" when it can."""
        return self._phase or self._sequencer.trouble

    def gauges(self) -> Mapping[str, float]:
        """Figures of the moment, for monitoring."""
        own = {"queue_depth": len(self._sequencer), "journal_sequence": self.journal.last}
        own["packs_repaired_total"] = self.shelf.repaired
        return own | {"snapshot_sequence": self._saved} | gauges_of(self.engine, self.counters, self.warming)

    # --- records in ---------------------------------------------------------------------------------------------------

    async def decide(self, body: bytes) -> Decided:
        """Decide one event (JSON) and answer once it is durable."""
        self._sequencer.check_room(1)
        result = await self._durable(self._sequencer.put(self._admit(body)))
        assert isinstance(result, Decided)
        return result

    def submit(self, body: bytes, deliver: Callable[[Decided | SeawallError], None]) -> None:
        """The same, told by a call once it is durable; what is wrong with the event itself is raised here."""
        self._sequencer.check_room(1)
        self._sequencer.submit(self._admit(body), deliver)

    async def decide_many(self, bodies: Sequence[bytes]) -> list[Decided | SeawallError]:
        """The same for many, in order; what is wrong with one stops no other. BusyError where all do not fit."""
        return await self._each(bodies, self._admit)

    async def label(self, body: bytes) -> int:
        """Record a label (JSON); its sequence number, or the earlier one's where it was given before."""
        self._sequencer.check_room(1)
        door = self._ready_door()
        with _available():
            record = door.admit_label(body, self._keys_of(event_id_of(body)))
        return int(await self._durable(self._sequencer.put(record)))

    async def list_entry(self, name: str, body: bytes) -> int:
        """Record an entry of the list `name` (the JSON body may leave it out); its sequence number."""
        self._sequencer.check_room(1)
        return int(await self._durable(self._sequencer.put(self._admit_entry(name, body))))

    async def list_entries(self, name: str, bodies: Sequence[bytes]) -> list[int | SeawallError]:
        """The same for many, in order; what is wrong with one stops no other. BusyError where all do not fit."""
        return await self._each(bodies, partial(self._admit_entry, name))

    async def setting(self, name: str, body: bytes) -> int:
        """Record an entry of limits.NAME or switches.NAME (the JSON body may leave it out); its sequence number."""
        self._sequencer.check_room(1)
        door, kept = self._ready_door(), self.engine.setting_log
        members = addressed(body, "setting", name)
        with _available():
            entry = door.admit_setting(members)
        if not entry.removed and len(kept) >= MAX_ENTRIES:
            raise EventError("setting", f"the settings hold {MAX_ENTRIES:,} entries, the bound; remove some")
        return int(await self._durable(self._sequencer.put(entry)))

    async def erase(self, subject: str) -> tuple[int, Erasure]:
        """Destroy a subject's data key and the links of its surrogates; the record's number, and what was destroyed."""
        self._sequencer.check_room(1)
        self._ready_door()
        if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
            raise EventError("subject", f"is printable text of 1 to {MAX_SUBJECT:,} characters")
        result = await self._durable(self._sequencer.put(EraseSubject(subject, self._clock())))
        assert isinstance(result, Erased)
        return result

    def _ready_door(self) -> Door:
        trouble = self.ready()
        if trouble:
            raise UnavailableError(f"not taking records: {trouble}")
        assert self._gate.door is not None, "open() comes first"
        return self._gate.door

    async def _each(self, bodies: Sequence[bytes], admit: Callable[[bytes], Work]) -> list[Any]:
        """What came of each body, in order; BusyError where all do not fit."""
        self._sequencer.check_room(len(bodies))
        waiting: list[asyncio.Future[Any] | SeawallError] = []
        for body in bodies:
            try:
                waiting.append(self._sequencer.put(admit(body)))
            except (EventError, UnavailableError) as error:
                waiting.append(error)
        return [one if isinstance(one, SeawallError) else await one for one in waiting]

    def _admit_entry(self, name: str, body: bytes) -> ListEntry:
        door = self._ready_door()
        members = addressed(body, "list", name)
        with _available():
            entry = door.admit_list_entry(members)
        if not entry.removed and len(self.engine.lists) + len(self._sequencer) >= MAX_LISTED:
            raise EventError("list", f"the lists hold {MAX_LISTED:,} entries, the bound; remove some")
        return entry

    def _admit(self, body: bytes) -> Event:
        try:
            return self._ready_door().admit(body)
        except SealingError as error:
            raise UnavailableError(f"the key store failed: {error}") from None

    async def _durable(self, future: asyncio.Future[Any]) -> Any:
        result = await future
        if isinstance(result, SeawallError):
            raise result
        return result

    def _keys_of(self, event_id: str) -> dict[str, str]:
        """The entity keys of an event that is still known, surrogates as admitted; {} otherwise."""
        known = self.engine.ids.find(event_id, self.engine.clock_ms)
        if known is None:
            return {}
        flying = self._sequencer.flying.get(known[0])
        event = flying.event if flying is not None else self.event(known[0])
        declared = self.active().pack.events.get(event.type)
        fields = declared.fields if declared is not None else {}
        return {name: event.fields[name] for name, one in fields.items() if one.type == "key" and name in event.fields}

    # --- records out --------------------------------------------------------------------------------------------------

    def find(self, key: str) -> Decided | None:
        """A decision by its decision_id or, within the horizon, by its event_id."""
        number = sequence_of(key)
        if number is None or not 0 <= number <= self.journal.last:
            known = self.engine.ids.find(key, self.engine.clock_ms)
            number = known[0] if known else None
        decision = self._recall(number) if number is not None and number <= self.journal.last else None
        if decision is None or key not in (decision.event_id, decision_id(decision)):
            return None
        return Decided(decision, decision_id(decision), True)

    def event(self, sequence: int) -> Event:
        """The event of a record, as admitted. JournalError where the record is none."""
        return decode_event(self.journal.get(sequence)).event

    def decisions(self, after: int, limit: int) -> list[Decided]:
        """Decisions by sequence number, those after `after`, at most `limit`."""
        return decided_after(self.journal, after, limit)

    def answers(self, policy: str, language: str) -> Answers:
        """The writer of answers for decisions of one policy (name@version), a former one too."""
        return self._writers.writer(policy, language)

    def limits(self, entity: str = "", segment: str = "") -> list[dict[str, Any]]:
        """The declared limits, and what is in force for an entity and segment, in the clear ("": for everyone else)."""
        return self._settings_of(LIMITS, entity, segment)

    def switches(self) -> list[dict[str, Any]]:
        """The declared switches, and whether each is on."""
        return self._settings_of(SWITCHES)

    def _settings_of(self, prefix: str, entity: str = "", segment: str = "") -> list[dict[str, Any]]:
        at_ms = max(self.engine.clock_ms, self._clock())
        with _available():
            return settings_of(self.engine, prefix, at_ms, entity, segment, self.sealer.find)

    # --- parts --------------------------------------------------------------------------------------------------------

    @property
    def _recovered(self) -> Recovered:
        assert self._state is not None, "open() comes first"
        return self._state

    def _use(self, found: Recovered) -> None:
        self._state = found
        self._gate.follow(self.active())
        self._writers.clear()

    def _recover(self) -> Callable[[], None]:
        found = recover(self.journal, self.shelf, self.snapshots, self._recall)
        return lambda: self._use(found)

    def _snapshot_due(self) -> bool:
        return self.journal.last - self._saved >= self.settings.snapshot_every and not self.snapshots.busy()

    def _snapshot(self) -> None:
        if self.engine.sequence == self.journal.last and self.snapshots.start(self.engine, self._head()):
            self._saved = self.journal.last

    def _journal_activation(self, record: ActivationRecord) -> None:
        self.journal.append([(Kind.ACTIVATION, encode_activation(record))])

    def _head(self) -> Head:
        return Head(self.journal.last, self.journal.chain, self.activations)

    def _recall(self, sequence: int) -> Decision | None:
        flying = self._sequencer.flying.get(sequence)
        if flying is not None:
            return flying.decision
        record = self.journal.get(sequence)
        return decode_event(record).decision if record.kind == Kind.EVENT else None


@contextmanager
def _available() -> Iterator[None]:
    """Failures of the key store as the service being unavailable."""
    try:
        yield
    except SealingError as error:
        raise UnavailableError(f"the key store failed: {error}") from None
