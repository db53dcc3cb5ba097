import json
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.door import (
    ClearSealer,
    Door,
    Event,
    decode_event,
    decode_label,
    decode_list_entry,
    encode,
)
from seawall.engine.errors import EventError
from seawall.engine.event import Derive, EventType, Field, LabelType
from seawall.engine.lists import FOREVER, ListDefinition
from seawall.engine.money import Rates
from seawall.engine.pack import Pack
from seawall.engine.times import DAY, parse_instant

NOW = parse_instant("2026-11-22T10:00:00.500Z")
TITLE = {"zh": "字段", "en": "Field"}
BODY: dict[str, Any] = {
    "event_id": "e-3", "type": "payment.card", "event_time": "2026-11-22T10:00:00.000Z", "customer": "c1",
    "card": "6222020000000000", "merchant": "m9", "device": "d2", "amount": 500000, "currency": "CNY",
}  # fmt: skip
WIDE: dict[str, Any] = {"event_id": "w-1", "type": "wide", "event_time": "2026-11-22T10:00:00Z", "who": "p1"}


class MarkingSealer(ClearSealer):
    """Makes visible what was asked of it."""

    def pseudonym(self, space: str, value: str) -> str:
        return f"{space}#{value}"

    def seal(self, subject: str, place: str, value: bytes) -> str:
        return f"sealed({subject}|{place}|{value.decode()})"


def field(name: str, kind: str, grade: str = "internal", **more: Any) -> Field:
    return Field(name, kind, more.pop("required", False), grade, "risk", TITLE, **more)


def wide_type() -> EventType:
    fields = [
        field("who", "key", "sensitive", required=True, space="person"),
        field("fee", "decimal", scale=4),
        field("lat", "number"),
        field("born", "time", "sensitive"),
        field("phone", "string", "sensitive"),
        field("seen", "time"),
        field("tries", "int"),
        field("ok", "bool"),
        field("note", "string"),
        field("kind", "code"),
        field("amount", "money"),
        field("tax", "money"),
        field("currency", "currency"),
    ]
    derive = (
        Derive("born_year", "born", ("year", 0), "int", TITLE),
        Derive("area", "phone", ("phone_prefix", 3), "code", TITLE),
    )
    members = {member.name: member for member in fields}
    return EventType("wide", 3, TITLE, subject="who", fields=members, derive=derive)


