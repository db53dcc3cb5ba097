"""Decisions become alerts: one open alert an (entity, typology, window); no severity is ever lost.

Called inside the follower's transaction, so that each decision counts exactly once. The alerts follow from the journal
and the table alone: these rows write no ledger entries of their own. Cases that rules open do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from seawall.apps.cases.models import Alert, AlertHit, Case, CaseAlert, Notification, Queue, Suppression
from seawall.apps.cases.services import ruled
from seawall.apps.cases.services.notifications import notify
from seawall.apps.cases.services.queues import default_queue
from seawall.apps.cases.table import Table, table

_CHUNK = 200  # keys asked for at once
_MOVING = (
    "severity", "title", "state", "snoozed_until", "hits", "score", "last_sequence", "last_at", "joins_until",
    "version", "collecting",
)  # fmt: skip
State = Alert.State
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Fired:
    """A rule that fired: its severity as a rank, its reason code, its title in both languages.

    `opens`: it has the action open_case; the queue that names, "" for none. None: it opens no case.
    """

    rule: str
    severity: int
    reason: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    opens: str | None = None


@dataclass(frozen=True)
class Decided:
    """What the room needs of a decision. `entities`: (kind, value) as admitted: surrogates where sealed."""

    sequence: int
    event_id: str
    event_type: str
    outcome: str
    score: int
    at: datetime
    fired: Sequence[Fired] = ()
    entities: Sequence[tuple[str, str]] = ()
    decision_id: str = ""

    @property
    def gravest(self) -> Fired | None:
        """The rule that names the work; of equally grave ones first one that opens a case."""
        return max(self.fired, key=lambda one: (one.severity, one.opens is not None), default=None)

    @property
    def opener(self) -> Fired | None:
        """The gravest of the rules that open a case."""
        return max((one for one in self.fired if one.opens is not None), key=lambda one: one.severity, default=None)


@dataclass
class _Batch:
    """Alerts at hand while a batch is applied, and what must be written afterwards."""

    collecting: dict[Key, Alert]
    suppressions: list[Suppression]
    queues: list[Queue]
    fallback: Queue
    made: list[Alert] = field(default_factory=list)
    changed: dict[object, Alert] = field(default_factory=dict)
    retired: list[Alert] = field(default_factory=list)
    hits: list[AlertHit] = field(default_factory=list)
    risen: dict[object, int] = field(default_factory=dict)  # alert in a case -> severity that came
    held: dict[object, Suppression] = field(default_factory=dict)
    asked: list[ruled.Asked] = field(default_factory=list)


def typology_and_severity(decision: Decided, wanted: Table) -> tuple[str, int] | None:
    """The typology of the gravest fired rule and the severity to work at; None where neither the table nor a rule that
    opens a case asks for work."""
    gravest = decision.gravest
    rank = gravest.severity if gravest else 0
    floor = wanted.outcomes.get(decision.outcome, 0)
    if rank < wanted.rules and not floor and decision.opener is None:
        return None
    if decision.fired and decision.opener is None and all(one.reason in wanted.quiet for one in decision.fired):
        return None
    named = (gravest.reason or gravest.rule) if gravest else f"OUTCOME_{decision.outcome.upper()}"
    return named, max(rank, floor)


def subject(decision: Decided, preferred: Sequence[str]) -> tuple[str, str]:
    """The entity that the alert is about; the event itself where it has none of the keys."""
    own: Mapping[str, str] = dict(reversed(list(decision.entities)))
    for kind in preferred:
        if own.get(kind):
            return kind, own[kind]
    return next(((kind, value) for kind, value in decision.entities if value), ("event", decision.event_id))


def apply(decisions: Iterable[Decided]) -> int:
    """Raise or extend alerts for these decisions, in order; returns how many hits there were.

    RuntimeError outside a transaction: the caller's offset must be committed together with the effect.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("apply() belongs into the transaction that moves the follower's offset")
    wanted = table()
    found: list[tuple[Decided, Key, int]] = []
    for decision in decisions:
        worth = typology_and_severity(decision, wanted)
        if worth is not None:
            typology, severity = worth
            kind, value = subject(decision, wanted.typology(typology).entities)
            found.append((decision, (kind[:40], value[:300], typology[:100]), severity))
    if not found:
        return 0
    batch = _begin({key for _, key, _ in found})
    for decision, key, severity in found:
        _hit(batch, decision, key, severity, wanted)
    _write(batch)
    return len(found)


def _begin(keys: set[Key]) -> _Batch:
    values = sorted({value for _, value, _ in keys})
    collecting: dict[Key, Alert] = {}
    for start in range(0, len(values), _CHUNK):
        rows = Alert.objects.select_for_update().filter(
            collecting=True, entity_value__in=values[start : start + _CHUNK]
        )
        collecting |= {row.key: row for row in rows if row.key in keys}
    fallback = default_queue()
    suppressions = list(Suppression.objects.select_for_update().filter(ended_at=None))
    return _Batch(collecting, suppressions, list(Queue.objects.filter(active=True)), fallback)


