"""Reading decisions and entities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.queries import entries
from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import (
    DecisionRow,
    Entity,
    EntityLink,
    HourCount,
    LabelRow,
    ListRow,
    Position,
    Reveal,
)
from seawall.apps.decisions.reduce import kinds_of
from seawall.apps.decisions.selection import totals, visible
from seawall.apps.decisions.words import Vocabulary, digest_of
from seawall.apps.errors import UnknownError
from seawall.engine.policy import CompiledPolicy

NEWEST = 1_000  # of an entity's decisions that links to others are counted over
MOST_LINKED = 50
MOST_MOMENTS = 50


def decisions(user: User) -> QuerySet[DecisionRow]:
    """The decisions this person may see."""
    return visible(user)


def get_decision(user: User, decision_id: UUID, permission: str = "decisions.view") -> DecisionRow:
    """One decision. UnknownError where there is none within the person's reach."""
    found = visible(user, permission).filter(decision_id=decision_id).first()
    if found is None:
        raise UnknownError(_("There is no such decision."))
    return found


def labels_of(row: DecisionRow) -> list[LabelRow]:
    """What was later said about the event."""
    return list(LabelRow.objects.filter(event_id=row.event_id).order_by("sequence"))


def reveals_of(row: DecisionRow) -> list[Reveal]:
    """Who looked at its sealed values."""
    return list(Reveal.objects.filter(sequence=row.sequence).select_related("user").order_by("at"))


def checkpoint_over(row: DecisionRow) -> Outbox | None:
    """The newest ledger entry about the journal, if the decision lies before it."""
    newest = entries().filter(action="journal.checkpoint").order_by("-id").first()
    return newest if newest is not None and newest.data.get("sequence", -1) >= row.sequence else None


def lag() -> int:
    """How many journal records have not been followed yet."""
    position = Position.objects.filter(pk=1).first()
    return max(0, archive().last() - (position.sequence if position else -1))


def hourly(start: int, end: int) -> QuerySet[HourCount]:
    """The roll-ups of the hours that begin from `start` up to before `end` (ms)."""
    return HourCount.objects.filter(hour__gte=start, hour__lt=end).order_by("hour")


def event_types() -> list[str]:
    """Every event type there is a decision of, the commonest first."""
    return list(totals("event_type"))


def kinds() -> list[str]:
    """Every kind of entity there is, by an index."""
    return sorted(Entity.objects.order_by().values_list("kind", flat=True).distinct())


def base_currency() -> str:
    """The currency amounts are compared in, "" before the first."""
    newest = DecisionRow.objects.exclude(currency="").order_by("-sequence").values_list("currency", flat=True)
    return newest.first() or ""


# --- entities ---------------------------------------------------------------------------------------------------------


def get_entity(user: User, kind: str, value: str) -> Entity:
    """One entity. UnknownError where none of its decisions is within the person's reach."""
    found = Entity.objects.filter(kind=kind, value=value).first()
    if found is None or (found.decisions and not newest_of(user, found, 1)):
        raise UnknownError(_("There is no such entity."))
    return found


def entities(user: User) -> QuerySet[Entity]:
    """The entities this person may see; for a narrowed reach those of its decisions."""
    reach = visible(user, "entities.view")
    if not reach.query.where:
        return Entity.objects.all()
    return Entity.objects.filter(pk__in=EntityLink.objects.filter(sequence__in=reach.values("pk")).values("entity"))


def newest_of(user: User, entity: Entity, most: int) -> list[int]:
    """The numbers of an entity's newest decisions within the person's reach."""
    reach, links = visible(user, "entities.view"), EntityLink.objects.filter(entity=entity)
    if not reach.query.where:  # everything: then its own links say it, in their order
        return list(links.order_by("-sequence").values_list("sequence", flat=True)[:most])
    within = reach.filter(sequence__in=links.values("sequence"))
    return list(within.order_by("-sequence").values_list("sequence", flat=True)[:most])


def rows_of(numbers: Sequence[int]) -> list[DecisionRow]:
    """The decisions of these numbers, the newest first."""
    return list(DecisionRow.objects.filter(sequence__in=numbers).order_by("-sequence"))


@dataclass(frozen=True)
class Linked:
    """An entity that shares decisions with another."""

    entity: Entity
    shared: int


def linked(entity: Entity, newest: Sequence[int]) -> list[Linked]:
    """Entities that take part in the same decisions, those with most in common first; over its `newest` ones."""
    shared = (
        EntityLink.objects.filter(sequence__in=newest).exclude(entity=entity).values_list("entity")
        .annotate(n=Count("sequence"), newest=Max("sequence")).order_by("-n", "-newest")[:MOST_LINKED]
    )  # fmt: skip
    counts = {key: count for key, count, _newest in shared}
    found = Entity.objects.in_bulk(counts)
    return [Linked(found[key], count) for key, count in counts.items()]


def list_entries_of(entity: Entity) -> list[ListRow]:
    """The entries of lists that name an entity, as they stand now; removed ones too."""
    newest: dict[tuple[str, str], ListRow] = {}
    for row in ListRow.objects.filter(kind=entity.kind, key=entity.value).order_by("-sequence")[:MOST_MOMENTS]:
        newest.setdefault((row.list, row.entry_id), row)
    current = []
    for (name, entry_id), row in newest.items():
        last = ListRow.objects.filter(list=name, entry_id=entry_id).order_by("-sequence").first()
        if last is not None and last.pk == row.pk:
            current.append(row)
    return current


def outcomes_by_day(rows: list[DecisionRow]) -> Counter[tuple[int, str]]:
    """(start of the day in UTC, outcome) -> how many."""
    day = 24 * 3_600_000
    return Counter((row.effective_at - row.effective_at % day, row.outcome) for row in rows)


@dataclass(frozen=True)
class Now:
    """A feature of an entity as its newest decision has it."""

    title: str
    name: str
    text: str
    at: int
    zero: bool


def features_now(user: User, entity: Entity) -> list[Now]:
    """The entity's own features, each from the newest decision that has it; looks at the last few decisions only."""
    found: dict[str, Now] = {}
    for row in rows_of(newest_of(user, entity, 8)):
        record, digest = archive().event(row.sequence), digest_of(row.policy)
        if record is None or record.decision is None or digest is None:
            continue
        policy = archive().policy(digest)
        vocabulary = Vocabulary(policy, record.event.type)
        for name in _own_features(policy, row.event_type, entity, record.event.fields):
            value = record.decision.row[policy.slots[name]]
            if value is not None and name not in found:
                found[name] = Now(
                    vocabulary.title(name), name, vocabulary.text(name, value), row.effective_at, value == 0
                )
    return sorted(found.values(), key=lambda one: one.name)


def _own_features(policy: CompiledPolicy, event_type: str, entity: Entity, fields: dict[str, object]) -> list[str]:
    """Features over exactly this entity: of the key fields that hold it in the event."""
    kinds = kinds_of(policy.pack.events[event_type])
    keys = {name for name, kind in kinds.items() if kind == entity.kind and fields.get(name) == entity.value}
    return [name for name, one in policy.pack.features.items() if len(one.entity) == 1 and one.entity[0] in keys]
