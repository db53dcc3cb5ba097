"""One decision in words: why it came out so, what was looked at, what usually stands there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from seawall.apps.decisions.archive import Archive, ArchiveError, archive
from seawall.apps.decisions.models import ActivationRow, DecisionRow, EntityLink
from seawall.apps.decisions.reduce import kinds_of
from seawall.apps.decisions.today import Verdict, ask
from seawall.apps.decisions.words import Vocabulary, digest_of, language, titled
from seawall.engine.answer import Answers
from seawall.engine.decision import Decision
from seawall.engine.journal import EventRecord
from seawall.engine.language import Type, explain
from seawall.engine.pack.model import OUTCOMES
from seawall.engine.policy import CompiledPolicy
from seawall.engine.ruleset import Entry

EARLIER = 40  # decisions of the same subject looked at for what is usual
MOST_POINTS = 20
MOST_FIGURES = 8
RECORDED, ZERO = "recorded", "zero"
_PLOTTED = (Type.INT, Type.DOUBLE, Type.MONEY, Type.DURATION)


@dataclass(frozen=True)
class Leaf:
    """A value that a rule looked at, or did not come to."""

    name: str
    title: str
    text: str
    evaluated: bool


@dataclass(frozen=True)
class Reason:
    """A fired rule with what it saw."""

    rule: str
    title: str
    points: int
    severity: str
    code: str
    outcome: str  # that it states itself, "" where none
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class FeatureValue:
    """A feature in a decision. `points`: its values in earlier decisions of the subject, oldest first, then this.

    `source`: recorded; of a simulation also zero: computed as for an entity without a past.
    """

    name: str
    title: str
    text: str
    usual: str = ""
    points: tuple[float, ...] = ()
    middle: float | None = None
    read: bool = False  # by a rule that fired
    source: str = RECORDED


@dataclass(frozen=True)
class FieldValue:
    """A field of the event. `form`: text, money, when, entity, sealed."""

    name: str
    title: str
    form: str
    value: Any


@dataclass(frozen=True)
class ModelScore:
    """A model's score, with the inputs that raised it most as (title, contribution)."""

    title: str
    score: float | None
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ListHit:
    """An entry that the event met."""

    list: str
    title: str
    entry: str
    kind: str


@dataclass(frozen=True)
class Explained:
    """Everything about one decision, texts in the language of the page."""

    decision: Decision
    reasons: tuple[Reason, ...]
    features: tuple[FeatureValue, ...]
    fields: tuple[FieldValue, ...]
    models: tuple[ModelScore, ...]
    lists: tuple[ListHit, ...]
    thresholds: tuple[tuple[int, str], ...]
    cap: int
    raw: dict[str, Any]
    same_policy: bool
    verdict: Verdict | None
    event_title: str
    rule_titles: dict[str, str]

    @property
    def figures(self) -> list[FeatureValue]:
        """Features worth a small chart: what fired rules read, where there is something to draw."""
        return [one for one in self.features if one.read and len(one.points) > 1][:MOST_FIGURES]


def explained(row: DecisionRow) -> Explained | None:
    """The decision of a row, read from the journal; None where the journal no longer holds it. ArchiveError: broken."""
    source = archive()
    record, policy = source.event(row.sequence), policy_of(row.policy)
    if record is None or record.decision is None or policy is None or record.decision.event_id != row.event_id:
        return None
    vocabulary = Vocabulary(policy, record.event.type)
    newest = ActivationRow.objects.order_by("-sequence").first()
    same = newest is None or newest.policy == row.policy
    active = policy if same or newest is None else source.policy(newest.digest)
    reasons = tuple(reasons_shown(record, policy, vocabulary))
    read = {leaf.name for reason in reasons for leaf in reason.leaves if leaf.evaluated}
    raw = _raw(row, record, policy)
    return Explained(
        decision=record.decision, reasons=reasons,
        features=tuple(_features(row, record, policy, vocabulary, read, source)),
        fields=tuple(fields_shown(record, vocabulary)), models=tuple(_models(raw, policy, vocabulary)),
        lists=tuple(_list_hits(record.decision, policy)),
        thresholds=tuple(sorted((at, outcome) for outcome, at in policy.pack.policy.thresholds.items())),
        cap=policy.pack.policy.score_cap, raw=raw, same_policy=same,
        verdict=None if same else ask(record, policy, active),
        event_title=titled(vocabulary.declared.title, record.event.type),
        rule_titles={entry.id: titled(entry.title, entry.id) for entry in active.entries},
    )  # fmt: skip