def _hit(batch: _Batch, decision: Decided, key: Key, severity: int, wanted: Table) -> None:
    alert = batch.collecting.get(key)
    held = _suppression(batch, key, severity, decision.at)
    opener, gravest = decision.opener, decision.gravest
    queue = ruled.queue_of(opener.opens or "", batch.queues, wanted) if opener else None
    if alert is not None and decision.at >= alert.joins_until and alert.state != State.SUPPRESSED:
        alert.collecting = False  # its window is over: it stays as it is, and further hits are new work
        batch.retired.append(alert)
        alert = None
    if alert is None:
        alert = _new_alert(batch, decision, key, severity, held, queue)
    elif severity > alert.severity:
        if alert.state == State.SNOOZED:
            _wake(alert)
        if alert.state == State.IN_CASE:
            batch.risen[alert.pk] = severity
        alert.severity = severity
        alert.title = dict(gravest.title) if gravest else {}
    if alert.state == State.SUPPRESSED:
        if held is None:
            _wake(alert)  # graver than what is held back, or nothing holds it back any more
        else:
            held.held_back += 1
            batch.held[held.pk] = held
    alert.hits += 1
    alert.score = max(alert.score, decision.score)
    alert.last_sequence, alert.last_at = decision.sequence, decision.at
    alert.joins_until = decision.at + wanted.typology(alert.typology).window
    batch.changed[alert.pk] = alert
    batch.hits.append(_row(alert, decision, severity))
    if opener is not None:
        batch.asked.append(ruled.Asked(alert, queue, opener.rule, decision.sequence))


def _row(alert: Alert, decision: Decided, severity: int) -> AlertHit:
    return AlertHit(
        alert=alert, sequence=decision.sequence, decision_id=decision.decision_id, event_id=decision.event_id,
        event_type=decision.event_type, at=decision.at, outcome=decision.outcome, score=decision.score,
        severity=severity, rules=[[one.rule, dict(one.title)] for one in decision.fired],
        entities=[list(one) for one in decision.entities],
    )  # fmt: skip


def _wake(alert: Alert) -> None:
    alert.state, alert.snoozed_until = State.NEW, None
    alert.version += 1


def _new_alert(
    batch: _Batch, decision: Decided, key: Key, severity: int, held: Suppression | None, named: Queue | None
) -> Alert:
    kind, value, typology = key
    gravest = decision.gravest
    takes = (queue for queue in batch.queues if queue.takes(severity, typology, decision.event_type))
    alert = Alert(
        entity_kind=kind, entity_value=value, typology=typology, severity=severity,
        title=dict(gravest.title) if gravest else {}, joins_until=decision.at,
        state=State.SUPPRESSED if held else State.NEW, queue=named or next(takes, batch.fallback),
        first_sequence=decision.sequence, last_sequence=decision.sequence, first_at=decision.at, last_at=decision.at,
    )  # fmt: skip
    batch.made.append(alert)
    batch.collecting[key] = alert
    return alert


def _suppression(batch: _Batch, key: Key, severity: int, at: datetime) -> Suppression | None:
    """One that holds a hit of this severity back."""
    kind, value, typology = key
    for one in batch.suppressions:
        fits = (one.entity_kind, one.entity_value) in (("", ""), (kind, value)) and one.typology in ("", typology)
        if fits and severity <= one.severity and at < one.until:
            return one
    return None


def _write(batch: _Batch) -> None:
    made = {alert.pk for alert in batch.made}
    retired = {alert.pk: alert for alert in batch.retired if alert.pk not in made}
    Alert.objects.bulk_update(retired.values(), ["collecting"])  # first: only one may collect
    Alert.objects.bulk_create(batch.made)
    changed = [alert for key, alert in batch.changed.items() if key not in made]
    Alert.objects.bulk_update(changed, _MOVING, batch_size=100)
    AlertHit.objects.bulk_create(batch.hits)
    Suppression.objects.bulk_update(batch.held.values(), ["held_back"])
    if batch.risen:
        _tell_cases(batch.risen)
    ruled.open_or_join(batch.asked)


def _tell_cases(risen: Mapping[object, int]) -> None:
    """A case is at least as severe as its gravest alert; whoever has it is told."""
    gravest: dict[object, int] = defaultdict(int)
    for link in CaseAlert.objects.filter(alert__in=list(risen), removed_at=None):
        gravest[link.case_id] = max(gravest[link.case_id], risen[link.alert_id])
    for case in Case.objects.select_for_update().select_related("assignee", "queue").filter(pk__in=list(gravest)):
        if case.open and gravest[case.pk] > case.severity:
            case.severity = gravest[case.pk]
            case.version += 1
            case.save(update_fields=["severity", "version"])
            notify([case.assignee], Notification.Kind.NEW_HIT, case)
