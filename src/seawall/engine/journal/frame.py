"""A record as bytes, and the chain over them. Pure.

Frame: sequence (u64), kind (u8), length of the payload (u32), CRC-32 of these three and the payload (u32), payload;
integers little-endian. The chain after frame n is SHA-256(chain before it, frame n); before the first it is GENESIS.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import IntEnum
from typing import NamedTuple

from .errors import JournalError

MAX_BATCH = 1_024  # records
MAX_RECORD = 1 << 20  # bytes of payload
MAX_BATCH_BYTES = 256 << 20  # so that a reader's memory is bounded
GENESIS = hashlib.sha256(b"seawall-journal-1\n").digest()


class Kind(IntEnum):
    """What a record is."""

    EVENT = 1
    LABEL = 2
    LIST_ENTRY = 3
    ACTIVATION = 4
    ERASURE = 5
    SETTING = 6


class Record(NamedTuple):
    """One numbered record."""

    sequence: int
    kind: int
    payload: bytes


class Batch(NamedTuple):
    """Records that became durable together, and the chain after the last of them."""

    records: list[Record]
    chain: bytes


class BadFrame(Exception):
    """A frame that is not as it was written; `index` counts the good frames before it in its batch."""

    def __init__(self, index: int, reason: str) -> None:
        self.index = index
        super().__init__(reason)


_HEAD = struct.Struct("<QBI")
_FRAME = struct.Struct("<QBII")
_CRC = struct.Struct("<I")
_SIZE, _SIZE_AT = struct.Struct("<I"), 9
FRAME_BYTES = _FRAME.size  # what a frame adds to its payload
_KINDS = frozenset(int(kind) for kind in Kind)


def encode_batch(first: int, records: Sequence[tuple[int, bytes]], chain: bytes) -> tuple[bytes, bytes]:
    """The frames of the records numbered from `first`, and the chain after them. JournalError names a bad record."""
    pack_head, pack_crc, crc32, sha256 = _HEAD.pack, _CRC.pack, zlib.crc32, hashlib.sha256
    frames = []
    sequence = first
    for kind, payload in records:
        size = len(payload)
        if size > MAX_RECORD or kind not in _KINDS:
            raise JournalError(_refusal(sequence - first, kind, size))
        head = pack_head(sequence, kind, size)
        frame = b"".join((head, pack_crc(crc32(payload, crc32(head))), payload))
        chain = sha256(chain + frame).digest()
        frames.append(frame)
        sequence += 1
    return b"".join(frames), chain


def decode_batch(first: int, count: int, data: bytes) -> Iterator[tuple[Record, memoryview]]:
    """Each record with its frame's bytes. BadFrame at the first that is damaged, or where the bytes are not `count`
    frames."""
    unpack, crc32, view = _FRAME.unpack_from, zlib.crc32, memoryview(data)
    at, end, head_size, frame_size = 0, len(data), _HEAD.size, _FRAME.size
    for index in range(count):
        start = at + frame_size
        if start > end:
            raise BadFrame(index, "is cut off")
        sequence, kind, size, crc = unpack(data, at)
        if start + size > end:
            raise BadFrame(index, "is cut off or its length is damaged")
        payload = data[start : start + size]
        if crc32(payload, crc32(view[at : at + head_size])) != crc:
            raise BadFrame(index, "is damaged (its checksum differs)")
        if sequence != first + index:
            raise BadFrame(index, f"is numbered {sequence}")
        following = start + size
        yield Record(sequence, kind, payload), view[at:following]
        at = following
    if at != end:
        raise BadFrame(count, "is not counted in its batch")


def pick_record(first: int, count: int, data: bytes, sequence: int) -> Record:
    """One record of a batch that holds it. BadFrame as from decode_batch, for damage before that record too if it
    hides it."""
    at, skipped = 0, sequence - first
    with suppress(struct.error):  # a damaged length led beyond the end
        for _ in range(skipped):
            at += FRAME_BYTES + _SIZE.unpack_from(data, at + _SIZE_AT)[0]
        stored, kind, size, crc = _FRAME.unpack_from(data, at)
        payload = data[at + FRAME_BYTES : at + FRAME_BYTES + size]
        head = data[at : at + _HEAD.size]
        if stored == sequence and len(payload) == size and zlib.crc32(payload, zlib.crc32(head)) == crc:
            return Record(sequence, kind, payload)
    for record, _ in decode_batch(first, count, data):
        if record.sequence == sequence:
            return record
    raise BadFrame(skipped, "is missing from its batch")


def extend(chain: bytes, frame: memoryview) -> bytes:
    """The chain after one more frame."""
    digest = hashlib.sha256(chain)
    digest.update(frame)
    return digest.digest()


def _refusal(index: int, kind: int, size: int) -> str:
    if size > MAX_RECORD:
        return f"record {index} of the batch has {size:,} bytes; the bound is {MAX_RECORD:,}"
    return f"record {index} of the batch has kind {kind}; a record is one of {', '.join(kind.name for kind in Kind)}"
