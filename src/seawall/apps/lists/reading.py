"""Lines of an import file, CSV or NDJSON: each read by itself, so that a bad one costs only itself.

A CSV file has one value a line, or a title row that names its columns: key, and maybe reason and valid_until. NDJSON
has an object a line with the same members. Times are RFC 3339, or a day: then the entry ends with it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

COLUMNS = ("key", "reason", "valid_until")
FORMATS = ("csv", "ndjson")
LONGEST_LINE = 4_096  # bytes

NOT_TEXT = gettext_noop("It is not UTF-8 text.")
TOO_LONG = gettext_noop("The line is longer than 4,096 bytes.")
BROKEN = gettext_noop("It cannot be read as its format.")
COLUMN_COUNT = gettext_noop("It has another number of columns than the title row.")
NO_OBJECT = gettext_noop("It is no JSON object with key, reason and valid_until.")
BAD_TIME = gettext_noop("valid_until is no time; write 2026-12-31 or 2026-12-31T23:59:59Z.")


class HeaderError(ValueError):
    """A title row that cannot be used; the text is an English msgid."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file. `problem`: why it cannot be used, an English msgid; "" where it can."""

    number: int
    key: str = ""
    reason: str = ""
    valid_until: datetime | None = None
    problem: str = ""


def lines_of(form: str, raw: Iterable[bytes]) -> Iterator[Line]:
    """Every line that is not blank, with its number in the file. HeaderError for a title row without `key`."""
    columns: Sequence[str] | None = None
    for number, data in enumerate(raw, 1):
        if len(data) > LONGEST_LINE:
            yield Line(number, problem=TOO_LONG)
            continue
        try:
            text = data.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            yield Line(number, problem=NOT_TEXT)
            continue
        if not text.strip():
            continue
        if form == "ndjson":
            yield _object(number, text)
            continue
        cells = _cells(text)
        if columns is None:
            columns = _title_row(cells)
            if columns is not None:
                continue
            columns = COLUMNS[:1]
        yield _row(number, cells, columns)


def _cells(text: str) -> list[str] | None:
    if '"' not in text and "\r" not in text:
        return [cell.strip() for cell in text.split(",")]
    try:
        return [cell.strip() for cell in next(csv.reader([text], strict=True))]
    except (csv.Error, StopIteration):
        return None


def _title_row(cells: list[str] | None) -> list[str] | None:
    """The columns that a first line names; None where it is a line like the others."""
    names = [cell.casefold() for cell in cells or ()]
    if not set(names) & set(COLUMNS):
        if len(names) > 1:
            raise HeaderError(gettext_noop("The first line must name the columns: key, reason, valid_until."))
        return None
    if "key" not in names or len(set(names)) != len(names) or not set(names) <= set(COLUMNS):
        raise HeaderError(gettext_noop("The first line must name the columns: key, reason, valid_until."))
    return names


def _row(number: int, cells: list[str] | None, columns: Sequence[str]) -> Line:
    if cells is None:
        return Line(number, problem=BROKEN)
    if len(cells) != len(columns):
        return Line(number, problem=COLUMN_COUNT)
    return _line(number, dict(zip(columns, cells, strict=True)))


def _object(number: int, text: str) -> Line:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Line(number, problem=BROKEN)
    if not isinstance(found, dict) or not set(found) <= set(COLUMNS) or "key" not in found:
        return Line(number, problem=NO_OBJECT)
    values = {name: "" if value is None else value for name, value in found.items()}
    if not all(isinstance(value, str) for value in values.values()):
        return Line(number, problem=NO_OBJECT)
    return _line(number, {name: value.strip() for name, value in values.items()})


def _line(number: int, values: dict[str, Any]) -> Line:
    until = values.get("valid_until", "")
    try:
        end = _instant(until) if until else None
    except (ValueError, OverflowError):
        return Line(number, values["key"], problem=BAD_TIME)
    return Line(number, values["key"], values.get("reason", ""), end)


def _instant(text: str) -> datetime:
    if len(text) == 10:
        day = datetime.combine(datetime.fromisoformat(text).date() + timedelta(days=1), time())
        return timezone.make_aware(day)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)
