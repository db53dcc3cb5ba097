"""Several filters on one big table: which of them gives the rows, and which test what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Q, QuerySet

FEW = 100_000  # matches that are cheap to list


@dataclass(frozen=True)
class Driver:
    """How a filter of a big table can narrow it.

    `count`: how many rows match, an estimate that may stop beyond FEW. `listed`: the rows are among the keys that the
    filter's own index gives. `tested`: each row that comes along is looked at. `ordered`: that index gives the matches
    in the order of the list, so nothing needs to be listed.
    """

    count: int
    listed: Q
    tested: Q | Exists
    ordered: bool = False


def driven(rows: QuerySet[Any], drivers: Sequence[Driver]) -> QuerySet[Any]:
    """Rows that pass all: the filter with the fewest matches gives them, the others test what it gives.

    No index serves two conditions, nor a condition and another order; left alone, the database takes one at a guess.
    """
    if not drivers:
        return rows
    first = min(drivers, key=lambda one: one.count)
    rivals = sum(one.ordered for one in drivers) > 1
    for one in drivers:
        if one is not first:
            rows = rows.filter(one.tested)
    by_order = first.ordered and not rivals
    return rows.filter(first.tested if by_order or first.count > FEW else first.listed)
