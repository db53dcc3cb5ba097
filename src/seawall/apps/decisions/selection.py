"""Narrowing a million decisions: who may see which, and filters that stay fast alone and together.

The index on one column cannot serve the order by another. So each filter says how many matches it has (by the roll-ups
where they know): the one with the fewest becomes a list of sequence numbers, which any other filter and the order can
use; many are tested row by row on the way through the order, where a page fills soon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import scopes
from seawall.apps.accounts.scope import Facts, Scope, describes
from seawall.apps.decisions.models import DecisionRow, Entity, EntityLink, RuleHit, Total
from seawall.apps.decisions.registry import within
from seawall.console.driving import FEW, Driver, driven
from seawall.console.filters import (
    COUNT_CAP,
    LONGEST_TEXT,
    Chip,
    Choice,
    Exact,
    FilterError,
    Numbers,
    Span,
    Times,
    tally,
)
from seawall.console.formatting import instant, short_id
from seawall.console.words import ENTITIES, Text, word

HOUR = 3_600_000
PATTERN_DAYS = 28  # that the pattern of a week is seen over
LATEST = 1 << 53
WEEKDAYS = (
    gettext_lazy("Mon"), gettext_lazy("Tue"), gettext_lazy("Wed"), gettext_lazy("Thu"), gettext_lazy("Fri"),
    gettext_lazy("Sat"), gettext_lazy("Sun"),
)  # fmt: skip
# The rows are found once, for their number and for their rules; the ORM would find them twice.
_RULES_OF = """
WITH found AS MATERIALIZED ({some}) SELECT '', COUNT(*) FROM found
UNION ALL SELECT rule, COUNT(*) FROM {hits} WHERE sequence IN (SELECT sequence FROM found) GROUP BY rule
"""
TOTALLED = frozenset({"outcome", "event_type"})  # columns with counts of all time
Rows: TypeAlias = QuerySet[DecisionRow]


@describes(DecisionRow)
def _facts(row: DecisionRow) -> Facts:
    return Facts(at=datetime.fromtimestamp(row.effective_at / 1000, UTC))


def visible(user: User, permission: str = "decisions.view") -> Rows:
    """The decisions within the reach of a permission; none where it is not held."""
    reach = [_within(scope) for scope in scopes(user, permission)]
    if not reach:
        return DecisionRow.objects.none()
    if any(one is None for one in reach):
        return DecisionRow.objects.all()
    whole = Q(pk__in=[])
    for one in reach:
        whole |= one or Q()
    return DecisionRow.objects.filter(whole)


def _within(scope: Scope) -> Q | None:
    """A scope as a condition; None: everything. Cases and queues reach the decisions that their room says."""
    if scope.everything:
        return None
    condition = Q()
    if scope.start:
        condition &= Q(sequence__gte=sequence_at(_midnight(scope.start)))
    if scope.end:
        condition &= Q(sequence__lt=sequence_at(_midnight(scope.end + timedelta(days=1))))
    if scope.queues is not None or scope.cases is not None:
        held = Q(pk__in=[])
        for numbers in within(scope):
            held |= Q(sequence__in=numbers)
        condition &= held
    return condition


def _midnight(day: Any) -> int:
    return int(datetime.combine(day, time(), timezone.get_current_timezone()).timestamp() * 1000)


def sequence_at(instant: int) -> int:
    """The first decision at or after an instant (ms); one past the newest where none is."""
    after = DecisionRow.objects.filter(effective_at__gte=instant).order_by("effective_at", "sequence")
    found = after.values_list("sequence", flat=True).first()
    if found is None:
        newest = DecisionRow.objects.order_by("-sequence").values_list("sequence", flat=True).first()
        found = (newest or 0) + 1
    return int(found)


def _matches(count: int, numbers: QuerySet[Any], tested: Q | Exists, ordered: bool = False) -> Driver:
    return Driver(count, Q(sequence__in=numbers), tested, ordered)


Known: TypeAlias = dict[str, Driver]  # how a filter drives, found once a request for the list and all facets


# --- filters ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class When(Times):
    """A stretch of effective time, as the stretch of sequence numbers that it is."""

    def narrow(self, rows: Rows, value: Span) -> Rows:
        """Rows from the first instant up to the last."""
        for bound, name in ((value.start, "sequence__gte"), (value.end, "sequence__lt")):
            if bound is not None:
                rows = rows.filter(**{name: sequence_at(int(bound.timestamp() * 1000))})
        return rows


@dataclass(frozen=True)
class Driving:
    """What filters share that have `drive`: alone they narrow as they would together."""

    def drive(self, value: Any) -> Driver:
        """How the filter narrows."""
        raise NotImplementedError

    def narrow(self, rows: Rows, value: Any) -> Rows:
        """Rows that pass this filter."""
        return driven(rows, [self.drive(value)])


@dataclass(frozen=True)
class OneOf(Driving, Choice):
    """Any of a few values of a column. `by_time`: the list is in the order of sequence numbers."""

    by_time: bool = True
    known: Known = field(default_factory=dict, repr=False, compare=False)

    def drive(self, value: list[str]) -> Driver:
        """By the index on the column, which gives one value's rows in the order of sequence numbers."""
        if "" not in self.known:
            condition = Q(**{f"{self.field}__in": value} if len(value) > 1 else {self.field: value[0]})
            numbers = DecisionRow.objects.filter(condition).values("sequence")
            counts = totals(self.field) if self.field in TOTALLED else {}
            count = sum(counts.get(one, 0) for one in value) if counts else numbers[: FEW + 1].count()
            self.known[""] = _matches(count, numbers, condition, ordered=self.by_time and len(value) == 1)
        return self.known[""]


