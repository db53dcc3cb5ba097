"""Keyset pagination: a page is what follows (or precedes) a place given by (value, primary key), by an index seek.

The model needs an index on (field, primary key); the field may not be null. The cursor travels in the URL as text.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet

LARGEST_PAGE = 200
_LONGEST_CURSOR = 500


class CursorError(ValueError):
    """A cursor that is not one of ours: damaged, or of another order."""


@dataclass(frozen=True)
class Order:
    """Sort by a field, newest or largest first when descending; the primary key breaks ties the same way."""

    field: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> Order:
        return cls(text.removeprefix("-"), text.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.field}" if self.descending else self.field


@dataclass(frozen=True)
class Cursor:
    """A place between two rows, and whether the page lies before it."""

    value: object
    key: str
    backward: bool = False

    def encode(self) -> str:
        text = json.dumps([self.value, self.key, int(self.backward)], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        try:
            if len(text) > _LONGEST_CURSOR:
                raise ValueError
            value, key, backward = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(key, str) or isinstance(value, list | dict) or backward not in (0, 1):
                raise ValueError
            return cls(value, key, bool(backward))
        except (ValueError, TypeError, RecursionError, binascii.Error, UnicodeDecodeError):
            raise CursorError("the place in the list cannot be read; start from the first page") from None


@dataclass(frozen=True)
class Page:
    """Rows in the order asked for, and the cursors (texts for the URL) of the pages beside it; "" where none is."""

    rows: Sequence[Any]
    previous: str = ""
    next: str = ""


class Source(Protocol):
    """Where a table's rows come from."""

    def page(self, order: Order, cursor: str, size: int) -> Page: ...


@dataclass(frozen=True)
class QuerySource:
    """Rows of a query set, already filtered. One query a page, of size + 1 rows."""

    rows: QuerySet[Any]

    def page(self, order: Order, cursor: str, size: int) -> Page:
        """Raises CursorError for a cursor that does not fit the order."""
        place = Cursor.decode(cursor) if cursor else None
        backward = place is not None and place.backward
        descending = order.descending != backward
        rows = self.rows
        if place is not None:
            rows = rows.filter(_beyond(rows.model, order.field, place, descending))
        sign = "-" if descending else ""
        found = list(rows.order_by(f"{sign}{order.field}", f"{sign}pk")[: min(size, LARGEST_PAGE) + 1])
        more = len(found) > min(size, LARGEST_PAGE)
        found = found[: min(size, LARGEST_PAGE)]
        if backward:
            found.reverse()
        if not found:
            return Page([])
        before, after = (more, True) if backward else (place is not None, more)
        return Page(
            found,
            _place_of(found[0], order.field, backward=True) if before else "",
            _place_of(found[-1], order.field, backward=False) if after else "",
        )


def _beyond(model: type[Model], name: str, place: Cursor, descending: bool) -> Q:
    """`field <= v AND (field < v OR pk < k)`: the first half lets the database seek in the index."""
    try:
        field = model._meta.get_field(name)
        if not isinstance(field, Field):
            raise FieldDoesNotExist(f"{model.__name__}.{name} is not a plain column")
        value = field.to_python(place.value)
        key = model._meta.pk.to_python(place.key) if model._meta.pk else place.key
    except ValidationError:
        raise CursorError("the place in the list is of another order; start from the first page") from None
    word = "lt" if descending else "gt"
    return Q(**{f"{name}__{word}e": value}) & (Q(**{f"{name}__{word}": value}) | Q(**{f"pk__{word}": key}))


def _place_of(row: Model, name: str, *, backward: bool) -> str:
    field = row._meta.get_field(name)
    value = field.value_from_object(row) if isinstance(field, Field) else None
    plain = value if isinstance(value, int | float | str) else field.value_to_string(row)
    return Cursor(plain, str(row.pk), backward).encode()


@dataclass(frozen=True)
class ListSource:
    """Rows already in memory, in their own order (small tables, other stores): paged by place."""

    rows: Sequence[Any]

    def page(self, order: Order, cursor: str, size: int) -> Page:
        place = Cursor.decode(cursor) if cursor else None
        start = place.value if place is not None else 0
        if not isinstance(start, int) or not 0 <= start <= len(self.rows):
            raise CursorError("the place in the list is of another order; start from the first page")
        size = min(size, LARGEST_PAGE)
        shown = self.rows[start : start + size]
        before = Cursor(max(0, start - size), "").encode() if start else ""
        after = Cursor(start + size, "").encode() if start + size < len(self.rows) else ""
        return Page(shown, before, after)
