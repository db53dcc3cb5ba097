"""LightGBM's text format (`Booster.save_model`, versions v3 and v4) read into plain trees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .base import ModelError, check_features
from .ensemble import (
    CATEGORICAL,
    EXPONENTIAL,
    IDENTITY,
    MAX_LEAVES,
    SIGMOID,
    Ensemble,
    Floats,
    Ints,
    Tree,
    check_count,
    check_shape,
    check_size,
)

VERSIONS = ("v3", "v4")
_TRANSFORMS = {
    **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape"), IDENTITY),
    **dict.fromkeys(("binary", "cross_entropy"), SIGMOID),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), EXPONENTIAL),
}
_INTEGER = re.compile(r"-?[0-9]{1,10}")
_END = "end of trees"


def parse_lightgbm(text: str) -> Ensemble:
    """The ensemble of a model file's text; ModelError for what is damaged, out of bounds or not supported."""
    body, end, tail = text.partition(f"\n{_END}")
    if not end:
        raise ModelError(f"the line '{_END}' is missing: the file is cut off; save the model again")
    head, *blocks = body.split("\nTree=")
    fields = _fields("header", head)
    _supported(fields, tail)
    features = check_features(_get("header", fields, "feature_names").split())
    if len(features) != _integer("header", fields, "max_feature_idx") + 1:
        raise ModelError("header: feature_names and max_feature_idx disagree; save the model again")
    objective, transform, slope = _objective(fields.get("objective", ""))
    check_count(len(blocks))
    if "tree_sizes" in fields and len(fields["tree_sizes"].split()) != len(blocks):
        raise ModelError("header: tree_sizes does not count the trees that follow; save the model again")
    trees = tuple(_tree(number, block, len(features)) for number, block in enumerate(blocks))
    check_size(trees)
    divisor = float(len(trees)) if "average_output" in fields else 1.0
    return Ensemble(features, objective, transform, slope, divisor, trees)


def _supported(fields: Mapping[str, str], tail: str) -> None:
    version = _get("header", fields, "version")
    if version not in VERSIONS:
        raise ModelError(f"header: version {version} is not read; save the model with LightGBM 3 or 4")
    for name in ("num_class", "num_tree_per_iteration"):
        if _integer("header", fields, name) != 1:
            raise ModelError(f"header: {name} must be 1; train one model a class")
    categories = re.search(r"^pandas_categorical:(.*)$", tail, re.MULTILINE)
    if categories and categories[1].strip() not in ("null", "[]"):
        raise ModelError("the model has pandas categories; train on integer codes and name them categorical_feature")


def _objective(text: str) -> tuple[str, int, float]:
    """Name, transform and slope; without an objective (a custom one) the score is the raw sum."""
    name, *options = text.split() or ["none"]
    if name != "none" and name not in _TRANSFORMS:
        raise ModelError(f"objective {name} is not supported; use one of {', '.join(_TRANSFORMS)}")
    slope = 1.0
    for option in options:
        key, _, value = option.partition(":")
        if key == "sqrt":
            raise ModelError("objective option sqrt is not supported; train without reg_sqrt")
        if key == "sigmoid" and name == "binary":
            slope = float(_floats("objective", "sigmoid", value, 1)[0])
            if not 0 < slope < np.inf:
                raise ModelError(f"objective: sigmoid must be positive, not {value}")
    return name, _TRANSFORMS.get(name, IDENTITY), slope