def policy_of(label: str) -> CompiledPolicy | None:
    """The compiled policy `name@version`, if it was ever active."""
    digest = digest_of(label)
    return archive().policy(digest) if digest else None


def active_policy() -> CompiledPolicy | None:
    """The policy that decides now; None before the first was followed."""
    newest = ActivationRow.objects.order_by("-sequence").first()
    return archive().policy(newest.digest) if newest else None


def titles() -> CompiledPolicy | None:
    """The policy that decides now, for its titles; None also while the journal cannot be read: names do then."""
    try:
        return active_policy()
    except ArchiveError:
        return None


def event_titles() -> dict[str, str]:
    """Event type -> what the active policy calls it, in the page's language."""
    policy = titles()
    return {name: titled(one.title, name) for name, one in policy.pack.events.items()} if policy else {}


def reasons_shown(record: EventRecord, policy: CompiledPolicy, vocabulary: Vocabulary) -> list[Reason]:
    """The rules that fired on a decided event with what each saw, the weightiest first."""
    decision = record.decision
    assert decision is not None
    ruleset = policy.rulesets[decision.event_type]
    values = {name: decision.row[slot] for name, slot in policy.slots.items()}
    currency = str(record.event.fields.get("currency", ""))
    found = []
    for entry in ruleset.fired(ruleset.conditions(decision.row, decision.faults)[0]).entries:
        leaves = leaves_shown(entry, values, vocabulary, currency)
        outcome = OUTCOMES[entry.level] if entry.level else ""
        title = titled(entry.title, entry.id)
        found.append(Reason(entry.id, title, entry.score, entry.severity, entry.reason, outcome, leaves))
    return found


def leaves_shown(entry: Entry, values: Mapping[str, Any], vocabulary: Vocabulary, currency: str) -> tuple[Leaf, ...]:
    """What a rule looked at in an event with these values, and what it did not come to."""
    return tuple(
        Leaf(
            str(one["leaf"]), vocabulary.title(str(one["leaf"])),
            vocabulary.text(str(one["leaf"]), one.get("value"), currency), "value" in one,
        )
        for one in explain(entry.expression, values)
    )  # fmt: skip


def _features(
    row: DecisionRow, record: EventRecord, policy: CompiledPolicy, vocabulary: Vocabulary, read: set[str],
    source: Archive,
) -> list[FeatureValue]:  # fmt: skip
    decision = record.decision
    assert decision is not None
    earlier = _earlier(row, source)
    found = []
    for name in policy.feature_names:
        value = decision.row[policy.slots[name]]
        if value is None and name not in read:
            continue  # of another event type, or of a key this event does not have
        points: list[float] = []
        if vocabulary.type_of(name) in _PLOTTED:
            before = (one.row[policy.slots[name]] for one in earlier)
            points = [float(one) for one in before if one is not None]
        middle = median(points) if points else None
        usual = vocabulary.text(name, _whole(middle, value)) if middle is not None else ""
        shown = (*points, float(value)) if points and isinstance(value, int | float) else ()
        text = vocabulary.text(name, value)
        found.append(FeatureValue(name, vocabulary.title(name), text, usual, shown, middle, name in read))
    return sorted(found, key=lambda one: not one.read)


def _whole(middle: float, like: Any) -> float | int:
    return round(middle) if isinstance(like, int) and middle == round(middle) else middle


