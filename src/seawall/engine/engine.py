"""The engine: records in, decisions out. The only place where a decision is made."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .block import BlockStepper
from .columns import MISSING, Block, Decided
from .decision import Decision, content_hash, header
from .door import Event, Label
from .errors import ConflictError
from .faults import Faults, check_faults, degraded_by, part_of
from .feature.plan import TEXT
from .feature.state import DEFAULT_MAX_BYTES, ENTERS, READS, FeatureState
from .identity import IMPORTED, IdIndex, Known, Recall, text_as_double
from .inputs import InputBuilder
from .language import compile_row
from .lists import ListEntry, ListStore
from .pack.model import OUTCOMES
from .policy import CompiledPolicy
from .scoring import BatchScorer, model_reasons, tops
from .settings import SettingEntry, SettingStore, fits

Record = Event | Label | ListEntry | SettingEntry


class Repeat(NamedTuple):
    """A record other than an event that is known already, by its sequence number."""

    sequence: int


Result = Decision | ConflictError | Repeat | None
_BATCH = 64  # rows of the buffers kept between calls; larger batches are taken in parts


class Pending(NamedTuple):
    """An event of the batch at hand: its place, the digest of its content, its effective time."""

    place: int
    mac: bytes
    effective_ms: int


Opened = tuple[int, int, Event, list[Any], list[str], int]  # place, row, event, field part, list hits, late by ms


def _conflict(event: Event) -> ConflictError:
    return ConflictError(f"event_id {event.event_id!r} was used for another event; give every event its own id")


def _relabelled(label: Label) -> ConflictError:
    return ConflictError(f"label {label.label} of event {label.event_id!r} was given before with other content")


class Engine:
    """State and policy of one sequence.

    `recall` gives a decision back by its sequence number from where it is durable; without it they stay in memory.
    Deterministic: the same records in the same order give the same decisions, whatever the batches, one record at a
    time or columns, before and after a snapshot. Not thread-safe: one writer.
    """

    def __init__(
        self,
        policy: CompiledPolicy,
        cache_dir: Path | None = None,
        max_state_bytes: int = DEFAULT_MAX_BYTES,
        recall: Recall | None = None,
    ) -> None:
        self.cache_dir = cache_dir
        self.state = FeatureState(policy.plan, cache_dir, max_state_bytes)
        self.lists = ListStore(policy.pack.lists.values())
        self.settings = SettingStore(policy.pack.settings.values())
        self.ids = IdIndex(max(policy.pack.idempotency_ms, policy.pack.lateness_ms), recall=recall)
        self.clock_ms = 0  # effective time of the newest record
        self.sequence = 0  # of the newest record; 0 is the policy's activation
        self._sequences = [0] * _BATCH  # of the rows in the buffers
        self._clocks = [0] * _BATCH
        self._use(policy)

    def _use(self, policy: CompiledPolicy) -> None:
        """Point everything that is derived from the policy at this one."""
        self.policy = policy
        plan = policy.plan
        self.builder = InputBuilder(policy, self.state)
        self._blocks: BlockStepper | None = None  # made when first used
        self._count = len(plan.features)
        self._width = self.state.width  # features, then degraded words; fields stand behind
        self._inputs = np.zeros((_BATCH, plan.input_words), np.int64)
        self._input_bytes = self._inputs.data.cast("B")
        self._outputs = np.zeros((_BATCH, self._width), np.int64)
        self._vectors = np.zeros((_BATCH, len(plan.features)), np.float64)
        self._vector_bytes = self._vectors.data.cast("B")
        self._vector_size = 8 * len(plan.features)
        self._buffers = (
            self._inputs.ctypes.data,
            self._outputs.ctypes.data,
            self._outputs.strides[0],
            self._vectors.ctypes.data,
        )
        self._taken: tuple[list[list[Any]], list[list[float]]] = ([], [])  # outputs and vectors of the batch
        self._pack = struct.Struct(f"={plan.input_words}q").pack_into
        windowed = [(i, f) for i, f in enumerate(plan.features) if f.agg]
        self._doubles = [i for i, f in windowed if plan.types[i] not in ("int", TEXT)]
        self._texts = [(i, self.state.spaces[plan.text_space[i]]) for i, f in windowed if plan.types[i] == TEXT]
        self._scorer = BatchScorer(policy.models, _BATCH) if policy.models else None
        self._values = [(value.index, compile_row([value.expression], policy.slots)) for value in policy.values]

    def activate(self, policy: CompiledPolicy) -> int:
        """Hot-swap at a batch boundary: decisions after the returned sequence number are the new policy's.

        The feature definitions must be those of the running policy; other features need windows of their own, built
        from the journal first.
        """
        if FeatureState.signature(policy.plan) != FeatureState.signature(self.policy.plan):
            raise ConflictError(
                f"{policy.label} has other features than {self.policy.label}: replay the history with it to warm them"
            )
        lists = ListStore(policy.pack.lists.values())
        for entry in self.lists:
            if entry.list in policy.pack.lists:
                lists.apply(entry)
        self.lists = lists
        settings = SettingStore(policy.pack.settings.values())
        for kept in self.settings:
            if fits(policy.pack.settings.get(kept.entry.setting), kept.entry):
                settings.apply(kept.entry, kept.sequence)
        self.settings = settings
        self.sequence += 1
        self._use(policy)
        return self.sequence

    def pass_over(self) -> int:
        """Number a record that changes no decision, as an erasure does; its sequence number."""
        self.sequence += 1
        return self.sequence

    # --- records one by one -------------------------------------------------------------------------------------------

    def step(self, batch: Sequence[Record], faults: Mapping[int, Sequence[str]] | None = None) -> list[Result]:
        """Take records in order; one result each: a Decision for an event (the stored one if its id is known with the
        same content, a ConflictError if with another), None for anything else, a Repeat for a label given before.

        `faults`: by place in the batch, the steps that failed when the event was first decided (`Decision.faults`).
        They are not run and count as failed. StateError for a step that the policy does not have; nothing is done then.
        """
        if faults:
            check_faults(faults, self.policy.fault_names, self.policy.label)
        results: list[Result] = []
        for start in range(0, len(batch), _BATCH):
            results += self._step(batch[start : start + _BATCH], part_of(faults, start, _BATCH))
        return results

    def _step(self, batch: Sequence[Record], faults: dict[int, Faults]) -> list[Result]:
        """One buffer's worth of records. On a failure the engine stands where it stood: no number was given."""
        before = self.sequence, self.clock_ms
        try:
            return self._take(batch, faults)
        except BaseException:
            self.sequence, self.clock_ms = before
            self.state.recheck_room()
            raise

    def _take(self, batch: Sequence[Record], faults: dict[int, Faults]) -> list[Result]:
        self.ids.make_room(len(batch))
        results: list[Result] = [None] * len(batch)
        repeats: list[tuple[int, int]] = []
        pending: dict[str, Pending] = {}
        opened: list[Opened] = []
        size, rows = 8 * self.policy.plan.input_words, 0
        for index, record in enumerate(batch):
            if isinstance(record, ListEntry):
                self.sequence += 1
                self.lists.apply(record)
                continue
            if isinstance(record, SettingEntry):
                self.sequence += 1
                self.settings.apply(record, self.sequence)
                continue
            if isinstance(record, Label):
                key = f"\0{record.label}\0{record.event_id}"  # no event id holds a control character
                known = self.ids.find(key, self.clock_ms)
                if known:
                    results[index] = Repeat(known[0]) if known[2] == record.mac else _relabelled(record)
                    continue
                row = self._label(record)
                self.ids.add_key(key, self.sequence, self.clock_ms, record.mac)
            else:
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
                row, part, hits, late_by = self._open(record, rows)
                pending[record.event_id] = Pending(index, record.mac, self.clock_ms)
                opened.append((index, rows, record, part, hits, late_by))
            self._pack(self._input_bytes, size * rows, *row)
            rows += 1
        if rows:
            inputs, outputs, stride, vectors = self._buffers
            self.state.run(inputs, rows, outputs, stride, vectors, self.clock_ms)
            self._taken = (self._outputs[:rows].tolist(), self._vectors[:rows].tolist())
        taken = [self._row(row_index, part) for _, row_index, _, part, _, _ in opened]
        if self._scorer is not None:
            self._scorer.run([(one[0], one[1], one[2].type) for one in opened], taken, self._vectors, faults)
        for (index, row_index, event, _, hits, late_by), row in zip(opened, taken, strict=True):
            results[index] = self._decide(row_index, event, row, hits, late_by, faults.get(index, ()))
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

    def _open(self, event: Event, at: int) -> tuple[Sequence[int], list[Any], list[str], int]:
        """Number a new event and look it up in the lists: kernel input, field part of its row, list hits, lateness."""
        late_by = self._advance(event.event_time, event.received_at)
        self._sequences[at], self._clocks[at] = self.sequence, self.clock_ms
        fields = event.fields
        if self.builder.implied:
            fields = self.builder.named(
                fields,
                event_id=event.event_id,
                type=event.type,
                event_time=event.event_time,
                received_at=event.received_at,
            )
        part = self.builder.fields(fields, late_by)
        hits = self._look_up(fields, part)
        if self.settings.used:
            self._set(fields, part)
        flags = READS if late_by > self.policy.pack.lateness_ms else READS | ENTERS
        row = self.builder.inputs(self.builder.kinds[event.type], fields, part, self.clock_ms, flags)
        return row, part, hits, late_by

    def _advance(self, time: int, received_at: int) -> int:
        """Number a record and move the clock to its effective time; how late it came, in ms."""
        self.sequence += 1
        wanted = min(time, received_at)
        if wanted >= self.clock_ms:
            self.clock_ms = wanted
            return 0
        return self.clock_ms - wanted

    def _label(self, label: Label) -> Sequence[int]:
        late_by = self._advance(label.label_time, label.received_at)
        flags = 0 if late_by > self.policy.pack.lateness_ms else ENTERS
        kind = self.builder.kinds[f"label.{label.label}"]
        fields = self.builder.named(
            dict(label.keys),
            event_id=label.event_id,
            type=kind.name,
            event_time=label.label_time,
            received_at=label.received_at,
        )
        return self.builder.inputs(kind, fields, self.builder.fields(fields, late_by), self.clock_ms, flags)

    def _look_up(self, fields: dict[str, Any], part: list[Any]) -> list[str]:
        """Look the event up in every list; the answers go into `part`, the hits come back as list/entry_id."""
        hits: list[str] = []
        first = self._width
        for look in self.policy.lists:
            key = fields.get(look.key)
            if key is not None:
                found = self.lists.hits(look.list, key, self.clock_ms)
                if found:
                    hits += [f"{look.list}/{entry}" for entry in found]
                if look.slot >= 0:
                    part[look.slot - first] = bool(found)
        return hits

    def _set(self, fields: dict[str, Any], part: list[Any]) -> None:
        """Put the values of the limits and switches that have entries into `part`, over their defaults."""
        for name in self.settings.used:
            look = self.policy.settings.get(name)
            if look is not None:
                value = self.settings.value(name, fields.get(look.entity), fields.get(look.segment), self.clock_ms)
                part[look.slot - self._width] = value

    def _decide(self, at: int, event: Event, row: list[Any], hits: list[str], late_by: int, faults: Faults) -> Decision:
        ruleset = self.policy.rulesets[event.type]
        bits, faults = ruleset.conditions(row, faults)
        fired = ruleset.fired(bits)
        if fired.models:
            highest, faults = tops({step: step.of_row(row) for step in fired.models}, faults)
            fired = ruleset.fired(bits, tuple(one.code for one in model_reasons(highest, fired.reasons)))
        level = self.policy.lifted(fired.level, fired.legal, hits)
        words = row[self._count : self._width]
        degraded = self.policy.plan.degraded_names(words) if any(words) else []
        if fired.failed or faults:
            degraded += degraded_by(fired.failed, faults)
        sequence = self._sequences[at]
        head = header(event.event_id, self.policy.label, sequence, level, fired, hits, degraded)
        decision = Decision(
            event_id=event.event_id,
            event_type=event.type,
            policy=self.policy.label,
            sequence=sequence,
            outcome=OUTCOMES[level],
            score=fired.score,
            rules=fired.rules,
            reasons=fired.reasons,
            list_hits=tuple(hits),
            degraded=tuple(degraded),
            late_by_ms=late_by,
            effective_ms=self._clocks[at],
            content_hash=content_hash(head, *self._vector(at)),
            row=tuple(row),
            faults=faults,
        )
        self.ids.add(event.mac, decision)
        return decision

    def _vector(self, at: int) -> tuple[memoryview, ...]:
        """The vector of `content_hash` of one row of the buffers, in parts."""
        features = self._vector_bytes[at * self._vector_size : (at + 1) * self._vector_size]
        return (features,) if self._scorer is None else (features, self._scorer.vector(at))

    def _row(self, at: int, part: list[Any]) -> list[Any]:
        """The values expressions read: features from the kernel, then value features, then `part`."""
        outputs, vectors = self._taken
        row, doubles = outputs[at], vectors[at]
        total = sum(doubles)
        if total != total:  # a NaN among them: some number is missing
            row = [None if value == MISSING else value for value in row]
        for index in self._doubles:
            value = doubles[index]
            row[index] = value if value == value else None
        for index, space in self._texts:
            number = row[index]
            text = None if number is None or number == MISSING else space.values[number]
            row[index] = text
            self._vectors[at, index] = text_as_double(text)
        row += part
        for index, run in self._values:
            (result,) = run(row)
            row[index] = result
            self._vectors[at, index] = np.nan if result is None else float(result) + 0.0  # type: ignore[arg-type]
        return row

    # --- columns ------------------------------------------------------------------------------------------------------

    def step_block(self, block: Block, hashes: bool = False, features: bool = True) -> Decided:
        """The same as `step` over a block of history; records of a file arrive at their own time.

        Event ids are not looked up: the reader has seen to it that they are distinct.
        """
        if self._blocks is None:
            self._blocks = BlockStepper(
                self.policy, self.builder, self.state, self.lists, self.settings, self.cache_dir
            )
        decided = self._blocks.step(block, self.clock_ms, self.sequence + 1, hashes, features)
        self.sequence = self.sequence + len(block) if block.sequences is None else int(block.sequences[-1])
        self.clock_ms = max(self.clock_ms, int(block.times.max(initial=0)))
        return decided
