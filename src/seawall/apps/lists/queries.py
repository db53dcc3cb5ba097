"""Reading lists: what is declared and how it is met, entries, changes, imports."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.decisions.models import DecisionRow, ListRow
from seawall.apps.decisions.queries import decisions
from seawall.apps.errors import UnknownError
from seawall.apps.lists.declared import definition, definitions, entity_kind, is_sensitive
from seawall.apps.lists.models import WHOLE_LIST, Change, Entry, Hit, HitHour, Import
from seawall.apps.lists.services.expiry import SOON
from seawall.apps.lists.states import ACTIVE
from seawall.engine.lists import ListDefinition

HOUR, DAY = 3_600_000, 86_400_000
STALE_DAYS = 90
MOST_SHOWN = 50
LONG_LIST, COUNTED_SECONDS = 200_000, 10


def now_ms() -> int:
    """The time that ends and hits are judged at, in ms."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Met:
    """How often something was met: in 24 hours, in 30 days, and those of 30 days by outcome."""

    day: int = 0
    month: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Listed:
    """A list of the active policy with its entries by state, and how they are met."""

    name: str
    definition: ListDefinition
    kind: str  # of entity
    sensitive: bool
    states: dict[str, int]
    met: Met

    @property
    def active(self) -> int:
        """Entries in force."""
        return self.states.get(ACTIVE, 0)


def lists() -> list[Listed]:
    """Every list of the active policy, in the pack's order."""
    states: dict[str, dict[str, int]] = defaultdict(dict)
    for name, state, count in Entry.objects.order_by().values_list("list", "state").annotate(n=Count("pk")):
        states[name][state] = count
    return [_listed(one, states[name], met(name)) for name, one in definitions().items()]


def one_list(name: str) -> Listed:
    """One of them. UnknownError."""
    found = definition(name)
    return _listed(found, _states(name), met(name))


def _states(name: str) -> dict[str, int]:
    """Entries by state; of a long list as they were within the last seconds."""
    key = f"lists-states:{name}"
    states: dict[str, int] | None = cache.get(key)
    if states is None:
        rows = Entry.objects.filter(list=name).order_by().values_list("state").annotate(n=Count("pk"))
        states = dict(rows)
        if sum(states.values()) >= LONG_LIST:
            cache.set(key, states, COUNTED_SECONDS)
    return states


def met(name: str, entry: int = WHOLE_LIST) -> Met:
    """How often a list, or one entry of it, was met."""
    now = now_ms()
    rows = HitHour.objects.filter(list=name, entry=entry, hour__gt=now - 30 * DAY - HOUR)
    month = dict(rows.order_by().values_list("outcome").annotate(n=Sum("hits")))
    day = rows.filter(hour__gt=now - DAY - HOUR).aggregate(n=Sum("hits"))["n"] or 0
    return Met(day, sum(month.values()), month)


def stale_before() -> int:
    """What was met last before this, and is older, is stale; ms."""
    return now_ms() - STALE_DAYS * DAY


def is_stale(entry: Entry) -> bool:
    """Whether an active entry was not met for STALE_DAYS."""
    since = max(entry.last_hit_at, entry.valid_from)
    return entry.state == ACTIVE and since < stale_before()


def entries(name: str = "") -> QuerySet[Entry]:
    """Entries of a list, or of all."""
    return Entry.objects.filter(list=name) if name else Entry.objects.all()


def entry(entry_id: int) -> Entry:
    """One entry. UnknownError."""
    found = Entry.objects.select_related("author", "batch").filter(pk=entry_id).first()
    if found is None:
        raise UnknownError(_("There is no such entry."))
    return found


def changes_of(one: Entry) -> list[Change]:
    """What people asked for on an entry, the newest first."""
    rows = Change.objects.filter(entry=one).select_related("maker", "checker")
    return list(rows.order_by("-created_at", "-id")[:MOST_SHOWN])


def records_of(one: Entry) -> list[ListRow]:
    """The journal's records on an entry, the newest first."""
    rows = ListRow.objects.filter(list=one.list, entry_id=one.entry_id)
    return list(rows.order_by("-sequence")[:MOST_SHOWN])


def hits_of(user: User, one: Entry) -> list[DecisionRow]:
    """The newest decisions that met an entry, of those that this person may see."""
    newest = Hit.objects.filter(entry=one.pk).order_by("-sequence").values_list("sequence", flat=True)[:MOST_SHOWN]
    return list(decisions(user).filter(sequence__in=list(newest)).order_by("-sequence"))


def entries_of_entity(kind: str, value: str) -> list[Entry]:
    """The entries that name an entity, those in force first."""
    rows = list(Entry.objects.filter(kind=kind, key=value).order_by("-pk")[:MOST_SHOWN]) if value else []
    return sorted(rows, key=lambda one: one.state != ACTIVE)


def ending(user: User) -> int:
    """How many entries of this person end soon."""
    now = now_ms()
    rows = Entry.objects.filter(author=user, told_at__isnull=False, state=ACTIVE, valid_until__gt=now)
    return rows.filter(valid_until__lte=now + int(SOON.total_seconds() * 1000)).count()


def one_import(import_id: UUID) -> Import:
    """One import. UnknownError."""
    found = Import.objects.select_related("author", "checker").filter(pk=import_id).first()
    if found is None:
        raise UnknownError(_("There is no such import."))
    return found


def imports(name: str = "") -> QuerySet[Import]:
    """Imports of a list, or of all."""
    rows = Import.objects.select_related("author")
    return rows.filter(list=name) if name else rows


def _listed(found: ListDefinition, states: dict[str, int], how: Met) -> Listed:
    return Listed(found.name, found, entity_kind(found), is_sensitive(found), states, how)