def _earlier(row: DecisionRow, source: Archive) -> list[Decision]:
    """Earlier decisions of the same subject under the same policy and event type, oldest first."""
    if not row.subject_kind:
        return []
    links = EntityLink.objects.filter(
        entity__kind=row.subject_kind, entity__value=row.subject, sequence__lt=row.sequence
    ).order_by("-sequence")
    found = []
    for sequence in links.values_list("sequence", flat=True)[:EARLIER]:
        record = source.event(sequence)
        one = record.decision if record else None
        if one is not None and (one.policy, one.event_type) == (row.policy, row.event_type):
            found.append(one)
            if len(found) >= MOST_POINTS:
                break
    return found[::-1]


def fields_shown(record: EventRecord, vocabulary: Vocabulary) -> list[FieldValue]:
    """The event's fields in the order of their declaration; what the door added after them."""
    event, declared = record.event, vocabulary.declared
    kinds = kinds_of(declared)
    found = [FieldValue("event_time", vocabulary.title("event_time"), "when", event.event_time)]
    for name in [*declared.fields, *(one for one in event.fields if one not in declared.fields)]:
        if name not in event.fields:
            continue
        value, field = event.fields[name], declared.column(name)
        title = vocabulary.title(name)
        if field is not None and field.sealed:
            found.append(FieldValue(name, title, "sealed", None))
        elif name in kinds:
            found.append(FieldValue(name, title, "entity", (kinds[name], str(value))))
        elif field is not None and field.type == "money":
            currency = vocabulary.pack.base_currency if name == "base_amount" else str(event.fields.get("currency", ""))
            found.append(FieldValue(name, title, "money", (value, currency or vocabulary.pack.base_currency)))
        elif field is not None and field.type == "time":
            found.append(FieldValue(name, title, "when", value))
        elif field is not None and field.type == "decimal":
            found.append(FieldValue(name, title, "text", f"{value / 10**field.scale:.{field.scale}f}"))
        else:
            found.append(FieldValue(name, title, "text", vocabulary.text(name, value)))
    return found


def _models(raw: dict[str, Any], policy: CompiledPolicy, vocabulary: Vocabulary) -> list[ModelScore]:
    found = []
    for name, one in raw["models"].items():
        definition = policy.pack.models[name]
        top = [
            (vocabulary.title(definition.inputs.get(each["feature"], each["feature"])), each["contribution"])
            for each in one.get("top", ())
        ]
        found.append(ModelScore(titled(definition.title, name), one["score"], tuple(top)))
    return found


def _list_hits(decision: Decision, policy: CompiledPolicy) -> list[ListHit]:
    found = []
    for hit in decision.list_hits:
        name, _slash, entry = hit.partition("/")
        definition = policy.pack.lists.get(name)
        title = titled(definition.title, name) if definition else name
        found.append(ListHit(name, title, entry, definition.kind if definition else ""))
    return found


def _raw(row: DecisionRow, record: EventRecord, policy: CompiledPolicy) -> dict[str, Any]:
    """The decision as the decision API gives it, with its event; sealed values are left out."""
    assert record.decision is not None
    written = Answers(policy, language()).write(record.decision, str(row.decision_id), 0, explained=True)
    answer: dict[str, Any] = json.loads(written)
    del answer["latency_us"]
    declared = policy.pack.events[record.event.type].fields
    hidden = {name for name, one in declared.items() if one.sealed}
    shown = {name: value for name, value in record.event.fields.items() if name not in hidden}
    sealed = sorted(hidden & record.event.fields.keys())
    answer["event"] = {
        "event_id": record.event.event_id, "type": record.event.type, "event_time": record.event.event_time,
        "received_at": record.event.received_at, "sealed": sealed, **shown,
    }  # fmt: skip
    return answer


def sealed_fields(items: Sequence[FieldValue]) -> list[str]:
    """Names of the fields that hold a sealed value."""
    return [one.name for one in items if one.form == "sealed"]
