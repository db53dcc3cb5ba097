from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.decision import Decision, Other
from seawall.engine.door import Event, Label
from seawall.engine.journal import (
    ActivationRecord,
    ErasureRecord,
    EventRecord,
    JournalError,
    Kind,
    Named,
    Record,
    decode,
    decode_event,
    encode_activation,
    encode_erasure,
    encode_event,
    encode_label,
    encode_list_entry,
    encode_setting,
)
from seawall.engine.journal.records import named_bundles
from seawall.engine.lists import ListEntry
from seawall.engine.settings import SettingEntry

EVENT = Event("e-1", "payment.card", 5, 6, {"customer": "c", "amount": 10**15, "ok": True, "share": 0.5}, b"\x00m", 2)
LABEL = Label("fraud", "e-1", 7, 8, {"customer": "c"}, b"mac")
ENTRY = ListEntry(list="watch", entry_id="w1", key="k", reason="r", owner="o", valid_from=1)
SETTINGS = [
    SettingEntry(setting="limits.x", entry_id="e", scope="all", type=kind, value=value, reason="r", source="s")
    for kind, value in (("money", 10**15), ("integer", 0), ("number", 5.0), ("switch", True))
]
ACTIVATION = ActivationRecord("card@3", "ab" * 32, 9)
ERASURE = ErasureRecord("customer_x", 10, 1, 4)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=9)


def decision(*row: Any) -> Decision:
    return Decision(
        event_id="e-1",
        event_type="payment.card",
        policy="card@3",
        sequence=3,
        outcome="review",
        score=75,
        rules=("a", "b"),
        reasons=("A",),
        list_hits=("watch/w1",),
        degraded=(),
        late_by_ms=0,
        effective_ms=6,
        content_hash="00" * 32,
        row=row,
    )


@pytest.mark.parametrize(
    ("kind", "payload", "content"),
    [
        (Kind.EVENT, encode_event(EVENT, decision(1)), EventRecord(EVENT, decision(1))),
        (Kind.EVENT, encode_event(EVENT, None), EventRecord(EVENT, None)),
        (Kind.LABEL, encode_label(LABEL), LABEL),
        (Kind.LIST_ENTRY, encode_list_entry(ENTRY), ENTRY),
        *((Kind.SETTING, encode_setting(one), one) for one in SETTINGS),
        (Kind.ACTIVATION, encode_activation(ACTIVATION), ACTIVATION),
        (Kind.ERASURE, encode_erasure(ERASURE), ERASURE),
    ],
)
def test_each_kind_comes_back(kind: Kind, payload: bytes, content: object) -> None:
    found = decode(Record(0, kind, payload))
    assert found == content
    assert type(getattr(found, "value", None)) is type(getattr(content, "value", None))


@given(st.lists(PLAIN, max_size=12), st.dictionaries(st.text(max_size=5), PLAIN, max_size=6))
def test_plain_values_come_back_equal_and_of_the_same_type(row: list[Any], fields: dict[str, Any]) -> None:
    event = msgspec.structs.replace(EVENT, fields=fields)
    found = decode_event(Record(0, Kind.EVENT, encode_event(event, decision(*row))))
    assert found.decision
    for got, wanted in ((found.decision.row, tuple(row)), (found.event.fields, fields)):
        assert got == wanted
    assert [type(value) for value in found.decision.row] == [type(value) for value in row]
    assert [math.copysign(1, value) for value in found.decision.row if isinstance(value, float)] == [
        math.copysign(1, value) for value in row if isinstance(value, float)
    ]


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=8))
def test_equal_records_have_equal_bytes(fields: dict[str, Any]) -> None:
    other = dict(reversed(fields.items()))
    one, two = (msgspec.structs.replace(EVENT, fields=each) for each in (fields, other))
    assert encode_event(one, None) == encode_event(two, None)


def test_an_older_payload_without_later_fields_is_read() -> None:
    old = msgspec.msgpack.encode({"event": EVENT, "decision": None})
    assert decode_event(Record(0, Kind.EVENT, old)) == EventRecord(EVENT, None)


def test_what_cannot_be_kept_is_named() -> None:
    with pytest.raises(JournalError, match="event 'e-1' cannot be kept"):
        encode_event(EVENT, decision(2**70))
    with pytest.raises(JournalError, match=r"event 'e-1' has 1,\d\d\d,\d\d\d bytes; a record has at most 1,048,576"):
        encode_event(msgspec.structs.replace(EVENT, fields={"a": "x" * 2**20}), None)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Record(7, 9, b""), "record 7 has the unknown kind 9; update seawall"),
        (Record(7, Kind.LABEL, b""), "record 7 is no label of this version"),
        (Record(7, Kind.ERASURE, encode_label(LABEL)), r"record 7 is no erasure of this version: .*; update seawall"),
    ],
)
def test_what_this_version_does_not_know(record: Record, words: str) -> None:
    with pytest.raises(JournalError, match=words):
        decode(record)


def test_only_an_event_is_an_event() -> None:
    with pytest.raises(JournalError, match="record 2 is no event but of kind 2"):
        decode_event(Record(2, Kind.LABEL, encode_label(LABEL)))


def test_only_an_activation_names_bundles() -> None:
    side_by_side = msgspec.structs.replace(
        ACTIVATION, challenger=Named("card@4", "cd" * 32), share=500, entity="customer", shadows=(Named("x@1", "e"),)
    )
    assert named_bundles(Record(0, Kind.ACTIVATION, encode_activation(ACTIVATION))) == ("ab" * 32,)
    assert named_bundles(Record(0, Kind.ACTIVATION, encode_activation(side_by_side))) == ("ab" * 32, "cd" * 32, "e")
    assert decode(Record(0, Kind.ACTIVATION, encode_activation(side_by_side))) == side_by_side
    assert named_bundles(Record(0, Kind.ERASURE, encode_activation(ACTIVATION))) == ()
    assert named_bundles(Record(0, Kind.ACTIVATION, b"\xff")) == ()


class FormerActivation(msgspec.Struct):
    policy: str
    digest: str
    at: int


class FormerEvent(msgspec.Struct):
    event: Event
    decision: Decision | None


def test_what_runs_alone_has_the_bytes_it_always_had() -> None:
    encode = msgspec.msgpack.Encoder(order="deterministic").encode
    assert encode_activation(ACTIVATION) == encode(FormerActivation("card@3", "ab" * 32, 9))
    assert encode_event(EVENT, decision(1)) == encode(FormerEvent(EVENT, decision(1)))


def test_others_stand_beside_the_decision() -> None:
    others = (Other("card@4", "review", 30, ("R1",)), Other("card@5", "", 0, (), ("policy",)))
    content = decode_event(Record(0, Kind.EVENT, encode_event(EVENT, decision(1), others)))
    assert content == EventRecord(EVENT, decision(1), others)
