"""The two messages, as values and as bytes.

    request: magic, 1, mode, SHA-256 of the context, count, elements ascending
    answer:  magic, 2, mode, SHA-256 of the request, counts of both lists, both lists

Counts are unsigned 32-bit big-endian, elements 32 bytes each. Lists whose order would say something are ascending.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from seawall.analytics.psi.group import SIZE, PsiError

MAGIC = b"seawall-psi-1\n"
_REQUEST = struct.Struct(f">{len(MAGIC)}sBB32sI")
_ANSWER = struct.Struct(f">{len(MAGIC)}sBB32sII")
_IS_REQUEST, _IS_ANSWER = 1, 2
LARGEST = 10_000_000


class Mode(IntEnum):
    """What the asker learns: how many elements both hold, or which of its own the holder has too."""

    CARDINALITY = 1
    MEMBERS = 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many elements each side's set may have. A small set singles people out: `least` protects the holder."""

    least: int = 1
    most: int = 1_000_000

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= LARGEST:
            raise PsiError(f"bounds must be 1 <= least <= most <= {LARGEST:,}")

    def check(self, count: int, what: str) -> None:
        """PsiError unless `count` lies within."""
        if not self.least <= count <= self.most:
            raise PsiError(f"{what} has {count:,} elements; between {self.least:,} and {self.most:,} are allowed")


DEFAULT = Bounds()


@dataclass(frozen=True, slots=True)
class Request:
    """The asker's elements, masked, ascending."""

    mode: Mode
    context: bytes
    elements: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """As it goes over the wire or into a file."""
        head = _REQUEST.pack(MAGIC, _IS_REQUEST, self.mode, self.context, len(self.elements))
        return head + b"".join(self.elements)

    def digest(self) -> bytes:
        """SHA-256 of its bytes: what an answer names."""
        return hashlib.sha256(self.to_bytes()).digest()

    @classmethod
    def from_bytes(cls, data: bytes, bounds: Bounds = DEFAULT) -> Request:
        """Read and checked for form: counts within bounds, nothing missing or over, ascending without duplicates."""
        _check_size(data, _REQUEST, "request")
        magic, kind, mode, context, count = _REQUEST.unpack_from(data)
        _check_kind(magic, kind, _IS_REQUEST, "request")
        bounds.check(count, "the request")
        (elements,) = _lists(data, _REQUEST.size, [count], "request")
        _check_ascending(elements, "the request")
        return cls(_mode(mode), context, elements)


@dataclass(frozen=True, slots=True)
class Answer:
    """`doubled`: the request's elements masked once more, in its order for members, ascending for cardinality.

    `held`: the holder's elements masked once, ascending. `request`: SHA-256 of the request.
    """

    mode: Mode
    request: bytes
    doubled: tuple[bytes, ...]
    held: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """As it goes over the wire or into a file."""
        head = _ANSWER.pack(MAGIC, _IS_ANSWER, self.mode, self.request, len(self.doubled), len(self.held))
        return head + b"".join(self.doubled) + b"".join(self.held)

    @classmethod
    def from_bytes(cls, data: bytes, bounds: Bounds = DEFAULT) -> Answer:
        """Read and checked for form, as a request is."""
        _check_size(data, _ANSWER, "answer")
        magic, kind, code, request, doubling, holding = _ANSWER.unpack_from(data)
        _check_kind(magic, kind, _IS_ANSWER, "answer")
        mode = _mode(code)
        bounds.check(doubling, "the answer's first list")
        bounds.check(holding, "the answer's second list")
        doubled, held = _lists(data, _ANSWER.size, [doubling, holding], "answer")
        if mode is Mode.CARDINALITY:
            _check_ascending(doubled, "the answer's first list")
        elif len(set(doubled)) != len(doubled):
            raise PsiError("the answer's first list holds an element twice")
        _check_ascending(held, "the answer's second list")
        return cls(mode, request, doubled, held)


def _check_size(data: bytes, form: struct.Struct, what: str) -> None:
    if len(data) < form.size:
        raise PsiError(f"the {what} ends within its first {form.size} bytes")


def _check_kind(magic: bytes, kind: int, wanted: int, what: str) -> None:
    if magic != MAGIC or kind != wanted:
        raise PsiError(f"this is no {what} of private matching, or one of another version")


def _mode(code: int) -> Mode:
    try:
        return Mode(code)
    except ValueError:
        raise PsiError(f"mode {code} is unknown; 1 is cardinality, 2 is members") from None


def _lists(data: bytes, start: int, counts: Sequence[int], what: str) -> list[tuple[bytes, ...]]:
    wanted = start + SIZE * sum(counts)
    if len(data) != wanted:
        raise PsiError(f"the {what} has {len(data):,} bytes; its counts ask for {wanted:,}")
    found = []
    for count in counts:
        end = start + SIZE * count
        found.append(tuple(data[at : at + SIZE] for at in range(start, end, SIZE)))
        start = end
    return found


def _check_ascending(elements: Sequence[bytes], what: str) -> None:
    for at in range(1, len(elements)):
        if elements[at - 1] >= elements[at]:
            fault = "holds an element twice" if elements[at - 1] == elements[at] else "is not in ascending order"
            raise PsiError(f"{what} {fault} (element {at + 1})")
