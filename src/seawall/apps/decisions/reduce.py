"""From journal records to rows, without a database: what a batch adds to each table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from seawall.apps.decisions.models import ActivationRow, DecisionRow, ErasureRow, LabelRow, ListRow
from seawall.apps.decisions.registry import Fired, Followed, SettingRecord
from seawall.engine.decision import Decision
from seawall.engine.door import Event, Label
from seawall.engine.event import EventType
from seawall.engine.journal import ActivationRecord, ErasureRecord, EventRecord, Record, decode
from seawall.engine.lists import FOREVER, ListEntry
from seawall.engine.pack.model import OUTCOMES, SEVERITIES
from seawall.engine.policy import CompiledPolicy
from seawall.engine.settings import SettingEntry

HOUR = 3_600_000
_KEPT = 16
_meanings: dict[str, Meaning] = {}  # by the digest of a pack's bundle: the same bytes mean the same in every home
_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def kinds_of(event_type: EventType) -> dict[str, str]:
    """Key field -> kind of entity: payer and payee that share a pseudonym space are one kind."""
    return {name: one.space or name for name, one in event_type.fields.items() if one.type == "key"}


class Meaning:
    """What a policy says about its rules and keys, looked up once instead of a decision."""

    def __init__(self, policy: CompiledPolicy) -> None:
        self.policy = policy
        self.pack = policy.pack
        self.kinds = {name: tuple(kinds_of(kind).items()) for name, kind in policy.pack.events.items()}
        self.fired: dict[str, Fired] = {}
        for entry in policy.entries:
            outcome = OUTCOMES[entry.level] if entry.level else ""
            self.fired[entry.id] = Fired(
                entry.id, dict(entry.title), entry.score, entry.severity, entry.reason, outcome, entry.tags,
                entry.actions,
            )  # fmt: skip
        for group in policy.groups:  # a collecting table fires under its own name
            rows = policy.entries[group.start : group.stop]
            worst = max(rows, key=lambda row: (_RANK.get(row.severity, 0), row.level, row.score), default=None)
            if worst is not None and group.hit == "collect":
                one = self.fired[worst.id]
                self.fired[group.id] = Fired(
                    group.id, dict(group.title), one.score, one.severity, one.reason, one.outcome, one.tags,
                    one.actions,
                )  # fmt: skip

    @cached_property
    def subjects(self) -> frozenset[str]:
        """Kinds of entity whose data key seals values: those that can be erased."""
        return frozenset(dict(self.kinds[t])[one.subject] for t, one in self.pack.events.items() if one.subject)


@dataclass
class Reduced:
    """What a stretch of records adds.

    `entities`: (kind, value) -> [decisions, not approved, first and last sequence, first and last time].
    """

    rows: list[DecisionRow] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)
    hits: list[tuple[str, int]] = field(default_factory=list)
    links: list[tuple[tuple[str, str], int]] = field(default_factory=list)
    entities: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    hours: dict[tuple[int, str, str], list[int]] = field(default_factory=dict)
    rule_hours: Counter[tuple[int, str]] = field(default_factory=Counter)
    labels: list[LabelRow] = field(default_factory=list)
    lists: list[ListRow] = field(default_factory=list)
    activations: list[ActivationRow] = field(default_factory=list)
    erasures: list[ErasureRow] = field(default_factory=list)
    settings: list[SettingRecord] = field(default_factory=list)  # and the activations between them
    erasable: frozenset[str] = frozenset()  # kinds that an erasure may concern


class Reducer:
    """Turns records into rows. `policy` finds a policy by its digest; `digests` knows name@version so far."""

    def __init__(
        self, policy: Callable[[str], CompiledPolicy], digests: dict[str, str], active: str,
        decision_id: Callable[[Decision], str],
    ) -> None:  # fmt: skip
        self._policy, self._digests, self._active = policy, digests, active
        self._decision_id = decision_id

    def reduce(self, records: Iterable[Record]) -> Reduced:
        """All rows of the records. JournalError: a record that this version cannot read."""
        done = Reduced()
        for record in records:
            match decode(record):
                case EventRecord(event=event, decision=Decision() as decision) as found:
                    self._decision(done, event, decision, getattr(found, "others", ()))
                case Label() as label:
                    done.labels.append(LabelRow(
                        sequence=record.sequence, label=label.label, event_id=label.event_id,
                        label_time=label.label_time, received_at=label.received_at,
                    ))  # fmt: skip
                case ListEntry() as entry:
                    done.lists.append(self._list_row(record.sequence, entry))
                case SettingEntry() as setting:
                    done.settings.append((record.sequence, setting))
                case ActivationRecord() as activation:
                    done.settings.append((record.sequence, activation))
                    beside = {one.policy: one.digest for one in getattr(activation, "named", ())[1:]}
                    self._digests |= beside | {activation.policy: activation.digest}
                    self._active = activation.policy
                    done.activations.append(ActivationRow(
                        sequence=record.sequence, policy=activation.policy, digest=activation.digest, at=activation.at,
                        beside=beside,
                    ))  # fmt: skip
                case ErasureRecord() as erasure:
                    done.erasable |= self._meaning(self._active).subjects
                    done.erasures.append(ErasureRow(
                        sequence=record.sequence, subject=erasure.subject, at=erasure.at, keys=erasure.keys,
                        links=erasure.links,
                    ))  # fmt: skip
        return done

    def _meaning(self, policy: str) -> Meaning:
        digest = self._digests[policy]
        found = _meanings.get(digest)
        if found is None:
            while len(_meanings) >= _KEPT:
                _meanings.pop(next(iter(_meanings)))
            found = _meanings[digest] = Meaning(self._policy(digest))
        return found

    def _decision(self, done: Reduced, event: Event, decision: Decision, others: tuple[Any, ...]) -> None:
        meaning = self._meaning(decision.policy)
        fields, sequence, at = event.fields, decision.sequence, decision.effective_ms
        pairs = [(kind, str(fields[name])) for name, kind in meaning.kinds[event.type] if name in fields]
        entities = tuple(dict.fromkeys(pairs))
        fired = tuple(meaning.fired[rule] for rule in decision.rules)
        amount = fields.get("base_amount")
        declared = meaning.pack.events[event.type]
        subject = entities[0] if entities else ("", "")
        if declared.subject and declared.subject in fields:
            subject = (dict(meaning.kinds[event.type])[declared.subject], str(fields[declared.subject]))
        row = DecisionRow(
            sequence=sequence, decision_id=UUID(self._decision_id(decision)), event_id=decision.event_id,
            event_type=event.type, outcome=decision.outcome, score=decision.score,
            severity=max((one.severity for one in fired), key=lambda one: _RANK.get(one, 0), default=""),
            policy=decision.policy, effective_at=at, received_at=event.received_at,
            base_amount=amount or 0, currency=meaning.pack.base_currency if amount is not None else "",
            subject_kind=subject[0], subject=subject[1], rules=list(decision.rules),
            degraded=bool(decision.degraded), late_by_ms=decision.late_by_ms,
        )  # fmt: skip
        done.rows.append(row)
        done.followed.append(Followed(row, fired, entities, event, others, decision.list_hits))
        flagged = int(decision.outcome != OUTCOMES[0])
        for pair in entities:
            done.links.append((pair, sequence))
            counts = done.entities.setdefault(pair, [0, 0, sequence, sequence, at, at])
            counts[0] += 1
            counts[1] += flagged
            counts[3], counts[5] = sequence, at
        hour = at - at % HOUR
        cell = done.hours.setdefault((hour, event.type, decision.outcome), [0, 0])
        cell[0] += 1
        cell[1] += amount or 0
        for rule in decision.rules:
            done.hits.append((rule, sequence))
            done.rule_hours[hour, rule] += 1

    def _list_row(self, sequence: int, entry: ListEntry) -> ListRow:
        pack = self._meaning(self._active).pack
        definition = pack.lists.get(entry.list)
        declared = (
            [kind.fields[definition.key] for kind in pack.events.values() if definition.key in kind.fields]
            if definition
            else []
        )
        return ListRow(
            sequence=sequence, list=entry.list, entry_id=entry.entry_id,
            kind=(declared[0].space or declared[0].name) if declared else "", key=entry.key, reason=entry.reason,
            owner=entry.owner, approved_by=entry.approved_by, valid_from=entry.valid_from,
            valid_until=None if entry.valid_until >= FOREVER else entry.valid_until, removed=entry.removed,
        )  # fmt: skip