def _tree(number: int, block: str, features: int) -> Tree:
    where = f"tree {number}"
    label, _, rest = block.partition("\n")
    if label.strip() != str(number):
        raise ModelError(f"{where}: is numbered {label.strip()[:20]!r}; trees must follow each other")
    fields = _fields(where, rest)
    leaves = _integer(where, fields, "num_leaves")
    if not 1 <= leaves <= MAX_LEAVES:
        raise ModelError(f"{where}: has {leaves:,} leaves; 1 to {MAX_LEAVES:,} are allowed")
    if fields.get("is_linear", "0") != "0":
        raise ModelError(f"{where}: has linear leaves, which are not supported; train without linear_tree")
    splits = leaves - 1
    covered = splits > 0 and "internal_count" in fields and "leaf_count" in fields

    def floats(name: str, count: int, finite: bool = True) -> Floats:
        return _floats(where, name, _get(where, fields, name) if count else "", count, finite)

    def integers(name: str, least: int, most: int) -> Ints:
        return _integers(where, name, _get(where, fields, name) if splits else "", splits, least, most)

    tree = Tree(
        feature=integers("split_feature", 0, features - 1),
        threshold=floats("threshold", splits, finite=False),
        decision=integers("decision_type", 0, 11),
        left=integers("left_child", -leaves, splits - 1),
        right=integers("right_child", -leaves, splits - 1),
        split_value=floats("internal_value", splits),
        leaf_value=floats("leaf_value", leaves),
        categories=_categories(where, fields),
        split_cover=floats("internal_count", splits) if covered else None,
        leaf_cover=floats("leaf_count", leaves) if covered else None,
    )
    check_shape(where, tree)
    _check_categories(where, tree)
    return tree


def _check_categories(where: str, tree: Tree) -> None:
    of_sets = tree.threshold[(tree.decision & CATEGORICAL) != 0]
    if not np.all(np.isin(of_sets, np.arange(len(tree.categories)))):
        raise ModelError(f"{where}: a categorical split names no set of cat_threshold; save the model again")


def _categories(where: str, fields: Mapping[str, str]) -> tuple[npt.NDArray[np.uint32], ...]:
    count = _integer(where, fields, "num_cat")
    if not 0 <= count < MAX_LEAVES:
        raise ModelError(f"{where}: num_cat must lie between 0 and {MAX_LEAVES:,}, not {count:,}")
    if count == 0:
        return ()
    most = 1 << 24
    bounds = _integers(where, "cat_boundaries", _get(where, fields, "cat_boundaries"), count + 1, 0, most)
    if bounds[0] != 0 or np.any(np.diff(bounds) < 0):
        raise ModelError(f"{where}: cat_boundaries must rise from 0; save the model again")
    text = _get(where, fields, "cat_threshold")
    words = _integers(where, "cat_threshold", text, int(bounds[-1]), 0, 2**32 - 1).astype(np.uint32)
    return tuple(words[start:end] for start, end in pairwise(bounds.tolist()))


# --- fields -----------------------------------------------------------------------------------------------------------


def _fields(where: str, text: str) -> dict[str, str]:
    """`name=value` lines; a line without `=` is a name alone."""
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        name, _, value = line.rstrip("\r").partition("=")
        if name and name in fields:
            raise ModelError(f"{where}: {name[:40]!r} is given twice; save the model again")
        fields[name] = value
    return fields


def _get(where: str, fields: Mapping[str, str], name: str) -> str:
    try:
        return fields[name]
    except KeyError:
        raise ModelError(f"{where}: {name} is missing; save the model again") from None


def _integer(where: str, fields: Mapping[str, str], name: str) -> int:
    text = _get(where, fields, name).strip()
    if not _INTEGER.fullmatch(text):
        raise ModelError(f"{where}: {name} must be an integer, not {text[:40]!r}")
    return int(text)


def _values(where: str, name: str, text: str, count: int) -> list[str]:
    parts = text.split()
    if len(parts) != count:
        raise ModelError(f"{where}: {name} has {len(parts):,} values, not {count:,}; the file is damaged or cut off")
    return parts


def _floats(where: str, name: str, text: str, count: int, finite: bool = True) -> Floats:
    parts = _values(where, name, text, count)
    try:
        values = np.array([float(part) for part in parts], np.float64)
    except ValueError as error:
        raise ModelError(f"{where}: {name} holds something that is no number ({error}); save the model again") from None
    if np.any(np.isnan(values)) or (finite and not np.all(np.isfinite(values))):
        raise ModelError(f"{where}: {name} holds a NaN or an infinity; train again on clean values")
    return values


def _integers(where: str, name: str, text: str, count: int, least: int, most: int) -> Ints:
    parts = _values(where, name, text, count)
    for part in parts:
        if not _INTEGER.fullmatch(part) or not least <= int(part) <= most:
            raise ModelError(f"{where}: {name} holds {part[:40]!r}, not an integer from {least} to {most}")
    return np.array([int(part) for part in parts], np.int64)
