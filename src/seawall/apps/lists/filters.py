"""Facets of a list with a million entries: the one with the fewest matches gives the rows, the others test them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import QueryDict

from seawall.apps.lists import queries
from seawall.apps.lists.states import ACTIVE
from seawall.console.driving import FEW, Driver, driven
from seawall.console.filters import Chip, Choice, FilterError
from seawall.console.words import Text

_NAMED = 500


@dataclass(frozen=True)
class OneOf(Choice):
    """Any of a few values of a column that has an index with the list's name before it; `ordered`: and the primary key
    behind it."""

    list: str = ""
    ordered: bool = True

    def drive(self, value: Any) -> Driver:
        """By that index, which gives one value's rows in their order."""
        condition = Q(**{f"{self.field}__in": value})
        rows = queries.entries(self.list).filter(condition).order_by()
        keys = list(rows.values_list("pk", flat=True)[: _NAMED + 1])
        if len(keys) <= _NAMED:  # said one by one, so that no other index seems better
            return Driver(len(keys), Q(pk__in=keys), condition)
        ordered = self.ordered and len(value) == 1
        return Driver(rows.values("pk")[: FEW + 1].count(), Q(pk__in=rows.values("pk")), condition, ordered)

    def narrow(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Alone as together."""
        return driven(rows, [self.drive(value)])


@dataclass(frozen=True)
class Mark:
    """A yes-or-no condition, shown as a chip and reached by a saved view."""

    key: str
    title: Text
    condition: Any  # a function that gives the Q now
    template: ClassVar[str] = ""

    def parse(self, asked: QueryDict) -> bool:
        """`1`, or nothing."""
        value = asked.get(self.key, "")
        if value not in ("", "1"):
            raise FilterError(value[:40])
        return value == "1"

    def narrow(self, rows: QuerySet[Any], value: bool) -> QuerySet[Any]:
        """Rows that fulfil it."""
        return rows.filter(self.condition())

    def chips(self, value: bool) -> Iterable[Chip]:
        """Its title alone."""
        return [Chip(self.title, "", ((self.key, ""),))]

    def view(self, value: Any, others: Any) -> dict[str, Any]:
        """Nothing in the facets."""
        return {}


def stale() -> Q:
    """Active, and not met for long."""
    before = queries.stale_before()
    return Q(state=ACTIVE, quiet_since__lt=before, valid_from__lt=before)


def ends_soon() -> Q:
    """Active, and its end is near."""
    now = queries.now_ms()
    return Q(state=ACTIVE, valid_until__gt=now, valid_until__lte=now + 7 * queries.DAY)
