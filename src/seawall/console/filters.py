"""Filters of a list page: facets with counts, ranges, search. State is in the URL; bad input is said, not obeyed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.console import markup
from seawall.console.driving import Driver, driven
from seawall.console.words import Text, Word
from seawall.engine.money import MoneyError, exponent, parse_major

COUNT_CAP = 10_000
MOST_VALUES = 50  # of one facet in one URL
LONGEST_TEXT = 200
LAST = "\U0010ffff"  # sorts after every text that goes on from a prefix
LARGEST_NUMBER = 10**15


class FilterError(ValueError):
    """A value in the URL that a filter cannot use; the text is shown to the person."""


@dataclass(frozen=True)
class Chip:
    """One active filter: what it says, and the parameters to take out of the URL to remove it."""

    title: Text
    text: Text
    remove: tuple[tuple[str, str], ...]  # (name, value); value "" removes the name altogether
    url: str = ""


class Filter(Protocol):
    """A filter reads its own parameters, narrows the rows, and says in words what it did.

    One of a big table has `drive(value) -> Driver` besides: then that decides, together with the other filters at hand.
    """

    template: ClassVar[str]

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> Text: ...
    def parse(self, asked: QueryDict) -> Any: ...
    def narrow(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]: ...
    def chips(self, value: Any) -> Iterable[Chip]: ...
    def view(self, value: Any, others: QuerySet[Any] | None) -> dict[str, Any]: ...


def capped_count(rows: QuerySet[Any], field: str = "pk") -> str:
    """`1,234` or `10,000+`: reads at most COUNT_CAP + 1 entries, of an index where one holds all that is asked."""
    plain = rows.order_by()
    count = (plain if plain.query.distinct else plain.values(field))[: COUNT_CAP + 1].count()
    return f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"


def tally(rows: QuerySet[Any], field: str) -> dict[str, int]:
    """How many of the first COUNT_CAP + 1 rows found have which value, in one pass; not for distinct rows."""
    found = rows.order_by().values(field)[: COUNT_CAP + 1]
    annotated = rows.query.annotations.get(field)
    kind = annotated.output_field if annotated is not None else rows.model._meta.get_field(field)
    try:
        statement, values = found.query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:  # the ORM groups only what it may read whole
        cursor.execute(f"SELECT {connection.ops.quote_name(field)}, COUNT(*) FROM ({statement}) GROUP BY 1", values)  # noqa: S608
        return {str(kind.to_python(key)): count for key, count in cursor.fetchall()}


def facet_counts(rows: QuerySet[Any], field: str, keys: Iterable[str]) -> dict[str, str]:
    """Rows by value, each up to COUNT_CAP: in one pass while all are few, else value by value."""
    counts = {} if rows.query.distinct or "__" in field else tally(rows, field)
    if counts and sum(counts.values()) <= COUNT_CAP:
        return {key: f"{counts.get(key, 0):,}" for key in keys}
    return {key: capped_count(rows.filter(**{field: key}), field) for key in keys}


@dataclass(frozen=True)
class Choice:
    """A facet: pick any of a few values of a column. `counts` may come from a roll-up: a function of the rows
    that pass the other filters (None where the rows are no query).

    `words` are the values in their order; or `load` gives them when the page is made (rules, queues, people).
    """

    key: str
    title: Text
    field: str
    words: Mapping[str, Word] = dataclasses.field(default_factory=dict)
    load: Callable[[], Mapping[str, Word]] | None = None
    counts: Callable[[QuerySet[Any] | None], Mapping[str, str]] | bool = True
    template: ClassVar[str] = "console/parts/filter_choice.html"

    def options(self) -> Mapping[str, Word]:
        return self.load() if self.load else self.words

    def parse(self, asked: QueryDict) -> list[str]:
        values = list(dict.fromkeys(asked.getlist(self.key)))[:MOST_VALUES]
        known = self.options()
        for value in values:
            if value not in known:
                raise FilterError(_("%(value)s is not a choice") % {"value": value[:40]})
        return values

    def narrow(self, rows: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field}__in": value}) if len(value) > 1 else rows.filter(**{self.field: value[0]})

    def chips(self, value: list[str]) -> Iterable[Chip]:
        known = self.options()
        return [Chip(self.title, known[one].title, ((self.key, one),)) for one in value]

    def view(self, value: list[str] | None, others: QuerySet[Any] | None) -> dict[str, Any]:
        known = self.options()
        counts: Mapping[str, str] = {}
        if callable(self.counts):
            counts = self.counts(others)
        elif others is not None and self.counts:
            counts = facet_counts(others, self.field, known)
        picked = value or []
        return {
            "options": [(one, markup.icon(one.icon), counts.get(key, ""), key in picked) for key, one in known.items()]
        }


_SEARCH = gettext_lazy("Search")
PRESETS: dict[str, tuple[Text, timedelta]] = {
    "1h": (gettext_lazy("1 hour"), timedelta(hours=1)),
    "24h": (gettext_lazy("24 hours"), timedelta(hours=24)),
    "7d": (gettext_lazy("7 days"), timedelta(days=7)),
    "30d": (gettext_lazy("30 days"), timedelta(days=30)),
}


@dataclass(frozen=True)
class Span:
    """A stretch of time as asked for: a preset up to now, or whole days of the platform's zone."""

    start: datetime | None
    end: datetime | None
    preset: str = ""
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Times:
    """A time column: the last hour, day, week, month, or from one day to another. `milliseconds` for engine times."""

    key: str
    title: Text
    field: str
    milliseconds: bool = False
    template: ClassVar[str] = "console/parts/filter_times.html"

    def parse(self, asked: QueryDict) -> Span | None:
        preset, first, last = (asked.get(self.key + part, "") for part in ("", "_from", "_to"))
        if preset:
            if preset not in PRESETS:
                raise FilterError(_("%(value)s is not a stretch of time") % {"value": preset[:40]})
            return Span(timezone.now() - PRESETS[preset][1], None, preset)
        if not first and not last:
            return None
        start, end = (_midnight(first) if first else None), (_midnight(last, next_day=True) if last else None)
        if start and end and start >= end:
            raise FilterError(_("the first day is after the last"))
        return Span(start, end, "", first, last)

    def narrow(self, rows: QuerySet[Any], value: Span) -> QuerySet[Any]:
        for bound, word in ((value.start, "gte"), (value.end, "lt")):
            if bound is not None:
                limit = int(bound.timestamp() * 1000) if self.milliseconds else bound
                rows = rows.filter(**{f"{self.field}__{word}": limit})
        return rows

    def chips(self, value: Span) -> Iterable[Chip]:
        gone = tuple((self.key + part, "") for part in ("", "_from", "_to"))
        text = PRESETS[value.preset][0] if value.preset else f"{value.first or '…'} – {value.last or '…'}"
        return [Chip(self.title, text, gone)]

    def view(self, value: Span | None, others: QuerySet[Any] | None) -> dict[str, Any]:
        return {"presets": [(key, title, bool(value and value.preset == key)) for key, (title, _) in PRESETS.items()]}


