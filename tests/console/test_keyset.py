"""Paging by place: every row once, in order, forwards and backwards, ties included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.console.keyset import Cursor, CursorError, ListSource, Order, QuerySource
from seawall.console.tables import pages_of

DAY = datetime(2026, 11, 22, tzinfo=UTC)


class Sample(models.Model):
    score = models.IntegerField()
    name = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        app_label = "console"
        managed = False
        db_table = "kit_sample"


@pytest.fixture
def table(db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kit_sample (id integer PRIMARY KEY, score integer, name text, at datetime)")
        cursor.execute("CREATE INDEX temp.kit_sample_score ON kit_sample (score, id)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kit_sample")


def fill(scores: list[int]) -> None:
    Sample.objects.all().delete()
    Sample.objects.bulk_create(
        Sample(id=n, score=score, name=f"n{score:03d}", at=DAY + timedelta(seconds=score))
        for n, score in enumerate(scores)
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scores=st.lists(st.integers(0, 5), max_size=25),
    size=st.integers(1, 7),
    field=st.sampled_from(["score", "name", "at"]),
    descending=st.booleans(),
)
def test_every_row_once_in_order(table: None, scores: list[int], size: int, field: str, descending: bool) -> None:
    fill(scores)
    source, order = QuerySource(Sample.objects.all()), Order(field, descending)
    expected = [n for _, n in sorted(((s, n) for n, s in enumerate(scores)), reverse=descending)]
    seen, at, pages = [], "", []
    while True:
        page = source.page(order, at, size)
        assert len(page.rows) <= size
        pages.append([row.pk for row in page.rows])
        seen += pages[-1]
        if not page.next:
            break
        at = page.next
    assert seen == expected
    back = [pages[-1]]
    while page.previous:
        page = source.page(order, page.previous, size)
        back.insert(0, [row.pk for row in page.rows])
    assert [pk for rows in back for pk in rows] == expected


def test_new_rows_do_not_shift_a_page(table: None) -> None:
    fill([5, 4, 3, 2, 1])
    source, order = QuerySource(Sample.objects.all()), Order("score", True)
    first = source.page(order, "", 2)
    Sample.objects.create(id=99, score=9, name="new", at=DAY)
    assert [row.score for row in source.page(order, first.next, 2).rows] == [3, 2]


def test_a_page_is_one_index_seek(table: None) -> None:
    fill(list(range(50)))
    source = QuerySource(Sample.objects.all())
    place = source.page(Order("score"), "", 10).next
    queries: list[str] = []
    with connection.execute_wrapper(
        lambda run, sql, params, many, context: (queries.append(sql % params), run(sql, params, many, context))[1]
    ):
        source.page(Order("score"), place, 10)
    (sql,) = queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    assert "SEARCH kit_sample USING INDEX kit_sample_score (score>?)" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    "text", ["x", "====", "bnVsbA", "W10", "WzEsMiwzXQ", "A" * 501, "é", Cursor([1], "1").encode()]
)
def test_a_damaged_place_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        Cursor.decode(text)


def test_a_place_of_another_order_is_refused(table: None) -> None:
    fill([1, 2])
    with pytest.raises(CursorError, match="first page"):
        QuerySource(Sample.objects.all()).page(Order("score"), Cursor("n001", "1").encode(), 2)


def test_lists_are_paged_by_place() -> None:
    source = ListSource(list("abcdefg"))
    first = source.page(Order("x"), "", 3)
    second = source.page(Order("x"), first.next, 3)
    assert ("".join(first.rows), "".join(second.rows)) == ("abc", "def")
    assert source.page(Order("x"), second.previous, 3).rows == first.rows
    assert list(pages_of(source, Order("x"))) == list("abcdefg")
    with pytest.raises(CursorError):
        source.page(Order("x"), Cursor(99, "").encode(), 3)
