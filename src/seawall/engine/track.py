"""One policy on its lane: from an admitted event to what its rules come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .columns import MISSING
from .decision import Decision, Other, content_hash, header
from .door import Event, Label
from .event import upcast
from .faults import Faults, degraded_by
from .feature.plan import TEXT
from .feature.state import ENTERS, READS
from .identity import text_as_double
from .inputs import InputBuilder
from .lane import BATCH, Lane
from .language import compile_row
from .lists import ListStore
from .pack.model import OUTCOMES
from .policy import CompiledPolicy
from .ruleset import Fired
from .scoring import BatchScorer, model_reasons, tops
from .settings import SettingStore

# Plain tuples: two of them are made for every decision.
# An event that a policy has looked at, before the kernel ran: its place in the batch, its row in the buffers, the event
# as the policy reads it, the field part of its row, list hits, lateness in ms.
Opened = tuple[int, int, Event, list[Any], list[str], int]
Judged = tuple[Fired, int, list[str], Faults]  # what a policy comes to: what fired, level, degraded, faults


class Track:
    """A policy, and what is derived from it. The first track of a lane reads the lane's buffers, the others copies."""

    def __init__(
        self, policy: CompiledPolicy, lane: Lane, lists: ListStore, settings: SettingStore, first: bool = True
    ) -> None:
        self.policy, self.lane, self.lists, self.settings = policy, lane, lists, settings
        self.builder = InputBuilder(policy, lane.state)
        plan, state = policy.plan, lane.state
        self._first = first
        self._lateness = policy.pack.lateness_ms
        self._count = len(plan.features)
        self._width = state.width  # features, then degraded words; fields stand behind
        self._vectors = lane.vectors if first else np.zeros((BATCH, self._count), np.float64)
        self._vector_bytes = self._vectors.data.cast("B")
        self._vector_size = 8 * self._count
        windowed = [(i, f) for i, f in enumerate(plan.features) if f.agg]
        self._doubles = [i for i, f in windowed if plan.types[i] not in ("int", TEXT)]
        self._texts = [(i, state.spaces[plan.text_space[i]]) for i, f in windowed if plan.types[i] == TEXT]
        self._scorer = BatchScorer(policy.models, BATCH) if policy.models else None
        self._values = [(value.index, compile_row([value.expression], policy.slots)) for value in policy.values]
        self._taken: tuple[list[list[Any]], list[list[float]]] = ([], [])  # outputs and vectors of the batch

    # --- before the kernel --------------------------------------------------------------------------------------------

    def open(self, event: Event, late_by: int, t: int, at: int) -> tuple[list[Any], list[str]]:
        """Look an event up in the lists and put its row on the lane: field part of its expression row, list hits."""
        fields, builder, lane = event.fields, self.builder, self.lane
        if builder.implied:
            fields = builder.named(
                fields,
                event_id=event.event_id,
                type=event.type,
                event_time=event.event_time,
                received_at=event.received_at,
            )
        part = builder.fields(fields, late_by)
        hits = self._look_up(fields, part, t)
        if self.settings.used:
            self._set(fields, part, t)
        if lane.rows == at:  # no other policy of the lane has put it there
            flags = READS if late_by > self._lateness else READS | ENTERS
            lane.put(builder.inputs(builder.kinds[event.type], fields, part, t, flags))
        return part, hits

    def put_label(self, label: Label, late_by: int, t: int) -> None:
        """Put a label's row on the lane."""
        builder = self.builder
        kind = builder.kinds[f"label.{label.label}"]
        fields = builder.named(
            dict(label.keys),
            event_id=label.event_id,
            type=kind.name,
            event_time=label.label_time,
            received_at=label.received_at,
        )
        flags = 0 if late_by > self._lateness else ENTERS
        self.lane.put(builder.inputs(kind, fields, builder.fields(fields, late_by), t, flags))

    def _look_up(self, fields: dict[str, Any], part: list[Any], t: int) -> list[str]:
        """Look the event up in every list; the answers go into `part`, the hits come back as list/entry_id."""
        hits: list[str] = []
        first = self._width
        for look in self.policy.lists:
            key = fields.get(look.key)
            if key is not None:
                found = self.lists.hits(look.list, key, t)
                if found:
                    hits += [f"{look.list}/{entry}" for entry in found]
                if look.slot >= 0:
                    part[look.slot - first] = bool(found)
        return hits

    def _set(self, fields: dict[str, Any], part: list[Any], t: int) -> None:
        """Put the values of the limits and switches that have entries into `part`, over their defaults."""
        for name in self.settings.used:
            look = self.policy.settings.get(name)
            if look is not None:
                value = self.settings.value(name, fields.get(look.entity), fields.get(look.segment), t)
                part[look.slot - self._width] = value

    # --- after the kernel ---------------------------------------------------------------------------------------------

    def take(self) -> None:
        """Take what the lane's run gave; every track of a lane before any of them goes on."""
        if self._first:
            self._taken = self.lane.taken
        else:
            outputs, vectors = self.lane.taken
            self._taken = ([row.copy() for row in outputs], vectors)
            np.copyto(self._vectors, self.lane.vectors)

    def score(self, opened: Sequence[Opened], faults: dict[int, Faults]) -> list[list[Any]]:
        """The values expressions read, a row an event, with the models' scores. `faults` by place; more may join."""
        rows = [self._row(at, part) for _, at, _, part, _, _ in opened]
        if self._scorer is not None:
            self._scorer.run([(one[0], one[1], one[2].type) for one in opened], rows, self._vectors, faults)
        return rows

    def judge(self, event_type: str, row: list[Any], hits: Sequence[str], faults: Faults) -> Judged:
        """What the rules come to on one row."""
        policy = self.policy
        ruleset = policy.rulesets[event_type]
        bits, faults = ruleset.conditions(row, faults)
        fired = ruleset.fired(bits)
        if fired.models:
            highest, faults = tops({step: step.of_row(row) for step in fired.models}, faults)
            fired = ruleset.fired(bits, tuple(one.code for one in model_reasons(highest, fired.reasons)))
        level = policy.lifted(fired.level, fired.legal, hits)
        words = row[self._count : self._width]
        degraded = policy.plan.degraded_names(words) if any(words) else []
        if fired.failed or faults:
            degraded += degraded_by(fired.failed, faults)
        return fired, level, degraded, faults

    def decision(self, opened: Opened, row: list[Any], judged: Judged, sequence: int, effective_ms: int) -> Decision:
        """The decision that this policy serves."""
        _, at, event, _, hits, late_by = opened
        fired, level, degraded, faults = judged
        label = self.policy.label
        head = header(event.event_id, label, sequence, level, fired, hits, degraded)
        return Decision(
            event_id=event.event_id,
            event_type=event.type,
            policy=label,
            sequence=sequence,
            outcome=OUTCOMES[level],
            score=fired.score,
            rules=fired.rules,
            reasons=fired.reasons,
            list_hits=tuple(hits),
            degraded=tuple(degraded),
            late_by_ms=late_by,
            effective_ms=effective_ms,
            content_hash=content_hash(head, *self._vector(at)),
            row=tuple(row),
            faults=faults,
        )

    def other(self, judged: Judged) -> Other:
        """The same in short, where another policy serves."""
        fired, level, degraded, _ = judged
        return Other(self.policy.label, OUTCOMES[level], fired.score, fired.rules, tuple(degraded))

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


def read_as(policy: CompiledPolicy, event: Event) -> Event | None:
    """An admitted event as this policy reads it, None where its type means nothing to it.

    Versions only add: an older event goes through the upcasters, a newer one is read as it is.
    """
    declared = policy.pack.events.get(event.type)
    if declared is None or event.version >= declared.version:
        return event if declared is not None else None
    fields = upcast(declared, event.fields, event.version)
    return Event(event.event_id, event.type, event.event_time, event.received_at, fields, event.mac, declared.version)
