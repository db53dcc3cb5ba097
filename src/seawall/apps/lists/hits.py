"""Which decisions met which entries, counted in the follower's transaction: exactly once a decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection

from seawall.apps.decisions.registry import Followed, Neighbour, Related, register_follower, register_neighbour
from seawall.apps.lists.models import WHOLE_LIST, Entry, Hit, HitHour

HOUR = 3_600_000
_ADD = """
INSERT INTO {table} (list, entry, hour, outcome, hits) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (list, entry, hour, outcome) DO UPDATE SET hits = {table}.hits + excluded.hits
"""
_SEEN = "UPDATE {table} SET hits = hits + %s, last_hit_at = %s, quiet_since = %s WHERE id = %s"


def on_decisions(batch: Sequence[Followed]) -> None:
    """Add what a batch of decisions met; list records of the same batch are in the table already."""
    met = [(one, *_parts(hit)) for one in batch for hit in one.list_hits]
    if not met:
        return
    ids = _ids({(name, entry_id) for _one, name, entry_id in met})
    hits: dict[tuple[int, int], Hit] = {}
    hours: Counter[tuple[str, int, int, str]] = Counter()
    seen: dict[int, list[int]] = {}
    for one, name, entry_id in met:
        entry, row = ids.get((name, entry_id)), one.row
        hour = row.effective_at - row.effective_at % HOUR
        hours[name, WHOLE_LIST, hour, row.outcome] += 1
        if entry is None:  # an entry of before this room's time
            continue
        hits[entry, row.sequence] = Hit(entry=entry, sequence=row.sequence, outcome=row.outcome)
        hours[name, entry, hour, row.outcome] += 1
        counts = seen.setdefault(entry, [0, 0])
        counts[0], counts[1] = counts[0] + 1, max(counts[1], row.effective_at)
    Hit.objects.bulk_create(hits.values(), batch_size=200)
    _many(_ADD, HitHour, [(*cell, count) for cell, count in hours.items()])
    _many(_SEEN, Entry, [(count, at, at, entry) for entry, (count, at) in seen.items()])


def of_entity(user: Any, entity: Any) -> list[Related]:
    """The entries that name an entity, for its page."""
    from seawall.apps.lists.menu import related

    return related(user, entity.kind, entity.value)


def register() -> None:
    """Join; again changes nothing."""
    register_follower(on_decisions)
    register_neighbour(Neighbour("lists", of_entity=of_entity))


def _parts(hit: str) -> tuple[str, str]:
    name, _slash, entry_id = hit.partition("/")
    return name, entry_id


def _ids(wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name in {name for name, _entry in wanted}:
        entry_ids = sorted(entry for one, entry in wanted if one == name)
        for first in range(0, len(entry_ids), 500):
            rows = Entry.objects.filter(list=name, entry_id__in=entry_ids[first : first + 500])
            found |= {(name, entry): key for key, entry in rows.values_list("pk", "entry_id")}
    return found


def _many(statement: str, model: Any, rows: list[tuple[Any, ...]]) -> None:
    """Counts that must grow: the ORM has no words for many at once."""
    with connection.cursor() as cursor:
        cursor.executemany(statement.format(table=connection.ops.quote_name(model._meta.db_table)), rows)
