"""Tables and exports."""

# ruff: noqa: E501
from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from seawall.console.keyset import ListSource
from seawall.console.tables import Column, Order, Table, TableError, csv_lines, export, json_lines
from seawall.console.words import Word

AT = datetime(2026, 11, 22, 6, 3, 21, tzinfo=UTC)
ROW = SimpleNamespace(
    pk="1", name="=cmd()", owner=SimpleNamespace(name="王敏"), at=AT, minor=-123456, flag=True, none=None,
    word=Word("open", "Open"), many=["a", "b"],
)  # fmt: skip
COLUMNS = (
    Column("name", "Name", primary=True, sort="name"),
    Column("owner", "Owner", value="owner.name"),
    Column("at", "At", "when", sort="at"),
    Column("amount", "Amount", "money", value=lambda row: (row.minor, "CNY"), sort="minor"),
    Column("flag", "Flag", "flag"),
    Column("none", "None"),
    Column("word", "Word", "chip"),
    Column("many", "Many", "tags", shown=False),
)


def request(query: str = "") -> object:
    return RequestFactory().get(f"/{query}")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(TableError, match="kind 'picture'"):
        Column("x", "X", "picture")


def test_cells_are_found_by_path_function_and_key() -> None:
    assert Column("owner", "", value="owner.name").of(ROW) == "王敏"
    assert Column("owner", "", value="owner.missing.deeper").of(ROW) is None
    assert Column("a", "").of({"a": 1}) == 1


def test_only_known_sorts_and_columns_are_obeyed() -> None:
    table = Table(COLUMNS, "-at")
    assert table.order(request("?sort=-minor")) == Order("minor", True)  # type: ignore[arg-type]
    assert table.order(request("?sort=password")) == Order("at", True)  # type: ignore[arg-type]
    assert [c.key for c in table.chosen(request("?columns=many,bogus"))] == ["name", "many"]  # type: ignore[arg-type]
    assert "many" not in [c.key for c in table.chosen(request("?columns=bogus"))]  # type: ignore[arg-type]


def test_heads_turn_the_order_and_start_with_the_newest() -> None:
    table = Table(COLUMNS, "-at")
    heads = {head.column.key: head for head in table.show(request("?sort=-at&place=&q=x"), ListSource([ROW])).heads}  # type: ignore[arg-type]
    assert (heads["at"].direction, heads["at"].url) == ("descending", "?sort=at&q=x")
    assert (heads["amount"].direction, heads["amount"].url) == ("", "?sort=-minor&q=x")
    assert heads["owner"].url == ""


def test_csv_is_safe_to_open_in_a_spreadsheet() -> None:
    text = "".join(csv_lines(COLUMNS, [ROW]))
    assert text.startswith("\ufeff")
    titles, row = csv.reader(io.StringIO(text[1:]))
    assert titles[:2] == ["Name", "Owner"]
    assert row == ["'=cmd()", "王敏", "2026-11-22T06:03:21Z", "'-1234.56 CNY", "True", "", "open", "a;b"]


def test_json_lines_are_exact() -> None:
    (line,) = json_lines(COLUMNS, [ROW])
    assert json.loads(line) == {
        "name": "=cmd()", "owner": "王敏", "at": "2026-11-22T06:03:21Z", "amount": "-1234.56 CNY", "flag": True, "none": None,
        "word": "open", "many": ["a", "b"],
    }  # fmt: skip


def test_an_export_has_every_row() -> None:
    rows = [SimpleNamespace(name=str(n)) for n in range(1_001)]
    response = export(request(), "jsonl", "things", [Column("name", "Name")], ListSource(rows), Order("name"))  # type: ignore[arg-type]
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[arg-type]
    assert [json.loads(line)["name"] for line in lines] == [row.name for row in rows]
    assert response["Content-Disposition"] == 'attachment; filename="things.jsonl"'
