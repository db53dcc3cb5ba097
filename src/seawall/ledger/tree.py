"""The Merkle tree of RFC 9162 §2.1: hashes, the growing edge, and proofs out of stored complete subtrees.

A node (level, index) covers the leaves from index·2^level up to, but not including, (index+1)·2^level. Only complete
subtrees are nodes: they never change once they exist, so they can be stored for good. Level 0 are the leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
NodeReader = Callable[[int, int], bytes]  # (level, index) -> hash of a complete subtree


def leaf_hash(data: bytes) -> bytes:
    """32 bytes: SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """32 bytes: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def node_position(level: int, index: int) -> int:
    """Place of a node above the leaves, from 1, in the order in which appending leaves completes them.

    Appending leaf n−1 completes one node for each trailing zero bit of n, lowest level first; so storage by position
    only ever grows at its end.
    """
    assert level >= 1, "leaves are stored with their entries"
    end = (index + 1) << level
    return nodes_above(end) - ((end & -end).bit_length() - 1 - level)


def nodes_above(size: int) -> int:
    """How many complete subtrees of two or more leaves a tree of `size` leaves has."""
    return size - size.bit_count()


def peaks(size: int) -> list[tuple[int, int]]:
    """The largest complete subtrees that tile `size` leaves, from the left: (level, index) each."""
    found, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


class Frontier:
    """The right edge of a growing tree: its peaks' hashes, enough to append leaves and to tell the root."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(hashes)
        assert len(self._peaks) == size.bit_count(), "one hash a peak"

    @classmethod
    def read(cls, size: int, node: NodeReader) -> Frontier:
        """The edge of a stored tree; at most 63 reads."""
        return cls(size, [node(level, index) for level, index in peaks(size)])

    def append(self, leaf: bytes) -> list[bytes]:
        """Adds a leaf hash; returns the hashes of the subtrees that it completes, level 1 first."""
        completed = []
        size = self.size
        while size & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            completed.append(leaf)
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """32 bytes: the root of the tree so far."""
        return _joined(self._peaks)

    def copy(self) -> Frontier:
        """An edge that grows apart from this one."""
        return Frontier(self.size, self._peaks)


def root(node: NodeReader, size: int) -> bytes:
    """32 bytes: the root over the first `size` leaves."""
    return _range_hash(node, 0, size)


def inclusion_proof(node: NodeReader, index: int, size: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1, the leaf's sibling first. ValueError unless 0 ≤ index < size."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size:,} leaves has no leaf {index:,}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(node, middle, end))
            end = middle
        else:
            proof.append(_range_hash(node, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(node: NodeReader, first: int, second: int) -> list[bytes]:
    """RFC 9162 §2.1.4.1; empty for equal sizes. ValueError unless 0 < first ≤ second."""
    if not 0 < first <= second:
        raise ValueError(f"no consistency proof leads from {first:,} to {second:,} leaves; sizes grow from 1")
    proof, start, end = [], 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_range_hash(node, middle, end))
            end = middle
        else:
            proof.append(_range_hash(node, start, middle))
            start = middle
    if start:  # the old tree's own subtree; where it begins at 0 the verifier holds its root
        proof.append(_range_hash(node, start, end))
    return proof[::-1]


def _range_hash(node: NodeReader, start: int, end: int) -> bytes:
    """Root over [start, end), where start is aligned as the tree's own splits are."""
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(node(level, start >> level))
        start += 1 << level
    return _joined(parts)


def _joined(parts: list[bytes]) -> bytes:
    """Root of neighbouring complete subtrees of falling sizes."""
    if not parts:
        return EMPTY_ROOT
    joined = parts[-1]
    for part in reversed(parts[:-1]):
        joined = node_hash(part, joined)
    return joined


def _split(size: int) -> int:
    """The largest power of two below `size` (2 or more)."""
    return 1 << ((size - 1).bit_length() - 1)
