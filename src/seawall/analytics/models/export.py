"""Fitted scikit-learn models as artefacts that the engine scores.

scikit-learn's trees compare a value rounded to single precision. The artefact's thresholds are moved so that comparing
the double itself comes to the same: `below` gives the largest double that rounds to no more than the threshold.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_EULER = float(np.euler_gamma)
_LARGEST = float(np.finfo(np.float64).max)


def forest_artefact(fitted: Any, features: Sequence[str]) -> str:
    """A RandomForestClassifier or ExtraTreesClassifier of two classes as JSON text; its score is the probability of
    the second class. ValueError for other classes, outputs or names."""
    _check_names(fitted, features)
    if fitted.n_outputs_ != 1 or len(fitted.classes_) != 2:
        raise ValueError("the forest must tell two classes apart; train on labels 0 and 1")
    trees = [
        _tree(one.tree_, one.tree_.value[:, 0, 1], one.tree_.weighted_n_node_samples) for one in fitted.estimators_
    ]
    return _text("random_forest", features, trees)


def isolation_artefact(fitted: Any, features: Sequence[str]) -> str:
    """An IsolationForest as JSON text; its score is -score_samples. ValueError for other names."""
    _check_names(fitted, features)
    trees = []
    for one, chosen in zip(fitted.estimators_, fitted.estimators_features_, strict=True):
        raw = one.tree_
        lengths = _depths(raw) + path_length(raw.n_node_samples)
        trees.append(_tree(raw, lengths, raw.n_node_samples, np.asarray(chosen)))
    whole = float(path_length(np.array([fitted.max_samples_]))[0])
    return _text("isolation_forest", features, trees, path_length=whole)


def logistic_artefact(fitted: Any, features: Sequence[str], missing: Sequence[float] | None = None) -> str:
    """A LogisticRegression of two classes as JSON text; the score is the probability of the second class.

    `missing` gives the values that stand in for missing ones, a feature each. ValueError for other classes or names.
    """
    _check_names(fitted, features)
    if len(fitted.classes_) != 2:
        raise ValueError("the regression must tell two classes apart; train on labels 0 and 1")
    return logistic_text(features, fitted.coef_[0], float(fitted.intercept_[0]), missing=missing)


def logistic_text(
    features: Sequence[str],
    weights: Sequence[float],
    intercept: float,
    reference: Sequence[float] | None = None,
    missing: Sequence[float] | None = None,
) -> str:
    """A logistic model as JSON text; `reference` gives the values that contribute nothing (0 unless told)."""
    terms: list[dict[str, Any]] = [{"name": name} for name in features]
    for key, values in (("weight", weights), ("reference", reference), ("missing", missing)):
        for term, value in zip(terms, values, strict=True) if values is not None else ():
            term[key] = float(value)
    return json.dumps({"kind": "logistic", "intercept": intercept, "features": terms})


def path_length(samples: npt.NDArray[Any]) -> Floats:
    """The average length of an unsuccessful search in a binary tree of so many samples (Liu, Ting and Zhou 2008):
    2 (ln(n - 1) + gamma) - 2 (n - 1) / n, 1 for two samples, 0 for one."""
    n = np.maximum(np.asarray(samples, np.float64), 2.0)
    with np.errstate(divide="ignore"):
        found = 2.0 * (np.log(n - 1.0) + _EULER) - 2.0 * (n - 1.0) / n
    return np.where(samples > 2, found, np.where(samples == 2, 1.0, 0.0))


def below(thresholds: Floats) -> Floats:
    """For each threshold the largest finite double that, rounded to single precision (ties to even), is no more.

    An infinite threshold, which tells missing values from all others, becomes the largest double.
    """
    with np.errstate(over="ignore"):
        return np.clip(_below(thresholds), -_LARGEST, _LARGEST)


def _below(thresholds: Floats) -> Floats:
    single = thresholds.astype(np.float32)
    single = np.where(single > thresholds, np.nextafter(single, np.float32(-np.inf)), single)
    above = np.nextafter(single, np.float32(np.inf))
    half = (single.astype(np.float64) + above.astype(np.float64)) / 2.0
    even = single.view(np.int32) & 1 == 0
    return np.where(even, half, np.nextafter(half, -np.inf))


def _check_names(fitted: Any, features: Sequence[str]) -> None:
    if len(features) != fitted.n_features_in_:
        raise ValueError(f"{len(features)} names for {fitted.n_features_in_} features; name each one")


def _tree(raw: Any, values: Floats, cover: npt.NDArray[Any], chosen: Ints | None = None) -> dict[str, list[Any]]:
    """One tree's splits and leaves apart; an inner node's value is the mean of its leaves by cover where `chosen`."""
    left, right = raw.children_left, raw.children_right
    is_split = left >= 0
    number = np.where(is_split, np.cumsum(is_split) - 1, ~(np.cumsum(~is_split) - 1))
    feature = raw.feature[is_split]
    if chosen is not None:
        feature, values = chosen[feature], _means(raw, values, cover)
    return {
        "feature": feature.tolist(),
        "threshold": below(raw.threshold[is_split]).tolist(),
        "missing_left": raw.missing_go_to_left[is_split].astype(int).tolist(),
        "left": number[left[is_split]].tolist(),
        "right": number[right[is_split]].tolist(),
        "split_value": values[is_split].tolist(),
        "split_cover": cover[is_split].tolist(),
        "leaf_value": values[~is_split].tolist(),
        "leaf_cover": cover[~is_split].tolist(),
    }


def _depths(raw: Any) -> Floats:
    """Splits above each node; a parent stands before its children."""
    depths = np.zeros(raw.node_count)
    for node in np.flatnonzero(raw.children_left >= 0):
        depths[[raw.children_left[node], raw.children_right[node]]] = depths[node] + 1.0
    return depths


def _means(raw: Any, values: Floats, cover: npt.NDArray[Any]) -> Floats:
    """Leaves' values, and for each split the mean of its leaves weighed by cover."""
    found = values.astype(np.float64)
    for node in np.flatnonzero(raw.children_left >= 0)[::-1]:
        below = [raw.children_left[node], raw.children_right[node]]
        found[node] = found[below] @ cover[below] / cover[below].sum()
    return found


def _text(kind: str, features: Sequence[str], trees: list[dict[str, list[Any]]], **more: float) -> str:
    import sklearn

    head = {"kind": kind, "library": f"scikit-learn {sklearn.__version__}", "features": list(features)}
    return json.dumps(head | more | {"trees": trees}, separators=(",", ":"))
