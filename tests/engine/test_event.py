import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from seawall.engine.event import Derive, EventType, Field, Upcast, check_additive, derived, json_schema, upcast
from seawall.engine.pack import Pack

TITLE = {"zh": "字段", "en": "Field"}


def make(name: str, kind: str = "code", grade: str = "internal", required: bool = False, **more: Any) -> Field:
    return Field(name, kind, required, grade, "risk", TITLE, **more)


def event_type(*fields: Field, version: int = 1, **more: Any) -> EventType:
    return EventType("payment.card", version, TITLE, fields={field.name: field for field in fields}, **more)


def take(value: object, name: str, argument: int = 0) -> object:
    kind = event_type(derive=(Derive("out", "x", (name, argument), "code", TITLE),))
    return derived(kind, {"x": value}).get("out")


@pytest.mark.parametrize(
    ("name", "argument", "value", "result"),
    [
        ("first", 6, "6222020000000000", "622202"),
        ("first", 6, "622202", None),  # a value no longer than the prefix would be given away whole
        ("last", 4, "6222020000001234", "1234"),
        ("last", 4, "1234", None),
        ("length", 0, "abc", 3),
        ("lower", 0, "AbC", "abc"),
        ("domain", 0, "Ann.Lee@Example.COM", "example.com"),
        ("domain", 0, '"a@b"@example.com.', "example.com"),
        ("domain", 0, "example.com", None),
        ("domain", 0, "@example.com", None),
        ("domain", 0, "ann@", None),
        ("ip_prefix", 24, "203.0.113.77", "203.0.113.0/24"),
        ("ip_prefix", 24, "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("ip_prefix", 24, "203.0.113", None),
        ("phone_prefix", 7, "+86 138-0013-8000", "8613800"),
        ("phone_prefix", 7, "8613800", None),
        ("year", 0, "1990-05-17", 1990),
        ("year", 0, "19900517", 1990),
        ("year", 0, "17/05/1990", None),
        ("year", 0, 1_795_341_600_000, 2026),
        ("year", 0, 0, 1970),
    ],
)
def test_takes(name: str, argument: int, value: object, result: object) -> None:
    assert take(value, name, argument) == result


def test_an_absent_source_derives_nothing() -> None:
    kind = event_type(derive=(Derive("out", "x", ("first", 2), "code", TITLE),))
    assert derived(kind, {"y": "abc"}) == {}


@pytest.mark.parametrize(
    ("field", "sealed", "pseudonymised"),
    [
        (make("a", "key", "sensitive"), False, True),
        (make("a", "string", "sensitive"), True, False),
        (make("a", "money", "sensitive"), True, False),
        (make("a", "key", "internal"), False, False),
        (make("a", "string", "public"), False, False),
    ],
)
def test_what_is_sealed(field: Field, sealed: bool, pseudonymised: bool) -> None:
    assert (field.sealed, field.pseudonymised) == (sealed, pseudonymised)


def test_columns_hold_what_the_door_adds(example: Pack) -> None:
    columns = example.events["payment.card"].columns()
    assert {name: column.type for name, column in columns.items()} == {
        "event_id": "string", "type": "code", "event_time": "time", "received_at": "time", "customer": "key",
        "card": "key", "merchant": "key", "device": "key", "amount": "money", "currency": "currency",
        "base_amount": "money", "fx_rate": "string", "card_bin": "code",
    }  # fmt: skip
    assert columns["base_amount"].required
    assert not columns["card_bin"].required


def test_upcasters_run_in_order_and_leave_their_input() -> None:
    kind = event_type(
        make("channel"), make("shop"), version=3,
        upcasts=(Upcast(2, set=(("channel", "unknown"),)), Upcast(3, rename=(("store", "shop"),))),
    )  # fmt: skip
    first = {"store": "s1"}
    assert upcast(kind, first, 1) == {"channel": "unknown", "shop": "s1"}
    assert upcast(kind, {"channel": "web", "store": "s1"}, 1) == {"channel": "web", "shop": "s1"}
    assert upcast(kind, first, 2) == {"shop": "s1"}
    assert upcast(kind, {"shop": "s1"}, 3) == {"shop": "s1"}
    assert first == {"store": "s1"}


OLD = event_type(make("a", required=True), make("b"), make("c", "decimal", scale=2), make("k", "key", required=True))
OLD = replace(OLD, subject="k", derive=(Derive("a1", "a", ("first", 1), "code", TITLE),))


def newer(changes: Mapping[str, Field | None], **more: Any) -> EventType:
    fields = {name: field for name, field in (dict(OLD.fields) | dict(changes)).items() if field is not None}
    return replace(OLD, version=2, fields=fields, **more)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (replace(OLD, title={}), None),
        (newer({}), None),
        (newer({"d": make("d")}), None),
        (newer({"a": make("a")}), None),  # required became optional
        (newer({"d": make("d", required=True)}, upcasts=(Upcast(2, set=(("d", "x"),)),)), None),
        (newer({"b": None, "bb": make("bb")}, upcasts=(Upcast(2, rename=(("b", "bb"),)),)), None),
        (replace(OLD, deprecated=True), "version is still 1"),
        (newer({"b": None}), "payment.card.b: removed"),
        (newer({"b": make("b", "int")}), "type 'code' became 'int'"),
        (newer({"c": make("c", "decimal", scale=3)}), "scale 2 became 3"),
        (newer({"b": make("b", grade="sensitive")}), "grade 'internal' became 'sensitive'"),
        (newer({"b": make("b", required=True)}), "b: became required"),
        (newer({"d": make("d", required=True)}), "d: new and required"),
        (newer({}, derive=()), "a1: derived otherwise"),
        (newer({}, subject=""), "subject changed"),
    ],
)
def test_versions_only_add(new: EventType, message: str | None) -> None:
    problems = [str(problem) for problem in check_additive(OLD, new)]
    if message is None:
        assert problems == []
    else:
        assert len(problems) == 1
        assert message in problems[0]