@pytest.fixture(scope="module")
def door(example: Pack) -> Door:
    rates = Rates()
    rates.add("USD", "CNY", NOW // DAY * DAY, Decimal("7.1050"))
    lists = dict(example.lists)
    lists["bad_cards"] = ListDefinition("bad_cards", "deny", "card")
    pack = replace(
        example,
        events=dict(example.events) | {"wide": wide_type()},
        labels={"fraud": LabelType("fraud", TITLE, ("customer", "card"))},
        lists=lists,
    )
    return Door(pack, rates, MarkingSealer(), lambda: NOW)


def admit(door: Door, **changes: Any) -> Event:
    return door.admit(json.dumps(BODY | changes).encode())


def test_the_example_event(door: Door) -> None:
    event = admit(door)
    assert (event.event_id, event.type, event.version) == ("e-3", "payment.card", 1)
    assert (event.event_time, event.received_at) == (NOW - 500, NOW)
    assert event.fields == {
        "customer": "c1", "card": "card#6222020000000000", "merchant": "m9", "device": "d2", "amount": 500000,
        "currency": "CNY", "base_amount": 500000, "fx_rate": "1", "card_bin": "622202",
    }  # fmt: skip


def test_absent_and_null_fields_are_not_in_the_event(door: Door) -> None:
    without = {name: value for name, value in BODY.items() if name != "device"}
    absent = door.admit(json.dumps(without).encode())
    assert "device" not in absent.fields
    null = admit(door, device=None)
    assert null == absent


def test_a_foreign_amount_is_converted_at_the_days_rate(door: Door) -> None:
    event = admit(door, currency="USD", amount=1001)
    assert (event.fields["base_amount"], event.fields["fx_rate"]) == (7112, "7.105")  # 7112.105 minor units
    assert event.fields["amount"] == 1001


def test_every_type_of_field(door: Door) -> None:
    event = door.admit(json.dumps(WIDE | {
        "fee": "1.25", "lat": -0.0, "born": "1990-05-17T00:00:00Z", "phone": "+86 138 0013 8000", "tries": -3,
        "seen": "2026-11-22T18:00:00+08:00", "ok": True, "note": "a\nb", "kind": "x", "amount": 100, "currency": "CNY",
    }).encode())  # fmt: skip
    assert event.version == 3
    assert event.fields == {
        "who": "person#p1", "fee": 12500, "lat": 0.0, "tries": -3, "seen": NOW - 500, "ok": True, "note": "a\nb",
        "kind": "x", "amount": 100, "currency": "CNY", "base_amount": 100, "fx_rate": "1",
        "born": "sealed(person#p1|w-1/born|642902400000)", "phone": 'sealed(person#p1|w-1/phone|"+86 138 0013 8000")',
        "born_year": 1990, "area": "861",
    }  # fmt: skip
    assert math.copysign(1, event.fields["lat"]) == 1


@pytest.mark.parametrize("fee", [1.25, "1.25", "1.250000", Decimal("1.25")])
def test_decimals_are_exact_however_sent(door: Door, fee: object) -> None:
    assert door.admit_object(WIDE | {"fee": fee}).fields["fee"] == 12500


def test_data_and_bytes_are_admitted_alike(door: Door) -> None:
    assert door.admit_object(BODY) == admit(door)


def test_the_mac_is_of_the_content_not_of_its_form(door: Door) -> None:
    compact = json.dumps(dict(reversed(BODY.items())), separators=(",", ":")).encode()
    assert door.admit(compact).mac == admit(door).mac
    assert door.admit(json.dumps(BODY, indent=2).encode()).mac == admit(door).mac
    assert admit(door, amount=500001).mac != admit(door).mac
    assert admit(door, event_time="2026-11-22T10:00:00.001Z").mac != admit(door).mac
    canonical = json.dumps(BODY, sort_keys=True, separators=(",", ":")).encode()
    assert admit(door).mac == ClearSealer().mac(canonical)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": 5.0}, "amount", "whole minor units"),
    ({"amount": "5"}, "amount", "whole minor units"),
    ({"amount": True}, "amount", "got bool"),
    ({"amount": 10**15 + 1}, "amount", "1000000000000000"),
    ({"amount": 10**40}, "amount", ""),
    ({"amount": None}, "amount", "got null"),
    ({"currency": "RMB"}, "currency", "unknown currency 'RMB'; send an ISO 4217"),
    ({"currency": 156}, "currency", "expected str, got int"),
    ({"currency": "EUR"}, "currency", "no rate of EUR in CNY"),
    ({"currency": "USD", "event_time": "2026-11-21T10:00:00.000Z"}, "currency", "no rate of USD"),
    ({"currency": "USD", "amount": 10**15}, "currency", "convert to more than"),
    ({"card": ""}, "card", "length >= 1"),
    ({"card": "x" * 257}, "card", "256"),
    ({"card": 6222020000000000}, "card", "expected str, got int"),
    ({"card": "62\u000022"}, "card", "control character"),
    ({"merchant": "m\u0085"}, "merchant", "control character"),
    ({"event_id": "a\nb"}, "event_id", "control character"),
    ({"event_id": ""}, "event_id", "length >= 1"),
    ({"event_time": "2026-11-22"}, "event_time", "RFC 3339"),
    ({"event_time": 1795341600000}, "event_time", "RFC 3339"),
    ({"event_time": "2026-11-22T10:00:00.0001Z"}, "event_time", "millisecond"),
    ({"event_time": "2026-11-22T10:05:00.501Z"}, "event_time", "5 minutes ahead"),
    ({"event_time": "1969-01-01T00:00:00Z"}, "event_time", "1970"),
    ({"mercant": "m9"}, "mercant", "is not declared; did you mean merchant?"),
    ({"base_amount": 5}, "base_amount", "is not declared"),
    ({"card_bin": "622202"}, "card_bin", "is not declared"),
    ({"type": "payment.crad"}, "type", "unknown type 'payment.crad'; did you mean payment.card?"),
    ({"type": 5}, "type", "expected str"),
    ({"customer": ["c1"]}, "customer", "expected str, got array"),
    ({"customer": "c\ud800"}, "", ""),
]


