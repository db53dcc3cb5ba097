"""Roots and proofs against the recursive reading of RFC 9162."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.ledger.proof import verify_consistency, verify_inclusion, verify_subtree_consistency
from seawall.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_position,
    nodes_above,
    peaks,
    root,
)

from .oracle import mth, path, subproof

LARGEST = 300
LEAVES = tuple(leaf_hash(b"leaf %d" % index) for index in range(LARGEST))


def grown(size: int) -> tuple[Frontier, list[bytes]]:
    frontier, stored = Frontier(), []
    for leaf in LEAVES[:size]:
        stored += frontier.append(leaf)
    return frontier, stored


_, STORED = grown(LARGEST)


def node(level: int, index: int) -> bytes:
    return STORED[node_position(level, index) - 1] if level else LEAVES[index]


def test_the_empty_tree_and_a_leaf_are_those_of_the_rfc() -> None:
    assert sha256(b"").digest() == EMPTY_ROOT == root(node, 0) == Frontier().root()
    assert leaf_hash(b"x") == sha256(b"\x00x").digest() == mth((leaf_hash(b"x"),))


def test_roots_of_all_sizes() -> None:
    frontier = Frontier()
    for size in range(LARGEST + 1):
        expected = mth(LEAVES[:size])
        assert root(node, size) == frontier.root() == Frontier.read(size, node).root() == expected
        if size < LARGEST:
            frontier.append(LEAVES[size])


def test_all_inclusion_proofs() -> None:
    for size in range(1, LARGEST + 1):
        head = mth(LEAVES[:size])
        for index in range(0, size, 1 if size < 70 else 13):
            proof = inclusion_proof(node, index, size)
            assert proof == path(index, LEAVES[:size])
            assert verify_inclusion(LEAVES[index], index, size, proof, head)


def test_all_consistency_proofs() -> None:
    for second in range(1, LARGEST + 1):
        head = mth(LEAVES[:second])
        for first in range(1, second + 1, 1 if second < 70 else 11):
            proof = consistency_proof(node, first, second)
            assert proof == subproof(first, LEAVES[:second])
            assert verify_consistency(first, second, proof, mth(LEAVES[:first]), head)


sizes = st.integers(1, LARGEST)


@given(sizes, st.data())
def test_any_inclusion_proof_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, head = inclusion_proof(node, index, size), mth(LEAVES[:size])
    assert proof == path(index, LEAVES[:size])
    other = data.draw(st.integers(0, LARGEST - 1).filter(lambda one: one != index))
    assert not verify_inclusion(LEAVES[other], index, size, proof, head)
    assert not verify_inclusion(LEAVES[index], other, size, proof, head)
    assert not verify_inclusion(LEAVES[index], index, size, [*proof, head], head)
    assert not proof or not verify_inclusion(LEAVES[index], index, size, proof[:-1], head)


@given(sizes, st.data())
def test_any_consistency_proof_and_no_other(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    proof = consistency_proof(node, first, second)
    roots = mth(LEAVES[:first]), mth(LEAVES[:second])
    assert proof == subproof(first, LEAVES[:second])
    if proof:
        spot, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        forged = (int.from_bytes(proof[spot], "big") ^ 1 << bit).to_bytes(32, "big")
        assert not verify_consistency(first, second, [*proof[:spot], forged, *proof[spot + 1 :]], *roots)
        assert not verify_consistency(first, second, proof[:-1], *roots)
    assert not verify_consistency(first, second, [*proof, LEAVES[0]], *roots)
    assert not verify_consistency(first, second, proof, LEAVES[-1], roots[1])


@given(st.integers(0, 8), st.data())
def test_a_complete_subtree_is_in_every_later_tree(level: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, (LARGEST >> level) - 1))
    start, end = index << level, (index + 1) << level
    size = data.draw(st.integers(end, LARGEST))
    proof = path(start, LEAVES[:size])[level:] if size > 1 else []  # siblings above the subtree
    assert verify_subtree_consistency(start, end, size, proof, node(level, index), mth(LEAVES[:size]))
    assert not verify_subtree_consistency(start, end, size, proof, bytes(32), mth(LEAVES[:size]))


def test_nodes_are_stored_in_the_order_in_which_they_complete() -> None:
    assert len(STORED) == nodes_above(LARGEST)
    complete = [(level, index) for level in range(1, 9) for index in range(LARGEST >> level)]
    assert sorted(node_position(*one) for one in complete) == list(range(1, len(STORED) + 1))
    assert all(node(level, i) == mth(LEAVES[i << level : (i + 1) << level]) for level, i in complete)


def test_peaks_tile_the_leaves() -> None:
    assert peaks(0) == []
    assert peaks(0b1101) == [(3, 0), (2, 2), (0, 12)]


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_no_inclusion_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_proof(node, index, size)


@pytest.mark.parametrize(("first", "second"), [(0, 4), (5, 4), (0, 0)])
def test_no_consistency_proof_backwards_or_from_nothing(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="no consistency proof leads"):
        consistency_proof(node, first, second)