def _midnight(text: str, next_day: bool = False) -> datetime:
    try:
        day = date.fromisoformat(text) + timedelta(days=1 if next_day else 0)
        return datetime.combine(day, time(), timezone.get_current_timezone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(_("%(value)s is not a day; write 2026-11-22") % {"value": text[:40]}) from None


@dataclass(frozen=True)
class Numbers:
    """A numeric column from … to …; with a `currency`, typed in its major units and stored in minor ones."""

    key: str
    title: Text
    field: str
    currency: str = ""
    template: ClassVar[str] = "console/parts/filter_numbers.html"

    def parse(self, asked: QueryDict) -> tuple[Any, Any, str, str] | None:
        least, most = asked.get(f"{self.key}_min", "").strip(), asked.get(f"{self.key}_max", "").strip()
        if not least and not most:
            return None
        low, high = (self._number(least) if least else None), (self._number(most) if most else None)
        if low is not None and high is not None and low > high:
            raise FilterError(_("the least is more than the most"))
        return low, high, least, most

    def _number(self, text: str) -> Any:
        plain = text.replace(",", "")
        try:
            if self.currency:
                return parse_major(plain, exponent(self.currency))
            number = Decimal(plain)
            if not number.is_finite() or abs(number) > LARGEST_NUMBER:
                raise InvalidOperation
            return int(number) if number == number.to_integral_value() else float(number)
        except (InvalidOperation, MoneyError):
            raise FilterError(_("%(value)s is not a number that can be used here") % {"value": text[:40]}) from None

    def narrow(self, rows: QuerySet[Any], value: tuple[Any, Any, str, str]) -> QuerySet[Any]:
        for bound, word in ((value[0], "gte"), (value[1], "lte")):
            if bound is not None:
                rows = rows.filter(**{f"{self.field}__{word}": bound})
        return rows

    def chips(self, value: tuple[Any, Any, str, str]) -> Iterable[Chip]:
        text = f"{value[2] or '…'} – {value[3] or '…'} {self.currency}".rstrip()
        return [Chip(self.title, text, ((f"{self.key}_min", ""), (f"{self.key}_max", "")))]

    def view(self, value: Any, others: QuerySet[Any] | None) -> dict[str, Any]:
        return {"unit": self.currency}


@dataclass(frozen=True)
class Search:
    """One box: one of `fields` starts with the text, or `find` gives a condition.

    `indexed` is for ids and keys in big tables: an index range, so case matters. Without it the rows are scanned.
    """

    fields: tuple[str, ...] = ()
    find: Callable[[str], Q] | None = None
    indexed: bool = False
    hint: Text = ""
    key: str = "q"
    title: Text = _SEARCH
    template: ClassVar[str] = ""

    def parse(self, asked: QueryDict) -> str:
        text = asked.get(self.key, "").strip()
        if len(text) > LONGEST_TEXT or "\x00" in text:
            raise FilterError(_("search for at most %(most)s characters") % {"most": LONGEST_TEXT})
        return text

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if self.find:
            return rows.filter(self.find(value))
        wanted = Q()
        for name in self.fields:
            if self.indexed:
                wanted |= Q(**{f"{name}__gte": value, f"{name}__lt": value + LAST})
            else:
                wanted |= Q(**{f"{name}__startswith": value})
        return rows.filter(wanted)

    def chips(self, value: str) -> Iterable[Chip]:
        return [Chip(self.title, value, ((self.key, ""),))]

    def view(self, value: Any, others: QuerySet[Any] | None) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Exact:
    """One value of a column, arrived at by a link (an entity, a rule); shown only as a chip, in `show`'s words."""

    key: str
    title: Text
    field: str
    show: Callable[[str], Text] | None = None
    template: ClassVar[str] = ""

    def parse(self, asked: QueryDict) -> str:
        return asked.get(self.key, "")[:LONGEST_TEXT].replace("\x00", "")

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(**{self.field: value})

    def chips(self, value: str) -> Iterable[Chip]:
        return [Chip(self.title, self.show(value) if self.show else value, ((self.key, ""),))]

    def view(self, value: Any, others: QuerySet[Any] | None) -> dict[str, Any]:
        return {}


class Bound:
    """The filters of a page with what one URL asks of them."""

    def __init__(self, filters: Sequence[Filter], asked: QueryDict) -> None:
        self.asked = asked
        self.problems: list[str] = []
        self.values: list[tuple[Filter, Any]] = []
        for one in filters:
            try:
                self.values.append((one, one.parse(asked)))
            except FilterError as error:
                self.problems.append(f"{one.title}: {error}")
                self.values.append((one, None))

    @property
    def active(self) -> bool:
        return any(value for _, value in self.values)

    def narrow(self, rows: QuerySet[Any], leave: Filter | None = None) -> QuerySet[Any]:
        """The rows that pass every filter, but the one left out (a facet counts against the others)."""
        drivers: list[Driver] = []
        for one, value in self.values:
            if value and one is not leave:
                drive = getattr(one, "drive", None)
                if drive is None:
                    rows = one.narrow(rows, value)
                else:
                    drivers.append(drive(value))
        return driven(rows, drivers)

    def chips(self) -> list[Chip]:
        return [
            Chip(chip.title, chip.text, chip.remove, self.without(chip.remove))
            for one, value in self.values
            if value
            for chip in one.chips(value)
        ]

    def without(self, gone: Iterable[tuple[str, str]]) -> str:
        """The page's query string without some parameters, back on its first page."""
        asked = self.asked.copy()
        for name, value in (*gone, ("place", "")):
            asked.setlist(name, [one for one in asked.getlist(name) if value and one != value])
        return f"?{asked.urlencode()}"

    def shown(self, rows: QuerySet[Any] | None) -> list[dict[str, Any]]:
        """What the facet column needs, counts against the other filters; rows None leaves counts out."""
        return [
            {"filter": one, "template": one.template, "value": value, "asked": self._own(one.key)}
            | one.view(value, None if rows is None else self.narrow(rows, leave=one))
            for one, value in self.values
            if one.template
        ]

    def _own(self, key: str) -> dict[str, str]:
        return {part: self.asked.get(f"{key}_{part}", "") for part in ("from", "to", "min", "max")}
