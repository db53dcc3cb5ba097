"""Tables: columns that know how a value is shown, sorted and exported; rows come from a keyset source."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from seawall.console import formatting, markup
from seawall.console.keyset import LARGEST_PAGE, Order, Source
from seawall.console.navigation import allowed
from seawall.console.words import Text, Word

PLACE = "place"  # the parameter that says where in the list a page starts
EXPORT_CAP = 1_000_000  # rows of one export
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run these


class TableError(Exception):
    """A column that is declared wrongly."""


@dataclass(frozen=True)
class Column:
    """One column.

    `kind` is one of markup.KINDS and decides looks, alignment and export. `value` is an attribute path ("owner.name")
    or a function of the row; kinds of two parts give a tuple: money (minor, currency), entity (kind, key). `sort` is
    the model field it sorts by ("" = not sortable). `shown` False: only when chosen. `primary` heads a phone's card.
    """

    key: str
    title: Text
    kind: str = "text"
    value: str | Callable[[Any], Any] = ""
    sort: str = ""
    shown: bool = True
    primary: bool = False
    hint: Text = ""

    def __post_init__(self) -> None:
        if self.kind not in markup.KINDS:
            raise TableError(f"column {self.key}: kind {self.kind!r} is not one of {', '.join(markup.KINDS)}")

    def of(self, row: Any) -> Any:
        if callable(self.value):
            return self.value(row)
        for name in (self.value or self.key).split("."):
            row = row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)
            if row is None:
                return None
        return row

    def cell(self, row: Any) -> SafeString:
        value = self.of(row)
        return markup.NOTHING if value is None else markup.KINDS[self.kind](value)

    @property
    def align(self) -> str:
        return "right" if self.kind in markup.ALIGNED_RIGHT else ""


@dataclass(frozen=True)
class Row:
    """A row as the template needs it."""

    key: str
    url: str
    cells: list[tuple[Column, SafeString]]
    tone: str
    actions: Sequence[Any]


@dataclass(frozen=True)
class Head:
    """A column's head: its sort link and state."""

    column: Column
    url: str
    direction: str  # "", ascending, descending


@dataclass(frozen=True)
class Shown:
    """One page of a table, ready for console/parts/table.html."""

    heads: list[Head]
    rows: list[Row]
    previous: str
    next: str
    first: str
    choosable: list[tuple[Column, bool]]


@dataclass(frozen=True)
class Table:
    """Columns, order and row links. `sort` is the order without one in the URL, e.g. "-decided_at"."""

    columns: Sequence[Column]
    sort: str
    url: Callable[[Any], str] | None = None
    key: Callable[[Any], str] = lambda row: str(getattr(row, "pk", None) or row.get("id", ""))
    tone: Callable[[Any], str] | None = None
    actions: Callable[[Any], Sequence[RowAction]] | None = None
    size: int = 50

    @property
    def has_actions(self) -> bool:
        """Whether rows have actions; asked by the template, which would call `actions` itself."""
        return self.actions is not None

    def order(self, request: HttpRequest) -> Order:
        """The order asked for by `?sort=`; an unknown one falls back to the table's own."""
        asked = Order.parse(request.GET.get("sort", ""))
        return asked if asked.field and asked.field in {c.sort for c in self.columns} else Order.parse(self.sort)

    def chosen(self, request: HttpRequest) -> list[Column]:
        """Columns asked for by `?columns=a,b`, in the table's order; primary ones always."""
        asked = {one for one in request.GET.get("columns", "").split(",") if one}
        known = {column.key for column in self.columns}
        if not asked & known:
            return [column for column in self.columns if column.shown]
        return [column for column in self.columns if column.primary or column.key in asked]

    def show(self, request: HttpRequest, source: Source) -> Shown:
        """One page. Raises keyset.CursorError for a place that does not fit."""
        order, columns = self.order(request), self.chosen(request)
        page = source.page(order, request.GET.get(PLACE, ""), min(self.size, LARGEST_PAGE))
        may = cache(partial(allowed, request))  # asked once a permission, not once a row
        rows = [
            Row(
                self.key(row),
                self.url(row) if self.url else "",
                [(column, column.cell(row)) for column in columns],
                self.tone(row) if self.tone else "",
                [one for one in self.actions(row) if not one.permission or may(one.permission)] if self.actions else (),
            )
            for row in page.rows
        ]
        return Shown(
            [self._head(request, order, column) for column in columns],
            rows,
            _with(request, place=page.previous) if page.previous else "",
            _with(request, place=page.next) if page.next else "",
            _with(request, place="") if request.GET.get(PLACE) else "",
            [(column, column in columns) for column in self.columns if not column.primary],
        )

    def _head(self, request: HttpRequest, order: Order, column: Column) -> Head:
        if not column.sort:
            return Head(column, "", "")
        current = column.sort == order.field
        turned = Order(column.sort, not order.descending if current else column.kind in _LARGEST_FIRST)
        direction = ("descending" if order.descending else "ascending") if current else ""
        return Head(column, _with(request, sort=str(turned), place=""), direction)


