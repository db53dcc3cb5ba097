"""The engine: records in, decisions out. The only place where a decision is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .block import BlockStepper, KernelRun
from .columns import Block, Decided
from .contenders import Contenders
from .decision import Decision, Other
from .deployment import Deployment
from .door import Event, Label
from .errors import ConflictError, StateError
from .faults import CHALLENGER, Faults, check_faults, part_of
from .feature.state import DEFAULT_MAX_BYTES, FeatureState
from .identity import IMPORTED, IdIndex, Known, Recall
from .lane import BATCH, Lane, windows_of
from .lists import ListEntry, ListStore
from .policy import CompiledPolicy
from .scoring import Watch
from .setting_log import SettingLog
from .settings import SettingEntry, SettingStore
from .track import Opened, Track

Record = Event | Label | ListEntry | SettingEntry


class Repeat(NamedTuple):
    """A record other than an event that is known already, by its sequence number."""

    sequence: int


Result = Decision | ConflictError | Repeat | None


class Pending(NamedTuple):
    """An event of the batch at hand: its place, the digest of its content, its effective time."""

    place: int
    mac: bytes
    effective_ms: int


class Position(NamedTuple):
    """Where in the sequence a state stands: the newest record, the effective time after it (ms)."""

    sequence: int
    clock_ms: int


class Prepared(NamedTuple):
    """Policies ready to run: a track each, champion first, and the lanes they run on, the champion's first."""

    deployment: Deployment
    tracks: list[Track]
    lanes: list[Lane]


def _conflict(event: Event) -> ConflictError:
    return ConflictError(f"event_id {event.event_id!r} was used for another event; give every event its own id")


def _relabelled(label: Label) -> ConflictError:
    return ConflictError(f"label {label.label} of event {label.event_id!r} was given before with other content")