@dataclass(frozen=True)
class Rules(Driving, Choice):
    """Rules that fired, any of them."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def drive(self, value: list[str]) -> Driver:
        """By the rules' own table."""
        if "" not in self.known:
            hits, counts = RuleHit.objects.filter(rule__in=value), rule_totals()
            of_row = Exists(hits.filter(sequence=OuterRef("sequence")))
            self.known[""] = _matches(sum(counts.get(one, 0) for one in value), hits.values("sequence"), of_row)
        return self.known[""]


@dataclass(frozen=True)
class Amounts(Driving, Numbers):
    """An amount range in the base currency; what has no amount is not within."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def drive(self, value: tuple[Any, Any, str, str]) -> Driver:
        """By the index on amounts, both ends included."""
        if "" not in self.known:
            with_amount = Q() if value[0] is not None and value[0] > 0 else ~Q(currency="")
            sought, tested = with_amount, with_amount
            for bound, name, compare in (
                (value[0], "base_amount__gte", GreaterThanOrEqual), (value[1], "base_amount__lte", LessThanOrEqual),
            ):  # fmt: skip
                if bound is not None:
                    sought &= Q(**{name: bound})
                    tested &= Q(compare(F("base_amount") + 0, bound))  # a sum has no index to be led astray by
            numbers = DecisionRow.objects.filter(sought).values("sequence")
            self.known[""] = _matches(numbers[: FEW + 1].count(), numbers, tested)
        return self.known[""]


@dataclass(frozen=True)
class OfEntity(Driving, Exact):
    """Decisions of one entity, written `kind:value`."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def parse(self, asked: QueryDict) -> str:
        """The text, where it has a kind."""
        text = asked.get(self.key, "")
        if text and (":" not in text or len(text) > 2 * LONGEST_TEXT or "\x00" in text):
            raise FilterError(_("%(value)s is not an entity; write kind:value") % {"value": text[:40]})
        return text

    def drive(self, value: str) -> Driver:
        """By the entity's links."""
        if "" not in self.known:
            kind, _colon, own = value.partition(":")
            entity = Entity.objects.filter(kind=kind, value=own).first()
            links = EntityLink.objects.filter(entity=entity.pk if entity else 0)
            of_row = Exists(links.filter(sequence=OuterRef("sequence")))
            self.known[""] = _matches(entity.decisions if entity else 0, links.values("sequence"), of_row)
        return self.known[""]

    def chips(self, value: str) -> Iterable[Chip]:
        """The kind in words, the value shortened."""
        kind, _colon, own = value.partition(":")
        return [Chip(kind_title(kind), short_id(own), ((self.key, ""),))]


