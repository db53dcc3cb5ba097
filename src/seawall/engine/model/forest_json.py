"""Forests in JSON: a random forest, or an isolation forest.

    {"kind": "random_forest", "library": "scikit-learn 1.7.2", "features": ["amount", "device_age"],
     "trees": [{"feature": [0], "threshold": [10.5], "missing_left": [0], "left": [-1], "right": [-2],
                "split_value": [0.1], "split_cover": [200], "leaf_value": [0.02, 0.9], "leaf_cover": [181, 19]}]}

A split sends `value <= threshold` and, where `missing_left` is 1, a missing value to `left`; a child is the number of a
split, or ~ the number of a leaf. A random forest answers the mean of its trees' values. The values of an isolation
forest are path lengths; its score is 2 ** (-mean length / `path_length`), where `path_length` is what a sample of the
trees' size has on average (Liu, Ting and Zhou 2008): near 1 is strange, below 0.5 is ordinary.
"""

from __future__ import annotations

import sys
from typing import Any

from .base import ModelError, check_features
from .documents import Document, floats, integers, items, members, number
from .ensemble import (
    DEFAULT_LEFT,
    HALVING,
    IDENTITY,
    MAX_LEAVES,
    PLAIN,
    Ensemble,
    Tree,
    check_count,
    check_shape,
    check_size,
)

RANDOM_FOREST, ISOLATION_FOREST = KINDS = ("random_forest", "isolation_forest")
_MODEL_KEYS = {"kind", "library", "features", "trees"}
_OF_SPLITS = {"feature", "threshold", "missing_left", "left", "right", "split_value", "split_cover"}
_TREE_KEYS = _OF_SPLITS | {"leaf_value", "leaf_cover"}
_MOST = {RANDOM_FOREST: 1.0, ISOLATION_FOREST: 1e6}  # a tree's highest value: a probability, a length
_MOST_COVER = 1e15
_LARGEST = sys.float_info.max


def parse_forest(document: Document) -> Ensemble:
    """The ensemble of a JSON artefact of one of KINDS; ModelError for what is damaged, out of bounds or unknown.

    An isolation forest's values are negated: as with every model, what is higher is worse.
    """
    kind = document["kind"]
    members("the model", document, _MODEL_KEYS | ({"path_length"} if kind == ISOLATION_FOREST else set()))
    if not isinstance(document.get("library"), str):
        raise ModelError("library must be text that names what trained the model, and its version")
    names = items("", document, "features", "names")
    if not all(isinstance(name, str) for name in names):
        raise ModelError("features must be a list of names")
    features = check_features(names)
    listed = items("", document, "trees", "trees")
    check_count(len(listed))
    trees = tuple(_tree(f"tree {place}", one, len(features), kind) for place, one in enumerate(listed))
    check_size(trees)
    if kind == RANDOM_FOREST:
        return Ensemble(features, kind, IDENTITY, 1.0, float(len(trees)), trees)
    length = number("the model", document, "path_length")
    if not length > 0:
        raise ModelError(
            f"the model: path_length must be above 0, not {length:g}; train on samples of two rows or more"
        )
    return Ensemble(features, kind, HALVING, 1.0, len(trees) * length, trees)


def _tree(where: str, value: Any, features: int, kind: str) -> Tree:
    holder = members(where, value, _TREE_KEYS)
    splits = len(items(f"{where}: ", holder, "feature", "numbers"))
    leaves = splits + 1
    if leaves > MAX_LEAVES:
        raise ModelError(f"{where}: has {leaves:,} leaves; 1 to {MAX_LEAVES:,} are allowed")
    most, sign = _MOST[kind], -1.0 if kind == ISOLATION_FOREST else 1.0
    missing_left = integers(where, holder, "missing_left", splits, 0, 1)
    tree = Tree(
        feature=integers(where, holder, "feature", splits, 0, features - 1),
        threshold=floats(where, holder, "threshold", splits, -_LARGEST, _LARGEST),
        decision=(PLAIN << 2) + DEFAULT_LEFT * missing_left,
        left=integers(where, holder, "left", splits, -leaves, splits - 1),
        right=integers(where, holder, "right", splits, -leaves, splits - 1),
        split_value=sign * floats(where, holder, "split_value", splits, 0.0, most),
        leaf_value=sign * floats(where, holder, "leaf_value", leaves, 0.0, most),
        split_cover=floats(where, holder, "split_cover", splits, 0.0, _MOST_COVER),
        leaf_cover=floats(where, holder, "leaf_cover", leaves, 0.0, _MOST_COVER),
    )
    check_shape(where, tree)
    return tree
