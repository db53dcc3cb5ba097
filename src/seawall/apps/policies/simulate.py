"""One event under one policy: what would come out, and every leaf that was looked at.

A recorded event brings the values its own decision was made on, wherever the policy means the same by their names. The
rest is computed as for an entity without a past, and says so: nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from seawall.apps.decisions.reading import RECORDED, ZERO, FeatureValue, Leaf, Reason, leaves_shown, reasons_shown
from seawall.apps.decisions.today import row_for, same
from seawall.apps.decisions.words import Vocabulary, titled
from seawall.apps.errors import InvalidError
from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door, Event
from seawall.engine.engine import Engine
from seawall.engine.errors import EventError
from seawall.engine.event import upcast
from seawall.engine.journal import EventRecord
from seawall.engine.language import compile_row
from seawall.engine.money import Rates
from seawall.engine.pack.model import OUTCOMES
from seawall.engine.policy import CompiledPolicy
from seawall.engine.ruleset import Entry


@dataclass(frozen=True)
class Quiet:
    """A rule that did not fire, with what it looked at."""

    rule: str
    title: str
    when: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Simulated:
    """What a policy says to an event. `zero` names what was computed as for an entity without a past."""

    policy: str
    event_type: str
    outcome: str
    score: int
    reasons: tuple[Reason, ...]
    quiet: tuple[Quiet, ...]
    features: tuple[FeatureValue, ...]
    zero: tuple[str, ...]
    rules: tuple[str, ...]
    decision: Decision


def on_record(policy: CompiledPolicy, record: EventRecord, then: CompiledPolicy) -> Simulated:
    """What `policy` says to an event that `then` decided. InvalidError for an event type it does not know."""
    event, decision = _known(policy, record.event), record.decision
    if decision is None:
        return on_event(policy, event)
    row, lacking = row_for(record, then, policy)
    zero = [name for name in policy.vector_names if not (name in then.slots and same(name, then, policy))]
    if lacking or zero:
        row, zero = _mixed(policy, event, record, then)
    return _said(policy, event, row, decision.list_hits, decision.late_by_ms, zero)


def on_event(policy: CompiledPolicy, event: Event) -> Simulated:
    """What `policy` says to an event as if nothing had gone before."""
    decision = _fresh(policy, event)
    return _said(policy, event, list(decision.row), (), 0, policy.vector_names)


def admitted(policy: CompiledPolicy, body: bytes, now_ms: int) -> Event:
    """An event as somebody typed it, through the policy's own door; nothing is sealed or kept. InvalidError."""
    try:
        return Door(policy.pack, Rates(), ClearSealer(), lambda: now_ms).admit(body)
    except EventError as error:
        raise InvalidError(str(error), {error.field or "event": error.message}) from None


def _known(policy: CompiledPolicy, event: Event) -> Event:
    declared = policy.pack.events.get(event.type)
    if declared is None or event.version > declared.version:
        raise InvalidError(f"{policy.label} does not know {event.type} of version {event.version}")
    if event.version == declared.version:
        return event
    fields = upcast(declared, event.fields, event.version)
    return msgspec.structs.replace(event, fields=fields, version=declared.version)


def _fresh(policy: CompiledPolicy, event: Event) -> Decision:
    (found,) = Engine(policy).step([event])
    assert isinstance(found, Decision), "a fresh engine decides its first event"
    return found


def _mixed(
    policy: CompiledPolicy, event: Event, record: EventRecord, then: CompiledPolicy
) -> tuple[list[Any], list[str]]:
    """The row of a fresh engine with every recorded value in it that means the same; what is left of the fresh one."""
    assert record.decision is not None
    row, zero = list(_fresh(policy, event).row), []
    computed = {policy.plan.features[value.index].name for value in policy.values}
    for name, slot in policy.slots.items():
        if name in then.slots and same(name, then, policy):
            row[slot] = record.decision.row[then.slots[name]]
        elif name in policy.vector_names and name not in computed:
            zero.append(name)
    for value in policy.values:  # in an order in which each finds its parts
        name = policy.plan.features[value.index].name
        if not (name in then.slots and same(name, then, policy)):
            (row[value.index],) = compile_row([value.expression], policy.slots)(row)
            if any(leaf in zero for leaf in value.expression.leaves):
                zero.append(name)
    return row, zero


def _said(
    policy: CompiledPolicy, event: Event, row: list[Any], hits: tuple[str, ...], late_by: int, zero: list[str]
) -> Simulated:
    ruleset, vocabulary = policy.rulesets[event.type], Vocabulary(policy, event.type)
    bits, faults = ruleset.conditions(row)
    fired = ruleset.fired(bits)
    level = policy.lifted(fired.level, fired.legal, hits)
    decision = Decision(
        event_id=event.event_id, event_type=event.type, policy=policy.label, sequence=0, outcome=OUTCOMES[level],
        score=fired.score, rules=fired.rules, reasons=fired.reasons, list_hits=hits, degraded=(), late_by_ms=late_by,
        effective_ms=event.event_time, content_hash="", row=tuple(row), faults=faults,
    )  # fmt: skip
    values = {name: row[slot] for name, slot in policy.slots.items()}
    currency = str(event.fields.get("currency", ""))
    marked = set(zero)
    features = [
        FeatureValue(
            name, vocabulary.title(name), vocabulary.text(name, values.get(name)),
            source=ZERO if name in marked else RECORDED,
        )
        for name in policy.feature_names
        if values.get(name) is not None or name in marked
    ]  # fmt: skip
    told = {entry.id for entry in fired.entries} | {entry.table for entry in fired.entries if entry.table}
    quiet = [_quiet(entry, values, vocabulary, currency) for entry in ruleset.entries if entry.id not in told]
    return Simulated(
        policy=policy.label, event_type=event.type, outcome=decision.outcome, score=decision.score,
        reasons=tuple(reasons_shown(EventRecord(event, decision), policy, vocabulary)), quiet=tuple(quiet),
        features=tuple(features), zero=tuple(sorted(marked)), rules=decision.rules, decision=decision,
    )  # fmt: skip


def _quiet(entry: Entry, values: dict[str, Any], vocabulary: Vocabulary, currency: str) -> Quiet:
    leaves = leaves_shown(entry, values, vocabulary, currency)
    return Quiet(entry.id, titled(entry.title, entry.id), entry.expression.text, leaves)
