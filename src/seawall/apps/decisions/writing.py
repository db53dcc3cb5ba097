"""Rows into the database, many at once. Where a count must grow, one upsert says so; the ORM has no words for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection, models

from seawall.apps.decisions.models import (
    ActivationRow,
    DecisionRow,
    Entity,
    EntityLink,
    ErasureRow,
    HourCount,
    HourRule,
    LabelRow,
    ListRow,
    RuleHit,
    Total,
)
from seawall.apps.decisions.reduce import Reduced

_PLAIN = (models.CharField, models.TextField, models.IntegerField)  # written as they are
_VALUES = 900  # parameters of one statement
_INSERT_ENTITIES = """
INSERT INTO {table} (kind, value, decisions, flagged, first_sequence, last_sequence, first_at, last_at) VALUES {rows}
ON CONFLICT (kind, value) DO UPDATE SET
    decisions = {table}.decisions + excluded.decisions, flagged = {table}.flagged + excluded.flagged,
    last_sequence = excluded.last_sequence, last_at = excluded.last_at
RETURNING id, kind, value
"""
_ADD_HOURS = """
INSERT INTO {table} (hour, event_type, outcome, decisions, amount) VALUES {rows}
ON CONFLICT (hour, event_type, outcome) DO UPDATE SET
    decisions = {table}.decisions + excluded.decisions, amount = {table}.amount + excluded.amount
"""
_ADD_RULE_HOURS = """
INSERT INTO {table} (hour, rule, decisions) VALUES {rows}
ON CONFLICT (hour, rule) DO UPDATE SET decisions = {table}.decisions + excluded.decisions
"""
_ADD_TOTALS = """
INSERT INTO {table} (facet, name, decisions) VALUES {rows}
ON CONFLICT (facet, name) DO UPDATE SET decisions = {table}.decisions + excluded.decisions
"""
_INSERT_ROWS = "INSERT INTO {table} ({columns}) VALUES {rows}"
_INSERT_HITS = "INSERT INTO {table} (rule, sequence) VALUES {rows}"
_INSERT_LINKS = "INSERT INTO {table} (entity_id, sequence) VALUES {rows}"


def write(reduced: Reduced) -> None:
    """Everything of a stretch, in the running transaction."""
    assert connection.in_atomic_block, "a stretch is written whole, with the follower's position"
    _insert(DecisionRow, reduced.rows)
    _run(_INSERT_HITS, RuleHit, reduced.hits)
    counted = [(*pair, *counts) for pair, counts in reduced.entities.items()]
    ids = {(kind, value): key for key, kind, value in _run(_INSERT_ENTITIES, Entity, counted)}
    _run(_INSERT_LINKS, EntityLink, [(ids[pair], sequence) for pair, sequence in reduced.links])
    _run(_ADD_HOURS, HourCount, [(*cell, *counts) for cell, counts in reduced.hours.items()])
    _run(_ADD_RULE_HOURS, HourRule, [(*cell, count) for cell, count in reduced.rule_hours.items()])
    _run(_ADD_TOTALS, Total, [(*name, count) for name, count in _totals(reduced).items()])
    LabelRow.objects.bulk_create(reduced.labels)
    _insert(ListRow, reduced.lists)
    ActivationRow.objects.bulk_create(reduced.activations)
    ErasureRow.objects.bulk_create(reduced.erasures)
    for erasure in reduced.erasures:
        erased = Entity.objects.filter(value=erasure.subject, kind__in=reduced.erasable)
        erased.update(erased_at=erasure.at)


def _totals(reduced: Reduced) -> Counter[tuple[str, str]]:
    totals: Counter[tuple[str, str]] = Counter()
    for (_hour, event_type, outcome), (count, _amount) in reduced.hours.items():
        totals["event_type", event_type] += count
        totals["outcome", outcome] += count
    for (_hour, rule), count in reduced.rule_hours.items():
        totals["rule", rule] += count
    return totals


def _insert(model: type[DecisionRow | ListRow], rows: Sequence[DecisionRow | ListRow]) -> None:
    """As bulk_create would, at a third of its cost: the fields' conversions are worked out once."""
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(one.column) for one in fields)
    wanted = attrgetter(*(one.attname for one in fields))
    prepare = [(place, one.get_db_prep_save) for place, one in enumerate(fields) if not isinstance(one, _PLAIN)]
    values = [list(wanted(row)) for row in rows]
    for place, save in prepare:
        for row_values in values:
            row_values[place] = save(row_values[place], connection)
    _run(_INSERT_ROWS, model, values, columns)


def _run(statement: str, model: Any, rows: Sequence[Sequence[Any]], columns: str = "") -> list[tuple[Any, ...]]:
    """The statement over the rows, a bounded number at once; what it returns, if it does."""
    found: list[tuple[Any, ...]] = []
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        for part in _parts(rows):
            places = ", ".join([f"({', '.join(['%s'] * len(part[0]))})"] * len(part))
            cursor.execute(
                statement.format(table=table, rows=places, columns=columns), [one for row in part for one in row]
            )
            if "RETURNING" in statement:
                found += cursor.fetchall()
    return found


def _parts(rows: Sequence[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    left = iter(rows)
    while part := list(islice(left, max(1, _VALUES // len(rows[0])) if rows else 0)):
        yield part