def conforms(value: object, schema: Mapping[str, Any]) -> bool:
    """The part of JSON Schema that json_schema writes, judged by hand."""
    if "const" in schema:
        return bool(value == schema["const"])
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    python: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict}
    if not any(isinstance(value, python[kind]) and (kind == "boolean") == isinstance(value, bool) for kind in kinds):
        return False
    if isinstance(value, dict):
        properties = schema["properties"]
        known = all(name in properties and conforms(member, properties[name]) for name, member in value.items())
        return known and all(name in value for name in schema["required"])
    if isinstance(value, str):
        return (
            schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
            and re.search(schema.get("pattern", ""), value) is not None
            and value in schema.get("enum", [value])
        )
    assert isinstance(value, int | float)
    return bool(schema.get("minimum", -(10**99)) <= value <= schema.get("maximum", 10**99))


EXAMPLE = {
    "event_id": "e-3",
    "type": "payment.card",
    "event_time": "2026-11-22T10:00:00.000Z",
    "customer": "c1",
    "card": "6222020000000000",
    "merchant": "m9",
    "device": "d2",
    "amount": 500000,
    "currency": "CNY",
}


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, True), ({"amount": -1}, True),
        ({"amount": 5.5}, False), ({"amount": 10**15 + 1}, False), ({"amount": True}, False), ({"amount": "5"}, False),
        ({"currency": "XXX"}, False), ({"card": ""}, False), ({"card": "a\nb"}, False), ({"card": "x" * 257}, False),
        ({"extra": 1}, False), ({"type": "other"}, False), ({"event_time": "yesterday"}, False),
    ],
)  # fmt: skip
def test_the_schema_takes_the_example_and_not_its_spoilt_forms(
    example: Pack, change: dict[str, object], right: bool
) -> None:
    schema = json_schema(example.events["payment.card"])
    assert schema["$schema"].endswith("2020-12/schema")
    assert conforms(json.loads(json.dumps(EXAMPLE | change)), json.loads(json.dumps(schema))) is right


def test_the_schema_requires_and_grades(example: Pack) -> None:
    schema = json_schema(example.events["payment.card"])
    for name in ("event_id", "type", "event_time", "customer", "card", "amount", "currency"):
        assert not conforms({key: value for key, value in EXAMPLE.items() if key != name}, schema)
    assert schema["properties"]["card"]["x-grade"] == "sensitive"
    assert schema["properties"]["card"]["x-title-zh"] == "卡号"


@pytest.mark.parametrize(("value", "right"), [("1.25", True), ("1.250", True), (1.5, True), ("1.255", False)])
def test_the_schema_of_a_decimal(value: object, right: bool) -> None:
    schema = json_schema(event_type(make("c", "decimal", scale=2)))
    assert conforms(value, schema["properties"]["c"]) is right
