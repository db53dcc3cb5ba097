"""What another policy says to an old decision, from what was known then. Nothing is guessed: what that policy would
look at and the decision does not hold is named instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from seawall.engine.event import upcast
from seawall.engine.journal import EventRecord
from seawall.engine.pack.model import OUTCOMES
from seawall.engine.policy import CompiledPolicy
from seawall.engine.scope import LATE_BY
from seawall.engine.settings import LIMITS, SWITCHES


@dataclass(frozen=True)
class Verdict:
    """The other policy's answer; or `lacking`, the names it needs and the decision does not hold."""

    policy: str
    outcome: str = ""
    score: int = 0
    rules: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def ask(record: EventRecord, then: CompiledPolicy, now: CompiledPolicy) -> Verdict:
    """What policy `now` says to the event that `then` decided."""
    event, decision = record.event, record.decision
    assert decision is not None, "imported history was never decided"
    ruleset = now.rulesets.get(event.type)
    if ruleset is None:
        return Verdict(now.label, lacking=(event.type,))
    row, lacking = row_for(record, then, now)
    allow = now.pack.policy.allow
    if allow is not None and allow.list not in then.pack.lists:
        lacking.add(f"lists.{allow.list}")
    if lacking:
        return Verdict(now.label, lacking=tuple(sorted(lacking)))
    fired = ruleset.fired(ruleset.conditions(row)[0])
    level = now.lifted(fired.level, fired.legal, decision.list_hits)
    return Verdict(now.label, OUTCOMES[level], fired.score, fired.rules)


def row_for(record: EventRecord, then: CompiledPolicy, now: CompiledPolicy) -> tuple[list[Any], set[str]]:
    """The row that policy `now` reads on an event it knows the type of: its fields, and what `then` computed where that
    means the same. The names that its rules read and that are not there come with it.
    """
    event, decision = record.event, record.decision
    assert decision is not None, "imported history was never decided"
    carried = _carried(_Itself(then), _Itself(now), event.type)
    fields = upcast(now.pack.events[event.type], event.fields, event.version)
    fields |= {"event_id": event.event_id, "type": event.type, "event_time": event.event_time,
               "received_at": event.received_at, LATE_BY: decision.late_by_ms}  # fmt: skip
    row: list[Any] = [None] * now.width
    for here, there in carried.slots:
        row[here] = decision.row[there]
    for here, name, scale in carried.fields:
        value: Any = fields.get(name)
        row[here] = value if value is None or scale == 1 else value / scale
    return row, set(carried.lacking)


@dataclass(frozen=True)
class _Carried:
    """How a row of one policy becomes one of another: (slot here, there), (slot, field, scale), what is not there."""

    slots: tuple[tuple[int, int], ...]
    fields: tuple[tuple[int, str, int], ...]
    lacking: tuple[str, ...]


class _Itself:
    """A policy as a key: it is equal to itself only, whatever it holds."""

    def __init__(self, policy: CompiledPolicy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return id(self.policy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.policy is self.policy


@lru_cache(maxsize=32)
def _carried(then_: _Itself, now_: _Itself, event_type: str) -> _Carried:
    then, now = then_.policy, now_.policy
    scales = {one.name: one.scale for one in now.fields}
    slots, fields, lacking = [], [], []
    for name in _read(now, event_type):
        if name in then.slots and same(name, then, now):
            slots.append((now.slots[name], then.slots[name]))
        elif name in scales:
            fields.append((now.slots[name], name, scales[name]))
        else:
            lacking.append(name)
    return _Carried(tuple(slots), tuple(fields), tuple(lacking))


def _read(policy: CompiledPolicy, event_type: str) -> Iterator[str]:
    """Every name that the rules of an event type read, and the models that a failure of theirs would fall back from."""
    ruleset = policy.rulesets[event_type]
    names = {leaf for entry in ruleset.entries for leaf in entry.expression.leaves}
    yield from sorted(names | {model.label for model in ruleset.models})


def same(name: str, then: CompiledPolicy, now: CompiledPolicy) -> bool:
    """Whether a name means the same to both: a feature with its parts, a model with its file, a list, a field."""
    if name.startswith("models."):
        old, new = (policy.pack.models[name.removeprefix("models.")] for policy in (then, now))
        return (old.sha256, dict(old.inputs)) == (new.sha256, dict(new.inputs)) and all(
            same(old.inputs.get(one, one), then, now) for one in _inputs(now, name)
        )
    if name.startswith((LIMITS, SWITCHES)):
        return then.pack.settings[name].type == now.pack.settings[name].type
    mine, other = now.pack.features.get(name), then.pack.features.get(name)
    if mine is None and other is None:
        return True
    if mine is None or other is None or replace(mine, title={}) != replace(other, title={}):
        return False
    parts = [*mine.parts]
    if mine.value:
        expressions = {now.plan.features[one.index].name: one.expression for one in now.values}
        parts += expressions[name].leaves
    return all(same(part, then, now) for part in parts if part != name)


def _inputs(policy: CompiledPolicy, label: str) -> list[str]:
    return next((list(step.model.features) for step in policy.models if step.label == label), [])