@pytest.mark.parametrize(("changes", "name", "why"), REFUSED, ids=range(len(REFUSED)))
def test_the_door_names_the_field_it_refuses(door: Door, changes: dict[str, Any], name: str, why: str) -> None:
    with pytest.raises(EventError) as raised:
        admit(door, **changes)
    assert raised.value.field == name
    assert why in raised.value.message
    with pytest.raises(EventError) as again:
        door.admit_object(BODY | changes)
    assert again.value.field == name


def test_five_minutes_ahead_are_allowed(door: Door) -> None:
    assert admit(door, event_time="2026-11-22T10:05:00.500Z").event_time == NOW + 300_000


@pytest.mark.parametrize("name", ["event_id", "event_time", "type", "customer", "card", "amount", "currency"])
def test_required_fields_are_named(door: Door, name: str) -> None:
    with pytest.raises(EventError, match="is required") as raised:
        door.admit(json.dumps({key: value for key, value in BODY.items() if key != name}).encode())
    assert raised.value.field == name


@pytest.mark.parametrize(
    ("changes", "name", "why"),
    [
        ({"fee": "1.23456"}, "fee", "more than 4 decimals"),
        ({"fee": "NaN"}, "fee", "not an amount within"),
        ({"fee": "1e999999"}, "fee", "not an amount within"),
        ({"fee": "1e-999999"}, "fee", "decimals"),
        ({"fee": "900719925474.0992"}, "fee", "not an amount within"),
        ({"fee": "abc"}, "fee", "decimal"),
        ({"fee": "1." + "0" * 60 + "1"}, "fee", "digits"),
        ({"lat": "1"}, "lat", "float"),
        ({"tries": 2**53}, "tries", "9007199254740991"),
        ({"ok": 1}, "ok", "bool"),
        ({"note": "x" * 4097}, "note", "4096"),
        ({"kind": "a\tb"}, "kind", "control character"),
        ({"seen": "soon"}, "seen", "RFC 3339"),
        ({"amount": 5}, "currency", "is required with an amount"),
        ({"tax": 5}, "currency", "is required with an amount"),
    ],
)
def test_other_types_are_checked(door: Door, changes: dict[str, Any], name: str, why: str) -> None:
    with pytest.raises(EventError) as raised:
        door.admit(json.dumps(WIDE | changes).encode())
    assert raised.value.field == name
    assert why in raised.value.message


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e301])
def test_numbers_are_finite(door: Door, value: float) -> None:
    with pytest.raises(EventError, match="lat: is not a finite number"):
        door.admit_object(WIDE | {"lat": value})
    with pytest.raises(EventError):
        door.admit(json.dumps(WIDE | {"lat": value}).encode())


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b"{}", b"{", b"\xff", b'{"type":"payment.card"} x', b"[" * 60_000, b" " * 70_000,
     b'{"type":"payment.card","event_id":"\xff"}'],
)  # fmt: skip
def test_bodies_that_are_no_event(door: Door, body: bytes) -> None:
    with pytest.raises(EventError) as raised:
        door.admit(body)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


mutated = st.tuples(st.integers(0, 200), st.integers(0, 200), st.binary(max_size=6)).map(
    lambda cut: (lambda text: text[: cut[0]] + cut[2] + text[cut[0] + cut[1] % 7 :])(json.dumps(BODY).encode())
)


@given(st.binary(max_size=300) | mutated)
def test_any_bytes_are_admitted_or_refused(door: Door, body: bytes) -> None:
    try:
        event = door.admit(body)
    except EventError:
        return  # anything else fails the test
    assert decode_event(encode(event)) == event


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([BODY, WIDE]), st.sampled_from([*BODY, "fee", "lat", "born", "phone", "ok", "x"]), json_values)
def test_any_value_is_admitted_or_refused(door: Door, base: dict[str, Any], name: str, value: object) -> None:
    try:
        event = door.admit_object(base | {name: value})
    except EventError:
        return  # anything else fails the test
    assert all(isinstance(kept, str | int | float) for kept in event.fields.values())


# --- labels and list entries ------------------------------------------------------------------------------------------