@dataclass(frozen=True)
class Between(Exact):
    """A stretch of effective time that a chart's mark stands for: `from-to` in milliseconds, `to` outside."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def parse(self, asked: QueryDict) -> str:
        """The text, where it is two instants in their order."""
        text = asked.get(self.key, "")
        if text:
            self._spans(text)  # says what is wrong
        return text

    def _spans(self, text: str) -> list[tuple[int, int]]:
        first, _dash, last = text.partition("-")
        if not (first.isdecimal() and last.isdecimal() and int(first) < int(last) < LATEST):
            raise FilterError(_("%(value)s is no stretch of time; come here from a chart") % {"value": text[:40]})
        return [(int(first), int(last))]

    def narrow(self, rows: Rows, value: str) -> Rows:
        """Rows within, as stretches of sequence numbers."""
        return driven(rows, [self.drive(value)])

    def drive(self, value: str) -> Driver:
        """By the sequence numbers themselves."""
        if "" not in self.known:
            stretches = [(sequence_at(start), sequence_at(end)) for start, end in self._spans(value)]
            within = Q(pk__in=[])
            for low, high in stretches:
                within |= Q(sequence__gte=low, sequence__lt=high)
            numbers = DecisionRow.objects.filter(within).values("sequence")
            self.known[""] = _matches(sum(high - low for low, high in stretches), numbers, within)
        return self.known[""]

    def chips(self, value: str) -> Iterable[Chip]:
        """Both ends by the platform's clock."""
        start, end = (timezone.localtime(instant(at)) for at in self._spans(value)[0])
        return [Chip(self.title, f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M}", ((self.key, ""),))]


@dataclass(frozen=True)
class HourOfWeek(Between):
    """One hour of one weekday over the last PATTERN_DAYS days, written `3-14`: Thursdays from 14 to 15 o'clock."""

    def _spans(self, text: str) -> list[tuple[int, int]]:
        day, _dash, hour = text.partition("-")
        if not (day.isdecimal() and hour.isdecimal() and int(day) < 7 and int(hour) < 24):
            raise FilterError(_("%(value)s is no hour of the week; come here from a chart") % {"value": text[:40]})
        now = int(timezone.now().timestamp() * 1000)
        return [(at, at + HOUR) for at in hours_of_week(now).get((int(day), int(hour)), [])]

    def chips(self, value: str) -> Iterable[Chip]:
        """The weekday and the hour."""
        day, _dash, hour = value.partition("-")
        return [Chip(self.title, f"{WEEKDAYS[int(day)]} {int(hour):02d}:00", ((self.key, ""),))]


def hours_of_week(now: int) -> dict[tuple[int, int], list[int]]:
    """(weekday from Monday, hour) of the platform's clock -> the starts (ms) of those hours in the last PATTERN_DAYS
    days, the one that runs included."""
    found: dict[tuple[int, int], list[int]] = {}
    for at in range(now - now % HOUR - PATTERN_DAYS * 24 * HOUR, now + 1, HOUR):
        local = timezone.localtime(instant(at))
        found.setdefault((local.weekday(), local.hour), []).append(at)
    return found


def kind_title(kind: str) -> Text:
    """What a kind of entity is called; a pack's own kinds by their field's name."""
    return word(ENTITIES, kind).title


def anything(text: str) -> Q:
    """What the search box finds: a decision by its id, decisions of an event, decisions of an entity."""
    try:
        return Q(decision_id=UUID(text))
    except ValueError:
        links = EntityLink.objects.filter(entity__in=Entity.objects.filter(value=text).values("pk"))
        return Q(event_id=text) | Q(sequence__in=links.values("sequence"))


# --- counts beside the facets -----------------------------------------------------------------------------------------


def outcome_counts(others: Rows | None) -> Mapping[str, str]:
    """How many decisions by outcome."""
    return _counts(others, "outcome")


def type_counts(others: Rows | None) -> Mapping[str, str]:
    """How many decisions by event type."""
    return _counts(others, "event_type")


def rule_counts(others: Rows | None) -> Mapping[str, str]:
    """How many decisions by rule."""
    if others is None:
        return {}
    if not others.query.where:
        return {rule: f"{count:,}" for rule, count in rule_totals().items()}
    try:
        some, values = others.order_by().values("sequence")[: COUNT_CAP + 1].query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_RULES_OF.format(some=some, hits=connection.ops.quote_name(RuleHit._meta.db_table)), values)
        counts = dict(cursor.fetchall())
    return _at_least(counts, counts.pop("") > COUNT_CAP)


def rule_totals() -> dict[str, int]:
    """Every rule that has ever fired, and how often."""
    return totals("rule")


def totals(facet: str) -> dict[str, int]:
    """Decisions of all time by `outcome`, `event_type` or `rule`, the most frequent first."""
    return dict(Total.objects.filter(facet=facet).order_by("-decisions", "name").values_list("name", "decisions"))


def _counts(others: Rows | None, column: str) -> Mapping[str, str]:
    """From the roll-ups where nothing is narrowed; else among the first COUNT_CAP + 1 rows found, so at least."""
    if others is None:
        return {}
    if not others.query.where:
        return {key: f"{count:,}" for key, count in totals(column).items()}
    counts = tally(others, column)
    return _at_least(counts, sum(counts.values()) > COUNT_CAP)


def _at_least(counts: Mapping[str, int], cut: bool) -> Mapping[str, str]:
    return {key: f"{count:,}" + ("+" if cut else "") for key, count in counts.items()}
