"""Filters: the URL is the state; bad input is said and changes nothing."""

# ruff: noqa: E501
from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, models
from django.db.models import Q
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from seawall.console import filters
from seawall.console.driving import FEW, Driver
from seawall.console.filters import Bound, Choice, Exact, Numbers, Search, Times
from seawall.console.words import OUTCOMES


class Event(models.Model):
    outcome = models.CharField(max_length=20)
    minor = models.BigIntegerField()
    ms = models.BigIntegerField()
    at = models.DateTimeField()
    customer = models.CharField(max_length=20)

    class Meta:
        app_label = "console"
        managed = False
        db_table = "kit_event"


@pytest.fixture
def events(db: None) -> Iterator[None]:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE kit_event (id integer PRIMARY KEY, outcome text, minor integer, ms integer, at datetime, customer text)"
        )
    for hours, outcome, minor, customer in (
        (0.5, "approve", 100_00, "c1"), (5, "review", 5_000_00, "c10"), (50, "decline", 90_000_00, "c2"), (500, "review", 1, "d1"),
    ):  # fmt: skip
        at = now - timedelta(hours=hours)
        Event.objects.create(outcome=outcome, minor=minor, customer=customer, at=at, ms=int(at.timestamp() * 1000))
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kit_event")


FILTERS = (
    Search(fields=("customer",)),
    Choice("outcome", "Outcome", "outcome", OUTCOMES),
    Times("at", "Time", "at"),
    Times("ms", "Milliseconds", "ms", milliseconds=True),
    Numbers("amount", "Amount", "minor", currency="CNY"),
    Numbers("raw", "Raw", "minor"),
    Exact("customer", "Customer", "customer"),
)


def found(query: str) -> list[str]:
    bound = Bound(FILTERS, QueryDict(query))
    assert bound.problems == []
    return sorted(bound.narrow(Event.objects.all()).values_list("customer", flat=True))


@pytest.mark.parametrize(
    ("query", "customers"),
    [
        ("", ["c1", "c10", "c2", "d1"]),
        ("q=c1", ["c1", "c10"]),
        ("outcome=review", ["c10", "d1"]),
        ("outcome=review&outcome=decline", ["c10", "c2", "d1"]),
        ("at=1h", ["c1"]),
        ("ms=24h", ["c1", "c10"]),
        ("at=7d&outcome=review", ["c10"]),
        ("amount_min=5,000", ["c10", "c2"]),
        ("amount_min=0.02&amount_max=5000", ["c1", "c10"]),
        ("raw_max=1", ["d1"]),
        ("customer=c1", ["c1"]),
    ],
)
def test_filters_narrow(events: None, query: str, customers: list[str]) -> None:
    assert found(query) == customers


def test_days_are_whole_and_of_the_platforms_zone() -> None:
    span = Times("at", "Time", "at").parse(QueryDict("at_from=2026-11-22&at_to=2026-11-22"))
    assert span is not None
    assert span.start is not None
    assert span.end is not None
    with timezone.override("Asia/Shanghai"):
        span = Times("at", "Time", "at").parse(QueryDict("at_from=2026-11-22&at_to=2026-11-22"))
        assert span is not None
        assert [str(one) for one in (span.start, span.end)] == [
            "2026-11-21 16:00:00+00:00",
            "2026-11-22 16:00:00+00:00",
        ]


@pytest.mark.parametrize(
    "query",
    [
        "outcome=nonsense", "at=3w", "at_from=yesterday", "at_from=2026-11-22&at_to=2026-11-20", "at_to=9999-12-31",
        "amount_min=ten", "amount_min=0.001", "amount_min=9&amount_max=1", "raw_min=nan", "raw_min=1e999", "q=" + "x" * 300, "q=%00",
    ],
)  # fmt: skip
def test_bad_input_is_said_and_not_obeyed(events: None, query: str) -> None:
    bound = Bound(FILTERS, QueryDict(query))
    (problem,) = bound.problems
    assert ": " in problem
    assert bound.narrow(Event.objects.all()).count() == 4


@given(
    st.dictionaries(
        st.sampled_from(["q", "outcome", "at", "at_from", "at_to", "amount_min", "raw_max", "customer"]),
        st.text(max_size=40),
    )
)
def test_no_input_breaks_a_page(asked: dict[str, str]) -> None:
    query = QueryDict(mutable=True)
    query.update(asked)
    bound = Bound(FILTERS, query)
    str(bound.narrow(Event.objects.all()).query)
    bound.chips()


