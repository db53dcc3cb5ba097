"""Many entries at once in plain SQL: looked up, and upserted by (list, entry_id). The ORM takes several times as
long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from seawall.apps.lists.models import Entry

_UPSERT = """
INSERT INTO {table} ({columns}) VALUES ({places})
ON CONFLICT (list, entry_id) DO UPDATE SET {changes}{where}
"""
_FIND = "SELECT {columns} FROM {table} WHERE list = %s AND {column} IN ({places})"
_PLAIN = (models.CharField, models.TextField, models.BigIntegerField)
_FIELDS = {one.attname: one for one in Entry._meta.concrete_fields if not one.primary_key}
_CACHE_KIB = 64 << 10


def find(name: str, by: str, values: Sequence[str], *columns: str) -> list[tuple[Any, ...]]:
    """These plain columns of a list's entries whose column `by` is among `values` (at most some thousands)."""
    if not values:
        return []
    statement = _FIND.format(columns=_names(columns), table=_table(), column=_name(by), places=_places(len(values)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [name, *values])
        return cursor.fetchall()


def upsert(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    same: Mapping[str, Any],
    update: Sequence[str],
    where: str = "",
) -> None:
    """Insert rows of these columns (attribute names); `same` is equal in all, the rest at its default. Of a row that is
    there change `update`, only where the SQL condition `where` holds ({table}: the row, `excluded`: the new one)."""
    rest = [name for name in _FIELDS if name not in columns]
    constants = [_ready(name)(same[name] if name in same else _FIELDS[name].get_default()) for name in rest]
    ready = [(place, _ready(name)) for place, name in enumerate(columns) if not isinstance(_FIELDS[name], _PLAIN)]

    def values(row: Sequence[Any]) -> list[Any]:
        whole = [*row, *constants]
        for place, prepare in ready:
            whole[place] = prepare(whole[place])
        return whole

    statement = _UPSERT.format(
        table=_table(), columns=_names([*columns, *rest]), places=_places(len(_FIELDS)),
        changes=", ".join(f"{_name(one)} = excluded.{_name(one)}" for one in update),
        where=f" WHERE {where.format(table=_table())}" if where else "",
    )  # fmt: skip
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, [values(row) for row in rows])


@contextmanager
def room() -> Iterator[None]:
    """Let SQLite keep more pages while many rows come: each goes into a dozen indexes, all over the file."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        (before,) = cursor.execute("PRAGMA cache_size").fetchone()
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size = {int(before)}")


def _ready(name: str) -> Callable[[Any], Any]:
    """The field's conversion, which takes longer than all else: most rows have the same value as the one before."""
    field, last, made = _FIELDS[name], None, None

    def prepare(value: Any) -> Any:
        nonlocal last, made
        if value is not last:
            last, made = value, field.get_db_prep_save(value, connection)
        return made

    return prepare


def _table() -> str:
    return connection.ops.quote_name(Entry._meta.db_table)


def _name(attribute: str) -> str:
    return connection.ops.quote_name(_FIELDS[attribute].column)


def _names(attributes: Sequence[str]) -> str:
    return ", ".join(map(_name, attributes))


def _places(count: int) -> str:
    return ", ".join(["%s"] * count)
