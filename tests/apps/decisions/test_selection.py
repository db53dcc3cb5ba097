"""Queries over many decisions seek in an index: none reads the whole table, none sorts all of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict

from seawall.apps.decisions import selection
from seawall.apps.decisions.models import DecisionRow, Entity
from seawall.console.filters import Bound, Search
from seawall.console.keyset import Order, QuerySource
from seawall.console.words import OUTCOMES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("followed")]


def plan(query: str, order: str = "-sequence") -> list[str]:
    """SQLite's plan for the first page of the explorer."""
    bound = Bound([
        Search(find=selection.anything), selection.OneOf("outcome", "", "outcome", OUTCOMES),
        selection.When("time", "", "effective_at", milliseconds=True),
        selection.Amounts("amount", "", "base_amount", "CNY"), selection.OfEntity("entity", "", ""),
        selection.Rules("rule", "", "", load=lambda: {"card_velocity": OUTCOMES["review"]}),
    ], QueryDict(query))  # fmt: skip
    assert bound.problems == []
    caught: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        caught.append((sql, params))
        return execute(sql, params, many, context)

    rows = bound.narrow(DecisionRow.objects.all())
    with connection.execute_wrapper(note):
        QuerySource(rows).page(Order.parse(order), "", 50)
    ((sql, params),) = caught
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return [row[3] for row in cursor.fetchall()]


@pytest.mark.parametrize(
    "query",
    ["outcome=decline", "outcome=decline&outcome=review", "amount_min=5000", "rule=card_velocity",
     "entity=customer:c2", "rule=card_velocity&outcome=review&amount_min=1", "q=e-3",
     "time_from=2026-11-09&time_to=2026-11-10&outcome=decline"],
)  # fmt: skip
def test_filters_seek(query: str) -> None:
    steps = plan(query)
    assert not [step for step in steps if step.startswith("SCAN decisions_decisionrow")], steps


@pytest.mark.parametrize("order", ["-sequence", "sequence", "-score", "-base_amount"])
def test_orders_follow_an_index(order: str) -> None:
    steps = plan("", order)
    assert not [step for step in steps if "TEMP B-TREE" in step], steps


def test_an_instant_is_a_sequence_number_by_an_index() -> None:
    rows = list(DecisionRow.objects.order_by("sequence"))
    assert selection.sequence_at(0) == rows[0].sequence
    assert selection.sequence_at(rows[3].effective_at) == rows[3].sequence
    assert selection.sequence_at(rows[3].effective_at + 1) == rows[4].sequence
    assert selection.sequence_at(rows[-1].effective_at + 1) == rows[-1].sequence + 1
    explained = DecisionRow.objects.filter(effective_at__gte=5).order_by("effective_at", "sequence")[:1].explain()
    assert "USING INDEX" in explained


def test_look_ups_of_entities_use_indexes() -> None:
    for rows in (Entity.objects.filter(kind="card", value="x"), Entity.objects.order_by("-last_sequence", "-pk")[:50],
                 Entity.objects.filter(kind="card").order_by("-last_sequence", "-pk")[:50]):  # fmt: skip
        explained = rows.explain()
        assert "INDEX" in explained
        assert "TEMP B-TREE" not in explained