def test_a_chip_takes_only_itself_away() -> None:
    bound = Bound(
        FILTERS, QueryDict("outcome=review&outcome=decline&at=7d&sort=-score&at_from=&amount_min=5&amount_max=9")
    )
    urls = {str(chip.text): QueryDict(chip.url[1:]) for chip in bound.chips()}
    review, week, amount = urls[str(OUTCOMES["review"].title)], urls["7 days"], urls["5 – 9 CNY"]
    assert review.getlist("outcome") == ["decline"]
    assert (week.get("at"), week["sort"]) == (None, "-score")
    assert (amount.get("amount_min"), amount.get("amount_max"), amount["at"]) == (None, None, "7d")


def test_facet_counts_are_against_the_other_filters_and_capped(events: None, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = Bound(FILTERS, QueryDict("outcome=review&at=7d"))
    options = {word.key: count for word, _, count, _ in bound.shown(Event.objects.all())[0]["options"]}
    assert options == {"approve": "1", "challenge": "0", "review": "1", "decline": "1"}
    monkeypatch.setattr(filters, "COUNT_CAP", 2)
    assert filters.capped_count(Event.objects.all()) == "2+"
    assert filters.capped_count(Event.objects.filter(outcome="review")) == "2"


def test_counts_may_come_from_a_roll_up() -> None:
    facet = Choice("outcome", "Outcome", "outcome", OUTCOMES, counts=lambda rows: {"review": "10,000+"})
    (shown,) = Bound([facet], QueryDict("")).shown(None)
    assert [count for _, _, count, _ in shown["options"]] == ["", "", "10,000+", ""]


def test_an_indexed_search_seeks(events: None) -> None:
    bound = Bound([Search(fields=("customer",), indexed=True)], QueryDict("q=c1"))
    rows = bound.narrow(Event.objects.all())
    assert sorted(rows.values_list("customer", flat=True)) == ["c1", "c10"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX temp.kit_event_customer ON kit_event (customer)")
    assert "SEARCH kit_event USING INDEX kit_event_customer" in rows.explain()


def test_search_may_be_a_condition(events: None) -> None:
    bound = Bound([Search(find=lambda text: Q(outcome=text))], QueryDict("q=decline"))
    assert bound.narrow(Event.objects.all()).get().customer == "c2"


def test_a_facet_is_counted_in_one_pass_while_rows_are_few(events: None, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, keys = Event.objects.all(), list(OUTCOMES)
    with CaptureQueriesContext(connection) as caught:
        few = filters.facet_counts(rows, "outcome", keys)
    assert len(caught) == 1
    monkeypatch.setattr(filters, "COUNT_CAP", 1)
    many = filters.facet_counts(rows, "outcome", keys)
    assert few == {key: str(rows.filter(outcome=key).count()) for key in keys}
    assert many == {key: count if int(count) < 2 else "1+" for key, count in few.items()}
    assert filters.facet_counts(rows.none(), "outcome", keys) == dict.fromkeys(keys, "0")


@dataclasses.dataclass(frozen=True)
class Driving(Choice):
    matches: int = 0
    ordered: bool = False

    def drive(self, value: list[str]) -> Driver:
        numbers = Event.objects.filter(**{f"{self.field}__in": value}).values("pk")
        return Driver(self.matches, Q(pk__in=numbers), Q(**{f"{self.field}__in": value}), self.ordered)


@pytest.mark.parametrize(("first", "second", "listed"), [
    (5, 9, "outcome"), (9, 5, "customer"), (FEW + 1, FEW + 2, ""),
])  # fmt: skip
def test_of_several_filters_the_one_with_the_fewest_matches_drives(
    events: None, first: int, second: int, listed: str
) -> None:
    both = [Driving("outcome", "", "outcome", OUTCOMES, matches=first),
            Driving("customer", "", "customer", {"c10": OUTCOMES["review"]}, matches=second)]  # fmt: skip
    rows = Bound(both, QueryDict("outcome=review&customer=c10")).narrow(Event.objects.all())
    assert [row.customer for row in rows] == ["c10"]
    inner = str(rows.query).partition("IN (SELECT")[2].partition("WHERE")[2]
    assert (listed in inner) if listed else not inner


def test_an_index_in_the_lists_order_needs_no_list(events: None) -> None:
    alone = Driving("outcome", "", "outcome", OUTCOMES, matches=5, ordered=True)
    rival = Driving("customer", "", "customer", {"c10": OUTCOMES["review"]}, matches=9, ordered=True)
    assert "SELECT U0" not in str(Bound([alone], QueryDict("outcome=review")).narrow(Event.objects.all()).query)
    both = Bound([alone, rival], QueryDict("outcome=review&customer=c10")).narrow(Event.objects.all())
    assert "SELECT U0" in str(both.query)  # else the database picks one of two indexes at a guess
