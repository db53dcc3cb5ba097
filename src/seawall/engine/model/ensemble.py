"""Plain trees, whatever file they were read from, and what is done with their sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .base import ModelError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MAX_TREES = 10_000
MAX_LEAVES = 65_536  # of one tree
MAX_NODES = 8_000_000  # of all trees
IDENTITY, SIGMOID, EXPONENTIAL, HALVING = range(4)  # HALVING: 2 to the power of the sum
CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of a split's decision type; the next three hold how it reads a value
MISSING_NONE, MISSING_ZERO, MISSING_NAN = range(3)  # LightGBM's: values next to 0 are 0
SET = 3  # a set of categories
PLAIN = 4  # the value as it is; only NaN is missing


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree. Split s sends a row to left[s] or right[s]: another split, or leaf ~child where it is negative.

    threshold of a categorical split is the number of its bit set, `categories[number]`: uint32 words, lowest bit first.
    The covers are how much of the training data came by, None where the file does not say.
    """

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    split_value: Floats  # what the tree would answer if it ended at this split
    leaf_value: Floats
    categories: tuple[npt.NDArray[np.uint32], ...] = ()
    split_cover: Floats | None = None
    leaf_cover: Floats | None = None


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Trees that are summed in order; the sum is divided by `divisor`, then transformed."""

    features: tuple[str, ...]
    objective: str
    transform: int
    slope: float  # of SIGMOID
    divisor: float
    trees: tuple[Tree, ...]


def check_shape(where: str, tree: Tree) -> None:
    """ModelError unless every split but the root, and every leaf, is the child of exactly one split before it."""
    splits = len(tree.feature)
    children = np.concatenate([tree.left, tree.right])
    parents = np.tile(np.arange(splits), 2)
    expected = np.concatenate([np.arange(-splits - 1, 0), np.arange(1, splits)]) if splits else np.empty(0, np.int64)
    whole = np.array_equal(np.sort(children), expected)
    if not whole or bool(np.any((children >= 0) & (children <= parents))):
        raise ModelError(f"{where}: its children do not form a tree; save the model again")


def check_count(count: int) -> None:
    """ModelError for no trees, or too many."""
    if not 1 <= count <= MAX_TREES:
        raise ModelError(f"the model has {count:,} trees; 1 to {MAX_TREES:,} are allowed")


def check_size(trees: Sequence[Tree]) -> None:
    """ModelError for more nodes than are allowed, or answers that may add up to no double."""
    if sum(len(tree.leaf_value) for tree in trees) * 2 > MAX_NODES:
        raise ModelError(f"the trees have more than {MAX_NODES:,} nodes; train fewer or smaller trees")
    if not np.isfinite(sum(float(np.abs(tree.leaf_value).max()) for tree in trees)):
        raise ModelError("the leaf values add up past the largest double; train again")
