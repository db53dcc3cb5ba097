"""Bytes and chain, against a second reading of docs/reference/journal.md."""

from __future__ import annotations

import hashlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.journal import GENESIS, MAX_RECORD, JournalError, Kind
from seawall.engine.journal.frame import BadFrame, decode_batch, encode_batch, pick_record

RECORDS = st.lists(st.tuples(st.sampled_from([int(kind) for kind in Kind]), st.binary(max_size=60)), max_size=12)


def by_the_book(first: int, records: list[tuple[int, bytes]]) -> tuple[bytes, bytes]:
    data, chain = b"", hashlib.sha256(b"seawall-journal-1\n").digest()
    for sequence, (kind, payload) in enumerate(records, first):
        head = sequence.to_bytes(8, "little") + bytes([kind]) + len(payload).to_bytes(4, "little")
        frame = head + zlib.crc32(head + payload).to_bytes(4, "little") + payload
        data, chain = data + frame, hashlib.sha256(chain + frame).digest()
    return data, chain


@given(RECORDS, st.integers(0, 2**40))
def test_frames_and_chain_are_as_written_down(records: list[tuple[int, bytes]], first: int) -> None:
    data, chain = encode_batch(first, records, GENESIS)
    assert (data, chain) == by_the_book(first, records)
    decoded = [record for record, _ in decode_batch(first, len(records), data)]
    assert [record[1:] for record in decoded] == records
    assert [record.sequence for record in decoded] == list(range(first, first + len(records)))
    assert decoded == [pick_record(first, len(records), data, record.sequence) for record in decoded]


def test_one_journal_has_one_chain_for_ever() -> None:
    _, chain = encode_batch(0, [(4, b"policy"), (1, b"event"), (2, b"")], GENESIS)
    assert chain.hex() == "e8e33b2b9ccf36f5fd4c9ff4b59b90fb17cbbaaa3edf7dec5b6ecd03a72b3157"


@given(RECORDS.filter(bool), st.data())
def test_the_first_changed_record_is_named(records: list[tuple[int, bytes]], data: st.DataObject) -> None:
    good, _ = encode_batch(5, records, GENESIS)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= data.draw(st.integers(1, 255))
    ends = [len(encode_batch(5, records[: index + 1], GENESIS)[0]) for index in range(len(records))]
    struck = next(index for index, end in enumerate(ends) if at < end)
    seen = []
    decoding = decode_batch(5, len(records), bytes(bad))
    with pytest.raises(BadFrame) as caught:
        seen.extend(record[1:] for record, _ in decoding)
    assert caught.value.index == struck
    assert seen == records[:struck]
    with pytest.raises(BadFrame):
        pick_record(5, len(records), bytes(bad), 5 + struck)


def test_a_wrong_count_is_found() -> None:
    data, _ = encode_batch(0, [(1, b"a"), (1, b"b")], GENESIS)
    with pytest.raises(BadFrame, match="cut off"):
        list(decode_batch(0, 3, data))
    with pytest.raises(BadFrame, match="not counted"):
        list(decode_batch(0, 1, data))
    with pytest.raises(BadFrame, match="is numbered 0"):
        list(decode_batch(7, 2, data))
    with pytest.raises(BadFrame, match="cut off"):
        pick_record(0, 3, data, 2)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ((1, bytes(MAX_RECORD + 1)), "record 1 of the batch has 1,048,577 bytes"),
        ((9, b""), "record 1 of the batch has kind 9"),
    ],
)
def test_what_no_record_may_be(record: tuple[int, bytes], words: str) -> None:
    with pytest.raises(JournalError, match=words):
        encode_batch(40, [(1, b"good"), record], GENESIS)


def test_the_frame_is_17_bytes_and_the_payload() -> None:
    data, _ = encode_batch(3, [(2, b"xyz")], GENESIS)
    assert struct.unpack("<QBII3s", data)[:3] == (3, 2, 3)
