"""Verification of Merkle proofs, for whoever holds a root: RFC 9162 §2.1.3.2 and §2.1.4.2, and for subtrees of a tree.

Every function tells True or False; malformed input is False, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from seawall.ledger.tree import EMPTY_ROOT, HASH_BYTES, node_hash

MAX_PROOF = 64  # hashes; a tree beyond 2^63 leaves is no tree of ours


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf hash stands at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size or len(leaf) != HASH_BYTES or not _well_formed(proof):
        return False
    place, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            computed = node_hash(sibling, computed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether the tree of `second` leaves starts with the tree of `first` leaves. An empty first tree proves nothing
    and is False."""
    return first > 0 and verify_subtree_consistency(0, first, second, proof, first_root, second_root)


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], subtree_root: bytes
) -> bool:
    """Whether a leaf hash stands at `index` of the whole tree, within its subtree [start, end)."""
    if not is_subtree(start, end):
        return False
    return verify_inclusion(leaf, index - start, end - start, proof, subtree_root)


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> bool:
    """Whether the tree of `size` leaves holds the subtree [start, end) with this root. An empty subtree holds."""
    if not is_subtree(start, end) or end > size or not _well_formed(proof):
        return False
    if start == end:
        return not proof and subtree_root == EMPTY_ROOT
    first, last, tree_last = start, end - 1, size - 1
    while first != last and (last & 1 or last == tree_last):
        first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
    hashes = iter(proof)
    computed = subtree_root if first == last else next(hashes, b"")
    if not computed:
        return False
    subtree_computed = computed
    for sibling in hashes:
        if tree_last == 0:
            return False
        if last & 1 or last == tree_last:
            if first < last:
                subtree_computed = node_hash(sibling, subtree_computed)
            computed = node_hash(sibling, computed)
            while not last & 1 and last:
                first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
        else:
            computed = node_hash(computed, sibling)
        first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
    return tree_last == 0 and subtree_computed == subtree_root and computed == root


def is_subtree(start: int, end: int) -> bool:
    """Whether [start, end) is a range that some tree has as a subtree; an empty one starts anywhere."""
    return 0 <= start <= end and (start == end or start % (1 << (end - start - 1).bit_length()) == 0)


def _well_formed(proof: Sequence[bytes]) -> bool:
    return len(proof) <= MAX_PROOF and all(len(one) == HASH_BYTES for one in proof)
