"""Narrowing a million decisions: who may see which, and filters that stay fast alone and together.

The index on one column cannot serve the order by another. So a filter first counts its own matches, up to a bound, in
its own index: few of them become a list of sequence numbers, which any other filter and the order can use; many are
tested row by row on the way through the order, where a page fills soon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import scopes
from seawall.apps.accounts.scope import Facts, Scope, describes
from seawall.apps.decisions.models import DecisionRow, Entity, EntityLink, RuleHit, Total
from seawall.apps.decisions.registry import within
from seawall.console.filters import COUNT_CAP, LONGEST_TEXT, Chip, Choice, Exact, FilterError, Numbers, Span, Times
from seawall.console.formatting import short_id
from seawall.console.words import ENTITIES, Text, word

FEW = 100_000  # sequence numbers that are cheap to list
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


def driven(numbers: QuerySet[Any], otherwise: Q | Exists) -> Q | Exists:
    """To be among `numbers` (sequence numbers by an index); where those are many, to pass `otherwise`."""
    few = numbers[: FEW + 1].count() <= FEW
    return Q(sequence__in=numbers) if few else otherwise


Known: TypeAlias = dict[str, Q | Exists]  # a filter's condition, found once a request for the list and all facets


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
class OneOf(Choice):
    """Any of a few values of a column."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def narrow(self, rows: Rows, value: list[str]) -> Rows:
        """Rows with one of the values."""
        if "rows" not in self.known:
            condition = {f"{self.field}__in": value} if len(value) > 1 else {self.field: value[0]}
            numbers = DecisionRow.objects.filter(**condition).values("sequence")
            self.known["rows"] = driven(numbers, Q(**condition))
        return rows.filter(self.known["rows"])


@dataclass(frozen=True)
class Rules(Choice):
    """Rules that fired, any of them."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def narrow(self, rows: Rows, value: list[str]) -> Rows:
        """Rows in which one of the rules fired."""
        if "rows" not in self.known:
            hits = RuleHit.objects.filter(rule__in=value)
            self.known["rows"] = driven(hits.values("sequence"), Exists(hits.filter(sequence=OuterRef("sequence"))))
        return rows.filter(self.known["rows"])


@dataclass(frozen=True)
class Amounts(Numbers):
    """An amount range in the base currency; what has no amount is not within."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def narrow(self, rows: Rows, value: tuple[Any, Any, str, str]) -> Rows:
        """Rows whose amount lies within, both ends included."""
        if "rows" not in self.known:
            condition = Q() if value[0] is not None and value[0] > 0 else ~Q(currency="")
            for bound, name in ((value[0], "base_amount__gte"), (value[1], "base_amount__lte")):
                if bound is not None:
                    condition &= Q(**{name: bound})
            self.known["rows"] = driven(DecisionRow.objects.filter(condition).values("sequence"), condition)
        return rows.filter(self.known["rows"])


@dataclass(frozen=True)
class OfEntity(Exact):
    """Decisions of one entity, written `kind:value`."""

    known: Known = field(default_factory=dict, repr=False, compare=False)

    def parse(self, asked: QueryDict) -> str:
        """The text, where it has a kind."""
        text = asked.get(self.key, "")
        if text and (":" not in text or len(text) > 2 * LONGEST_TEXT or "\x00" in text):
            raise FilterError(_("%(value)s is not an entity; write kind:value") % {"value": text[:40]})
        return text

    def narrow(self, rows: Rows, value: str) -> Rows:
        """Rows in which the entity takes part."""
        if "rows" not in self.known:
            kind, _colon, own = value.partition(":")
            entity = Entity.objects.filter(kind=kind, value=own).values_list("pk", flat=True).first()
            links = EntityLink.objects.filter(entity=entity or 0)
            self.known["rows"] = driven(links.values("sequence"), Exists(links.filter(sequence=OuterRef("sequence"))))
        return rows.filter(self.known["rows"])

    def chips(self, value: str) -> Iterable[Chip]:
        """The kind in words, the value shortened."""
        kind, _colon, own = value.partition(":")
        return [Chip(kind_title(kind), short_id(own), ((self.key, ""),))]


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
    some = others.order_by().values("sequence")[: COUNT_CAP + 1]
    hits = RuleHit.objects.filter(sequence__in=some).values_list("rule").annotate(n=Count("sequence"))
    return _at_least(dict(hits), some.count() > COUNT_CAP)


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
    some = others.order_by().values("sequence")[: COUNT_CAP + 1]
    counts = dict(DecisionRow.objects.filter(sequence__in=some).values_list(column).annotate(n=Count("sequence")))
    return _at_least(counts, sum(counts.values()) > COUNT_CAP)


def _at_least(counts: Mapping[str, int], cut: bool) -> Mapping[str, str]:
    return {key: f"{count:,}" + ("+" if cut else "") for key, count in counts.items()}