class Engine:
    """One sequence and the policies that run on it: numbers, clock, event ids, list entries, and a track a policy.

    `recall` gives a decision back by its sequence number from where it is durable; without it they stay in memory.
    Deterministic: the same records in the same order give the same decisions, whatever the batches, one record at a
    time or columns, before and after a snapshot. Not thread-safe: one writer.

    `others`: what the policies that did not serve made of the events of the last `step`, by sequence number.
    """

    def __init__(
        self,
        policy: CompiledPolicy | Deployment,
        cache_dir: Path | None = None,
        max_state_bytes: int = DEFAULT_MAX_BYTES,
        recall: Recall | None = None,
    ) -> None:
        deployment = policy if isinstance(policy, Deployment) else Deployment(policy)
        self.cache_dir = cache_dir
        self.clock_ms = 0  # effective time of the newest record
        self.sequence = 0  # of the newest record; 0 is the first policy's activation
        self.lists = ListStore(())
        self.setting_log = SettingLog()
        self._watch: Watch | None = None
        self.ids = IdIndex(_horizon(deployment.champion), recall=recall)
        self.others: dict[int, tuple[Other, ...]] = {}
        self._sequences = [0] * BATCH  # of the rows in the buffers
        self._clocks = [0] * BATCH
        self._lanes: list[Lane] = []
        cold = {windows_of(one): one for one in deployment.policies}
        lanes = [Lane(one, cache_dir, max_state_bytes) for one in cold.values()]
        self._use(self.prepare(deployment, [(lane, Position(0, 0)) for lane in lanes]))

    @property
    def policy(self) -> CompiledPolicy:
        """The champion."""
        return self.deployment.champion

    @property
    def state(self) -> FeatureState:
        """The champion's windows."""
        return self._champion.lane.state

    @property
    def settings(self) -> SettingStore:
        """Limits and switches as the champion declares them."""
        return self._champion.settings

    # --- policies -----------------------------------------------------------------------------------------------------

    def activate(self, policy: CompiledPolicy) -> int:
        """`deploy` of one policy alone."""
        return self.deploy(Deployment(policy))

    def deploy(self, deployment: Deployment, warmed: Iterable[tuple[Lane, Position]] = ()) -> int:
        """Hot-swap at a batch boundary: records after the returned sequence number are these policies'.

        Policies find their windows among the running ones or among `warmed`, lanes built from the journal up to the
        newest record. ConflictError where one finds none, StateError where one stands elsewhere; nothing changed then.
        """
        return self.adopt(self.prepare(deployment, warmed))

    def prepare(self, deployment: Deployment, warmed: Iterable[tuple[Lane, Position]] = ()) -> Prepared:
        """All that can fail or takes time in `deploy`; nothing changes yet. To be adopted before the next record."""
        lanes = self.lanes
        for lane, position in warmed:
            if position != (self.sequence, self.clock_ms):
                raise StateError(f"the warmed windows stand at {position.sequence}, the engine at {self.sequence}")
            lanes[lane.windows] = lane
        missing = next((one for one in deployment.policies if windows_of(one) not in lanes), None)
        if missing is not None:
            raise ConflictError(
                f"{missing.label} has other features than {self.policy.label}: replay the history with it to warm them"
            )
        tracks: list[Track] = []
        used: list[Lane] = []
        for policy in deployment.policies:
            lane = lanes[windows_of(policy)]
            self.lists.declare(policy.pack.lists)
            settings = self.setting_log.store(policy.pack.settings)
            tracks.append(Track(policy, lane, self.lists, settings, first=lane not in used))
            if lane not in used:
                used.append(lane)
        return Prepared(deployment, tracks, used)

    def adopt(self, prepared: Prepared) -> int:
        """Point everything that is derived from the policies at these; the number that the change takes."""
        self._use(prepared)
        self.sequence += 1
        return self.sequence

    @property
    def lanes(self) -> dict[str, Lane]:
        """The windows in use, by `windows_of` the policies that read them; none that has failed."""
        return {lane.windows: lane for lane in self._lanes if not lane.trouble}

    @property
    def troubles(self) -> dict[str, str]:
        """Why a policy beside the champion can decide nothing at present, by its label."""
        return {track.policy.label: track.lane.trouble for track in self._tracks if track.lane.trouble}

    def _use(self, prepared: Prepared) -> None:
        deployment, tracks, lanes = prepared
        self.deployment, self._tracks, self._lanes = deployment, tracks, lanes
        self._champion = tracks[0]
        self.setting_log.keep([track.settings for track in tracks])
        self.ids.horizon_ms = _horizon(deployment.champion)
        self._blocks: list[BlockStepper] = []  # made when first used
        self._contenders = Contenders(tracks[0], deployment.challenger, tracks[1:], lanes[1:]) if tracks[1:] else None

    def pass_over(self, time: int = 0, received_at: int = 0) -> int:
        """Number a record that no policy reads, as an erasure is; its sequence number. It moves the clock if it has a
        time."""
        self._advance(time, received_at)
        return self.sequence

    # --- records one by one -------------------------------------------------------------------------------------------

    def step(self, batch: Sequence[Record], faults: Mapping[int, Sequence[str]] | None = None) -> list[Result]:
        """Take records in order; one result each: a Decision for an event (the stored one if its id is known with the
        same content, a ConflictError if with another), None for anything else, a Repeat for a label given before.

        `faults`: by place in the batch, the steps that failed when the event was first decided (`Decision.faults`).
        They are not run and count as failed. StateError for a step that the policy does not have; nothing is done then.
        """
        if faults:
            beside = self._contenders.fault_names() if self._contenders is not None else set()
            check_faults(faults, self.policy.fault_names | beside, self.policy.label)
        self.others = {}
        results: list[Result] = []
        for start in range(0, len(batch), BATCH):
            results += self._step(batch[start : start + BATCH], part_of(faults, start, BATCH))
        return results

    def _step(self, batch: Sequence[Record], faults: dict[int, Faults]) -> list[Result]:
        """One buffer's worth of records. On a failure the engine stands where it stood: no number was given."""
        before = self.sequence, self.clock_ms
        try:
            return self._take(batch, faults)
        except BaseException:
            self.sequence, self.clock_ms = before
            for lane in self._lanes:
                lane.state.recheck_room()
            raise

    def _take(self, batch: Sequence[Record], faults: dict[int, Faults]) -> list[Result]:
        self.ids.make_room(len(batch))
        champion, contenders, lane = self._champion, self._contenders, self._champion.lane
        lane.rows = 0
        if contenders is not None:
            contenders.begin()
        results: list[Result] = [None] * len(batch)
        repeats: list[tuple[int, int]] = []
        pending: dict[str, Pending] = {}
        opened: list[Opened] = []
        for index, record in enumerate(batch):
            if isinstance(record, ListEntry):
                self.sequence += 1
                self.lists.apply(record)
                continue
            if isinstance(record, SettingEntry):
                self.sequence += 1
                self.setting_log.apply(record, self.sequence)
                continue
            if isinstance(record, Label):
                key = f"\0{record.label}\0{record.event_id}"  # no event id holds a control character
                known = self.ids.find(key, self.clock_ms)
                if known:
                    results[index] = Repeat(known[0]) if known[2] == record.mac else _relabelled(record)
                    continue
                late_by = self._advance(record.label_time, record.received_at)
                champion.put_label(record, late_by, self.clock_ms)
                if contenders is not None:
                    contenders.put_label(lane.rows - 1, record, late_by, self.clock_ms)
                self.ids.add_key(key, self.sequence, self.clock_ms, record.mac)
                continue
            earlier = pending.get(record.event_id)
            if earlier and self.ids.covers(earlier.effective_ms, self.clock_ms):
                if earlier.mac == record.mac:
                    repeats.append((index, earlier.place))
                else:
                    results[index] = _conflict(record)
                continue
            known = self.ids.find(record.event_id, self.clock_ms)
            if known:
                results[index] = self._repeated(record, known)
                continue
            late_by, at = self._advance(record.event_time, record.received_at), lane.rows
            self._sequences[at], self._clocks[at] = self.sequence, self.clock_ms
            part, hits = champion.open(record, late_by, self.clock_ms, at)
            pending[record.event_id] = Pending(index, record.mac, self.clock_ms)
            opened.append((index, at, record, part, hits, late_by))
            if contenders is not None:
                contenders.open(index, at, record, late_by, self.clock_ms)
        if lane.rows:
            lane.run(self.clock_ms)
            if contenders is not None:
                contenders.run(self.clock_ms)
            champion.take()
        if contenders is None:
            self._decide(opened, results, faults)
        else:
            self._decide_side_by_side(contenders, opened, results, faults)
        for index, first in repeats:
            results[index] = results[first]
        self.ids.expire(self.clock_ms, 2 * len(batch))
        return results

    def _repeated(self, event: Event, known: Known) -> Decision | ConflictError:
        sequence, _, mac = known
        if mac == IMPORTED:
            return ConflictError(
                f"event_id {event.event_id!r} was imported as history; give new events ids of their own"
            )
        decision = self.ids.recall(sequence) if mac == event.mac else None
        return decision or _conflict(event)

    def _advance(self, time: int, received_at: int) -> int:
        """Number a record and move the clock to its effective time; how late it came, in ms."""
        self.sequence += 1
        wanted = min(time, received_at)
        if wanted >= self.clock_ms:
            self.clock_ms = wanted
            return 0
        return self.clock_ms - wanted

    def _decide(self, opened: Sequence[Opened], results: list[Result], faults: dict[int, Faults]) -> None:
        """The champion alone."""
        champion = self._champion
        for one, row in zip(opened, champion.score(opened, faults), strict=True):
            place, at, event, _, hits, _ = one
            judged = champion.judge(event.type, row, hits, faults.get(place, ()))
            results[place] = decision = champion.decision(one, row, judged, self._sequences[at], self._clocks[at])
            self.ids.add(event.mac, decision)

    def _decide_side_by_side(
        self, contenders: Contenders, opened: Sequence[Opened], results: list[Result], faults: dict[int, Faults]
    ) -> None:
        """The same with a challenger or shadows: each decides every event, one of them serves it."""
        champion = self._champion
        turns = {
            place
            for place, _, event, _, _, _ in opened
            if contenders.serves(event) and CHALLENGER not in faults.get(place, ())
        }
        contenders.decide({place: found for place, found in faults.items() if place in turns})
        faults = {place: found for place, found in faults.items() if place not in turns}
        for one, row in zip(opened, champion.score(opened, faults), strict=True):
            place, at, event, _, hits, _ = one
            found = contenders.challenger(place) if place in turns else None
            known = faults.get(place, ())
            if place in turns and found is None:
                known = (*known, CHALLENGER)  # the champion serves in its place, and the decision says so
            judged = champion.judge(event.type, row, hits, known)
            sequence, effective_ms = self._sequences[at], self._clocks[at]
            if found is None:
                decision = champion.decision(one, row, judged, sequence, effective_ms)
                beside = contenders.others(place, served=False)
            else:
                track, outcome = found
                decision = track.decision(*outcome, sequence, effective_ms)
                beside = [champion.other(judged), *contenders.others(place, served=True)]
            results[place] = decision
            self.others[sequence] = tuple(beside)
            self.ids.add(event.mac, decision)

    # --- columns ------------------------------------------------------------------------------------------------------

    def watch_models(self, watch: Watch) -> None:
        """Have `watch` shown what the models are given on each block from here on, and their scores."""
        self._watch = watch
        for one in self._blocks:
            one.watch = watch

    def step_block(self, block: Block, hashes: bool = False, features: bool = True) -> Decided:
        """The same as `step` over a block of history; records of a file arrive at their own time.

        Event ids are not looked up: the reader has seen to it that they are distinct. StateError where policies run
        beside the champion: columns decide under one policy.
        """
        if self._contenders is not None:
            raise StateError("columns decide under one policy: replay challenger and shadows each in a run of its own")
        return self.step_block_beside(block, hashes, features)[0]

    def step_block_beside(self, block: Block, hashes: bool = False, features: bool = True) -> list[Decided]:
        """A block under every policy, champion first, where all have the same windows (StateError): the kernel runs
        once. `block`: its types and columns are those of all of them; nobody serves, each says what it would.
        """
        if len(self._lanes) > 1:
            raise StateError("columns decide beside each other over the same windows only: replay the others alone")
        if not self._blocks:
            self._blocks = [
                BlockStepper(track.policy, track.builder, self.state, self.lists, track.settings, self.cache_dir)
                for track in self._tracks
            ]
            for one in self._blocks:
                one.watch = self._watch
        alone = len(self._blocks) == 1
        run = None if alone else KernelRun(features or hashes or any(one.policy.models for one in self._blocks))
        first = self.sequence + 1
        decided = [one.step(block, self.clock_ms, first, hashes, features, run) for one in self._blocks]
        self.sequence = self.sequence + len(block) if block.sequences is None else int(block.sequences[-1])
        self.clock_ms = max(self.clock_ms, int(block.times.max(initial=0)))
        return decided


def _horizon(champion: CompiledPolicy) -> int:
    """How long event ids are known, in ms of effective time."""
    return max(champion.pack.idempotency_ms, champion.pack.lateness_ms)