_LARGEST_FIRST = frozenset({"when", "age", "money", "number", "percent", "score", "severity"})


@dataclass(frozen=True)
class RowAction:
    """A small action on hover: a link; with `dialog` a form in a dialog; with `post` a POST, after the confirm dialog
    if `confirm` or `reason`. `permission` hides it from who may not.
    """

    title: Text
    url: str
    icon: str
    post: bool = False
    confirm: Text = ""
    reason: bool = False
    dialog: bool = False
    permission: str = ""


def _with(request: HttpRequest, **changes: str) -> str:
    asked = request.GET.copy()
    for name, value in changes.items():
        if value:
            asked[name] = value
        else:
            asked.pop(name, None)
    return f"?{asked.urlencode()}"


# --- export -----------------------------------------------------------------------------------------------------------


def plain(value: Any, kind: str) -> Any:
    """A value for a file: amounts as exact text and currency, times as ISO 8601 UTC, words as their key."""
    if kind == "money" and isinstance(value, tuple):
        minor, currency = value
        return (
            ""
            if minor is None
            else f"{formatting.money(minor, currency).replace(',', '').replace('−', '-')} {currency}"
        )
    if kind == "coded" and isinstance(value, tuple):
        return f"{value[0]} [{value[1]}]" if str(value[0]) != value[1] else str(value[0])
    if kind in ("when", "age", "due"):
        value = value[0] if isinstance(value, tuple) else value
        return formatting.instant(value).isoformat().replace("+00:00", "Z") if value is not None else None
    if isinstance(value, tuple):
        return ":".join(str(one) for one in value if one is not None)
    if isinstance(value, Word):
        return value.key
    if isinstance(value, datetime | Promise):
        return str(value)
    if isinstance(value, list | set | frozenset):
        return [str(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _csv_cell(value: Any) -> Any:
    text = ";".join(value) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


def csv_lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    """A CSV file with a BOM (so that spreadsheets read Chinese), a title row, and no cell a spreadsheet would run."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"
    writer.writerow([str(column.title) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(plain(column.of(row), column.kind)) for column in columns])
        if buffer.tell() > 16_384:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def json_lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    """One JSON object a row, keyed by column."""
    for row in rows:
        yield json.dumps({c.key: plain(c.of(row), c.kind) for c in columns}, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, tuple[Callable[[Sequence[Column], Iterable[Any]], Iterator[str]], str]] = {
    "csv": (csv_lines, "text/csv; charset=utf-8"),
    "jsonl": (json_lines, "application/x-ndjson"),
}


def pages_of(source: Source, order: Order, most: int = EXPORT_CAP) -> Iterator[Any]:
    """All rows of a source, page by page, so that memory stays small."""
    at, given = "", 0
    while given < most:
        page = source.page(order, at, LARGEST_PAGE)
        yield from page.rows[: most - given]
        given += len(page.rows)
        if not page.next:
            return
        at = page.next


def export(
    request: HttpRequest, form: str, name: str, columns: Sequence[Column], source: Source, order: Order
) -> StreamingHttpResponse:
    """Stream the rows as `name`.csv or .jsonl, at most EXPORT_CAP of them."""
    lines, content_type = FORMATS[form]
    pieces = lines(columns, pages_of(source, order))
    response = StreamingHttpResponse(
        _piecewise(pieces) if isinstance(request, ASGIRequest) else pieces, content_type=content_type
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


async def _piecewise(pieces: Iterator[str]) -> AsyncIterator[str]:
    """Under ASGI Django would collect a plain iterator in memory before it sends the first byte."""
    while (piece := await sync_to_async(next)(pieces, None)) is not None:
        yield piece
