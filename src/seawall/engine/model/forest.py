"""Trees laid out as flat arrays, so that every decision is one comparison.

A row is first spread over *columns*: a feature as one kind of split reads it. A numerical column holds the value, or
-inf (always goes left) or NaN (always goes right) where the split's rule for a missing value applies; a column of a set
of categories holds -inf inside the set and NaN outside. A split is then `column <= threshold` and nothing else. The
last column is -inf: leaves compare it and stay where they are, so that trees of unequal depth can be walked together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .base import ModelError
from .ensemble import CATEGORICAL, DEFAULT_LEFT, MISSING_NAN, MISSING_NONE, MISSING_ZERO, PLAIN, SET, Tree

LANES = 8  # trees (or rows) walked together, to hide the latency of loads
MAX_COLUMNS = 65_536
Packed = npt.NDArray[np.uint8]
# Key of a column: feature, kind, whether missing goes left, the words of its set
_Key = tuple[int, int, bool, bytes]


class Forest(NamedTuple):
    """Flat arrays of an ensemble; nodes of a tree lie together, its splits first, a right child after its left one.

    Columns: `source` the feature (leaves, which add nothing to it, have the first), `kind`, `fill` for missing,
    `set_start` and `set_words` into `sets`.
    Nodes: `threshold`, `column`, `child` (the left one; a leaf's is itself), `value` (a leaf's, or a split's own).
    Trees: `root`, `depth`; `order` holds the trees by depth and is padded to a multiple of LANES by the last tree.
    """

    source: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    fill: npt.NDArray[np.float64]
    set_start: npt.NDArray[np.int32]
    set_words: npt.NDArray[np.int32]
    sets: npt.NDArray[np.uint32]
    threshold: npt.NDArray[np.float64]
    column: npt.NDArray[np.int32]
    child: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    root: npt.NDArray[np.int32]
    depth: npt.NDArray[np.int32]
    order: npt.NDArray[np.int32]


@dataclass(slots=True)
class _Nodes:
    threshold: list[float] = field(default_factory=list)
    key: list[_Key | None] = field(default_factory=list)  # None: a leaf
    child: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    cover: list[float] = field(default_factory=list)  # NaN: not known

    def reserve(self, count: int) -> int:
        """Place of the first of `count` new nodes."""
        first = len(self.value)
        self.threshold += [0.0] * count
        self.key += [None] * count
        self.child += range(first, first + count)
        self.value += [0.0] * count
        self.cover += [np.nan] * count
        return first


def plant(trees: tuple[Tree, ...]) -> tuple[Forest, npt.NDArray[np.float64]]:
    """Lay the trees out; each node's cover (NaN: not known). ModelError for more columns than are allowed."""
    nodes = _Nodes()
    placed = [_place(tree, nodes) for tree in trees]
    root = np.array([first for first, _ in placed], np.int32)
    depth = np.array([deep for _, deep in placed], np.int32)
    keys = {key: index for index, key in enumerate(sorted({key for key in nodes.key if key is not None}))}
    if len(keys) > MAX_COLUMNS:
        raise ModelError(f"the trees split on {len(keys):,} sets and features; at most {MAX_COLUMNS:,} are allowed")
    words = [np.frombuffer(key[3], np.uint32) for key in keys]
    lengths = np.array([len(one) for one in words], np.int32)
    order = np.argsort(depth, kind="stable").astype(np.int32)
    forest = Forest(
        source=np.array([*(key[0] for key in keys), 0], np.int32),
        kind=np.array([key[1] for key in keys], np.uint8),
        fill=np.array([-np.inf if key[2] else np.nan for key in keys], np.float64),
        set_start=(np.cumsum(lengths) - lengths).astype(np.int32),
        set_words=lengths,
        sets=np.concatenate([np.zeros(0, np.uint32), *words]),
        threshold=np.array(nodes.threshold, np.float64),
        column=np.array([len(keys) if key is None else keys[key] for key in nodes.key], np.int32),
        child=np.array(nodes.child, np.int32),
        value=np.array(nodes.value, np.float64),
        root=root,
        depth=depth,
        order=np.concatenate([order, np.repeat(order[-1:], -len(order) % LANES)]),
    )
    return forest, np.array(nodes.cover, np.float64)


def pack(forest: Forest) -> Packed:
    """The forest's arrays in one: a call into compiled code unwraps one argument instead of thirteen.

    int64 pairs of first byte and end a field, then the arrays, each at a multiple of 8 bytes.
    """
    parts = [np.frombuffer(one.tobytes().ljust(-(-one.nbytes // 8) * 8, b"\0"), np.uint8) for one in forest]
    sizes = np.array([len(part) for part in parts])
    starts = 16 * len(parts) + np.cumsum(sizes) - sizes
    bounds = np.stack([starts, starts + [one.nbytes for one in forest]], axis=1).astype(np.int64)
    return np.concatenate([bounds.reshape(-1).view(np.uint8), *parts])


def _place(tree: Tree, nodes: _Nodes) -> tuple[int, int]:
    """Append one tree, level by level; its root and depth."""
    root = nodes.reserve(1)
    level = [(0 if len(tree.feature) else -1, root)]
    depth = -1
    while level:
        depth += 1
        below: list[tuple[int, int]] = []
        for index, at in level:
            if index < 0:
                nodes.value[at] = float(tree.leaf_value[~index])
                if tree.leaf_cover is not None:
                    nodes.cover[at] = float(tree.leaf_cover[~index])
                continue
            left = nodes.reserve(2)
            nodes.key[at], nodes.threshold[at] = _split(tree, index)
            nodes.value[at] = float(tree.split_value[index])
            if tree.split_cover is not None:
                nodes.cover[at] = float(tree.split_cover[index])
            nodes.child[at] = left
            below += [(int(tree.left[index]), left), (int(tree.right[index]), left + 1)]
        level = below
    return root, depth


def _split(tree: Tree, index: int) -> tuple[_Key, float]:
    """The column a split reads, and what it compares it with."""
    feature, decision, threshold = int(tree.feature[index]), int(tree.decision[index]), float(tree.threshold[index])
    if decision & CATEGORICAL:
        return (feature, SET, False, tree.categories[int(threshold)].tobytes()), 0.0
    kind = decision >> 2
    assert kind in (MISSING_NONE, MISSING_ZERO, MISSING_NAN, PLAIN), "the reader bounds decision types"
    return (feature, kind, kind != MISSING_NONE and bool(decision & DEFAULT_LEFT), b""), threshold
