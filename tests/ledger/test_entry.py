"""Canonical bytes: one way to write an entry, and nothing in it that could be read two ways."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.ledger import EntryError, NewEntry
from seawall.ledger.entry import MAX_BODY, MAX_DEPTH, MAX_WHOLE, decode, encode, genesis

PREVIOUS = genesis("example.org/ledger")
names = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_WHOLE, MAX_WHOLE) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def made(**changes: Any) -> bytes:
    members: dict[str, Any] = {"actor": "user:7", "action": "case.close", "object_type": "case", "object_id": "C-1"}
    return encode(NewEntry(**(members | changes)), 5, 1_800_000_000_000, PREVIOUS)


def test_the_bytes_of_an_entry() -> None:
    body = made(data={"b": 1, "a": ["客户", None, True]}, commitments={"subject": "ab" * 32})
    assert body.decode() == (
        '{"action":"case.close","actor":"user:7","commitments":{"subject":"' + "ab" * 32 + '"},'
        '"data":{"a":["客户",null,true],"b":1},"index":5,"object":{"id":"C-1","type":"case"},'
        '"previous":"' + PREVIOUS.hex() + '","time":1800000000000}'
    )


@given(st.dictionaries(names, values, max_size=4))
def test_any_json_library_makes_the_same_bytes(data: dict[str, Any]) -> None:
    body = made(data=data)
    read = json.loads(body)
    assert json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == body
    assert read["data"] == data
    assert decode(body).data == data
    assert b"\n" not in body


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"action": "Close case"}, "action 'Close case' is not a lower-case word"),
        ({"object_type": ""}, "object type '' is not a lower-case word"),
        ({"actor": ""}, "actor must be 1 to 200 printable characters"),
        ({"actor": "a\nb"}, "actor must be 1 to 200 printable characters"),
        ({"object_id": "x" * 201}, "object id must be 1 to 200 printable characters"),
        ({"data": {"score": 0.35}}, r"data.score: 0.35 is a fraction; send decimals as text"),
        ({"data": {"a": [MAX_WHOLE + 1]}}, r"data.a\[\]: a whole number beyond"),
        ({"data": {"a": b"x"}}, "data.a: bytes is not JSON"),
        ({"data": {"键": 1}}, "member name '键' is not 1 to 64 ASCII characters"),
        ({"data": {1: 1}}, "member name '1' is not"),
        ({"data": {"a": "\ud800"}}, "not valid Unicode"),
        ({"data": {"a": "x" * MAX_BODY}}, "record a digest of what is large"),
        ({"commitments": {"phone": "13800000000"}}, "commitment 'phone' is not a name and 64 hexadecimal digits"),
        ({"commitments": {f"n{i}": "ab" * 32 for i in range(33)}}, "33 commitments are more than 32"),
        ({"data": 7}, "a member has the wrong type"),
        ({"actor": 7}, "a member has the wrong type"),
    ],
)
def test_what_cannot_be_recorded_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(EntryError, match=message):
        made(**changes)


def test_depth_is_bounded() -> None:
    nested: Any = "deep"
    for _ in range(MAX_DEPTH):
        nested = {"a": nested}
    assert decode(made(data=nested)).data == nested
    with pytest.raises(EntryError, match="nested deeper than 8"):
        made(data={"a": nested})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"days":1', b'"days": 1'),
        (b'"days":1', b'"days":1.0'),
        (b'"days":1', b'"days":1,"days":1'),
        (b'"a":2,"days":1', b'"days":1,"a":2'),
        (b'"time"', b'"extra":1,"time"'),
        ("误".encode(), b"\\u8bef"),
        (b"user:7", b"\xff"),
        (b'"index":5', b'"index":-5'),
        (b'"index":5', b'"index":05'),
        (b"}", b"}}"),
    ],
)
def test_only_the_canonical_way_is_read(old: bytes, new: bytes) -> None:
    body = made(data={"days": 1, "a": 2, "z": "误报"})
    assert old in body
    assert decode(body).index == 5
    with pytest.raises(EntryError):
        decode(body.replace(old, new, 1))


def test_nonsense_is_refused() -> None:
    for body in (b"", b"[]", b"[" * 100_000, b" " * (MAX_BODY + 1)):
        with pytest.raises(EntryError):
            decode(body)


def test_the_beginning_depends_on_the_origin() -> None:
    assert genesis("a") != genesis("b")
    assert len(genesis("a")) == 32