def test_a_label_takes_the_keys_of_the_event(door: Door) -> None:
    event = admit(door)
    label = door.admit_label({"label": "fraud", "event_id": "e-3"}, event.fields)
    assert label.keys == {"customer": "c1", "card": "card#6222020000000000"}
    assert (label.label, label.label_time, label.received_at) == ("fraud", NOW, NOW)
    again = door.admit_label({"label": "fraud", "event_id": "e-3", "card": "6222020000000000"}, event.fields)
    assert again.keys == label.keys
    assert decode_label(encode(label)) == label


def test_a_label_may_bring_its_keys_in_clear(door: Door) -> None:
    body = {"label": "fraud", "event_id": "e-3", "card": "k1", "label_time": "2026-11-20T00:00:00Z"}
    label = door.admit_label(json.dumps(body).encode())
    assert label.keys == {"card": "card#k1"}
    assert label.label_time == parse_instant("2026-11-20T00:00:00Z")


@pytest.mark.parametrize(
    ("changes", "name", "why"),
    [
        ({"label": "frad"}, "label", "did you mean fraud?"),
        ({"event_id": ""}, "event_id", "length"),
        ({"card": "k2"}, "card", "is not the one of event 'e-3'"),
        ({"device": "d1"}, "device", "is not declared"),
        ({"label_time": "2026-11-22T11:00:00Z"}, "label_time", "5 minutes ahead"),
    ],
)
def test_labels_are_checked(door: Door, changes: dict[str, Any], name: str, why: str) -> None:
    with pytest.raises(EventError, match=why) as raised:
        door.admit_label({"label": "fraud", "event_id": "e-3"} | changes, {"card": "card#k1"})
    assert raised.value.field == name


def test_a_pack_without_labels_takes_none(example: Pack) -> None:
    door = Door(example, Rates(), ClearSealer(), lambda: NOW)
    with pytest.raises(EventError, match="none is declared"):
        door.admit_label({"label": "fraud", "event_id": "e-3"})


ENTRY: dict[str, Any] = {
    "list": "bad_cards", "entry_id": "b1", "key": "6222020000000000", "reason": "stolen", "owner": "ann",
    "valid_from": "2026-11-22T00:00:00Z",
}  # fmt: skip


def test_list_entries_on_sensitive_keys_pass_the_same_door(door: Door) -> None:
    entry = door.admit_list_entry(json.dumps(ENTRY).encode())
    assert entry.key == admit(door).fields["card"]
    assert entry.valid_until == FOREVER
    assert decode_list_entry(encode(entry)) == entry
    watch = door.admit_list_entry(ENTRY | {"list": "watch_merchants", "valid_until": "2026-12-01T00:00:00Z"})
    assert watch.key == "6222020000000000"


def test_people_may_name_a_sensitive_key_by_its_surrogate(door: Door) -> None:
    surrogate = "card_" + "abcdefghijklm234567nopqrst"[:26]
    assert door.admit_list_entry(ENTRY | {"key": surrogate}).key == surrogate
    for other in ("phone_abcdefghijklm234567nopqrst", surrogate[:-1], surrogate.upper(), f"{surrogate}a"):
        assert door.admit_list_entry(ENTRY | {"key": other}).key == f"card#{other}"


@pytest.mark.parametrize(
    ("changes", "name", "why"),
    [
        ({"list": "bad_crads"}, "list", "did you mean bad_cards?"),
        ({"key": ""}, "key", "length"),
        ({"key": "a\nb"}, "key", "control character"),
        ({"valid_until": "2026-11-21T00:00:00Z"}, "valid_until", "not after"),
        ({"valid_from": "now"}, "valid_from", "RFC 3339"),
        ({"list": "trusted_customers"}, "approved_by", "second person"),
        ({"list": "trusted_customers", "approved_by": "bob"}, "valid_until", "90d"),
        ({"owners": "ann"}, "owners", "did you mean owner?"),
    ],
)
def test_list_entries_are_checked(door: Door, changes: dict[str, Any], name: str, why: str) -> None:
    with pytest.raises(EventError, match=why) as raised:
        door.admit_list_entry(ENTRY | changes)
    assert raised.value.field == name
