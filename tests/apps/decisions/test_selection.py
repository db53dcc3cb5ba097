"""Queries over many decisions seek in an index: none reads the whole table, none sorts all of it."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from seawall.apps.decisions import selection
from seawall.apps.decisions.models import DecisionRow, Entity
from seawall.console.filters import Bound, Search
from seawall.console.formatting import instant
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


# --- several filters together -----------------------------------------------------------------------------------------

PARTS = {
    "outcome": [("outcome=decline", lambda row: row.outcome == "decline"),
                ("outcome=approve&outcome=decline", lambda row: row.outcome in ("approve", "decline"))],
    "type": [("type=payment.card", lambda row: row.event_type == "payment.card")],
    "amount": [("amount_min=100.05", lambda row: row.base_amount >= 10_005)],
    "rule": [("rule=card_velocity", lambda row: "card_velocity" in row.rules)],
    "entity": [("entity=customer:c2", lambda row: (row.subject_kind, row.subject) == ("customer", "c2"))],
}  # fmt: skip


def found(query: str, order: str, by_time: bool) -> list[int]:
    """Numbers of the rows that the explorer's filters leave, in an order."""
    types = {"payment.card": OUTCOMES["review"]}
    bound = Bound([
        selection.OneOf("outcome", "", "outcome", OUTCOMES, by_time=by_time),
        selection.OneOf("type", "", "event_type", types, by_time=by_time),
        selection.Amounts("amount", "", "base_amount", "CNY"), selection.OfEntity("entity", "", ""),
        selection.Rules("rule", "", "", load=lambda: {"card_velocity": OUTCOMES["review"]}),
        selection.Between("between", "", ""), selection.HourOfWeek("week_hour", "", ""),
    ], QueryDict(query))  # fmt: skip
    assert bound.problems == []
    return [row.sequence for row in bound.narrow(DecisionRow.objects.all()).order_by(order)]


@pytest.mark.parametrize("few", [0, 3, 100_000])
@pytest.mark.parametrize("order", ["-sequence", "-base_amount"])
def test_filters_leave_the_same_rows_whichever_drives(few: int, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.console.driving.FEW", few)
    rows = list(DecisionRow.objects.order_by(order))
    for chosen in product(*([None, *each] for each in PARTS.values())):
        parts = [one for one in chosen if one]
        wanted = [row.sequence for row in rows if all(test(row) for _query, test in parts)]
        got = found("&".join(query for query, _test in parts), order, order == "-sequence")
        assert sorted(got) == sorted(wanted), parts
    assert found("outcome=decline", "-sequence", True)


def test_a_charts_hour_leads_to_its_decisions() -> None:
    rows = list(DecisionRow.objects.order_by("sequence"))
    at = rows[0].effective_at
    assert found(f"between={at}-{at + 1}", "sequence", True) == [row.sequence for row in rows if row.effective_at == at]
    bound = Bound([selection.Between("between", "Time", "")], QueryDict("between=1795000000000-1795003600000"))
    assert bound.chips()[0].text == "2026-11-18 19:06 – 2026-11-18 20:06"


def test_an_hour_of_the_week_is_that_of_the_last_four_weeks() -> None:
    now = int(timezone.now().timestamp() * 1000)
    hours = selection.hours_of_week(now)
    assert sorted(len(starts) for starts in hours.values()) == [4] * 167 + [5]
    assert {timezone.localtime(instant(at)).hour for at in hours[3, 14]} == {14}
    place = timezone.localtime(instant(now - 7 * 24 * selection.HOUR))
    first = DecisionRow.objects.order_by("sequence").first()
    assert first is not None
    DecisionRow.objects.filter(pk=first.pk).update(effective_at=now - 7 * 24 * selection.HOUR)
    DecisionRow.objects.exclude(pk=first.pk).update(effective_at=now + 24 * selection.HOUR)
    asked = f"week_hour={place.weekday()}-{place.hour}"
    assert found(asked, "sequence", True) == [first.sequence]
    assert found(f"week_hour={(place.weekday() + 1) % 7}-{place.hour}", "sequence", True) == []
    bound = Bound([selection.HourOfWeek("week_hour", "Hour", "")], QueryDict("week_hour=6-9"))
    assert bound.chips()[0].text in ("Sun 09:00", "周日 09:00")


@pytest.mark.parametrize("query", ["between=5-4", "between=x", "between=1", "week_hour=7-1", "week_hour=1-24",
                                   "between=1-99999999999999999999"])  # fmt: skip
def test_what_no_chart_says_is_not_obeyed(query: str) -> None:
    bound = Bound([selection.Between("between", "", ""), selection.HourOfWeek("week_hour", "", "")], QueryDict(query))
    assert len(bound.problems) == 1
    assert bound.chips() == []
    assert bound.narrow(DecisionRow.objects.all()).count() == DecisionRow.objects.count()


def test_rules_are_counted_over_the_rows_found(monkeypatch: pytest.MonkeyPatch) -> None:
    some = DecisionRow.objects.filter(event_type="payment.card")
    wanted = Counter(rule for row in some for rule in row.rules)
    assert wanted
    assert selection.rule_counts(some) == {rule: f"{count:,}" for rule, count in wanted.items()}
    assert selection.rule_counts(some.none()) == {}
    monkeypatch.setattr(selection, "COUNT_CAP", some.count() - 1)
    assert selection.rule_counts(some) == {rule: f"{count:,}+" for rule, count in wanted.items()}
