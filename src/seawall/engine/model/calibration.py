"""Calibration: a map that never falls, from a model's score to the share of bad events among events of that score.

    {"kind": "isotonic", "library": "scikit-learn 1.7.2", "x": [0.1, 0.5, 0.9], "y": [0.001, 0.04, 0.6]}
    {"kind": "platt", "library": "seawall 0.1", "of": "log_odds", "slope": 1.2, "intercept": -0.4}

`isotonic` is linear between its points and flat outside of them. `platt` is 1 / (1 + exp(-(slope * s + intercept))),
s being the score or its log-odds (Platt 1999).
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numba import njit

from . import documents
from .artefact import approved_text
from .base import Matrix, Model, ModelError, Vector
from .documents import Document, floats, items, members, number

MAX_POINTS = 100_000
OF = ("score", "log_odds")
_KEYS = {
    "isotonic": {"kind", "library", "x", "y"},
    "platt": {"kind", "library", "of", "slope", "intercept"},
}


class Calibration(Protocol):
    """A map of scores; NaN stays NaN. A score maps to the same bits alone and among others."""

    def one(self, score: float) -> float:
        """The calibrated score."""

    def many(self, scores: Vector) -> Vector:
        """The calibrated scores."""


class Isotonic:
    """Linear between points (x, y), flat outside."""

    def __init__(self, x: Vector, y: Vector) -> None:
        self.x, self.y = x, y
        self.many(np.zeros(1))
        self.one(0.0)

    def one(self, score: float) -> float:
        """The calibrated score."""
        return float(_between(self.x, self.y, score))

    def many(self, scores: Vector) -> Vector:
        """The calibrated scores."""
        found = np.empty(len(scores))
        _between_all(self.x, self.y, scores, found)
        return found


class Platt:
    """A logistic curve over the score, or over its log-odds."""

    def __init__(self, slope: float, intercept: float, log_odds: bool) -> None:
        self._given = (slope, intercept, log_odds)
        self.many(np.zeros(1))
        self.one(0.0)

    def one(self, score: float) -> float:
        """The calibrated score."""
        return float(_logistic(score, *self._given))

    def many(self, scores: Vector) -> Vector:
        """The calibrated scores."""
        found = np.empty(len(scores))
        _logistic_all(scores, *self._given, found)
        return found


class CalibratedModel:
    """A model whose scores go through a calibration (contract: `base.Model`). Contributions, in the raw unit, stay."""

    def __init__(self, model: Model, calibration: Calibration) -> None:
        self.model, self.calibration = model, calibration
        self.features, self.hash, self.bias = model.features, model.hash, model.bias

    def score(self, row: Vector) -> float:
        """The calibrated score of one row."""
        return self.calibration.one(self.model.score(row))

    def score_rows(self, matrix: Matrix) -> Vector:
        """The calibrated scores of many rows, each as `score` gives it."""
        return self.calibration.many(self.model.score_rows(matrix))

    def contributions(self, row: Vector) -> Vector:
        """What each feature adds to the model's raw score."""
        return self.model.contributions(row)


def parse_calibration(data: bytes, expected_hash: str) -> Calibration:
    """The calibration in a file's bytes; ModelError for another hash, damage, or a map that falls."""
    document = documents.read(approved_text(data, expected_hash))
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise ModelError(f"kind must be one of {', '.join(_KEYS)}, not {str(kind)[:40]!r}")
    members("the calibration", document, _KEYS[kind])
    return _isotonic(document) if kind == "isotonic" else _platt(document)


def _isotonic(document: Document) -> Isotonic:
    count = len(items("", document, "x", "numbers"))
    if not 1 <= count <= MAX_POINTS:
        raise ModelError(f"the calibration has {count:,} points; 1 to {MAX_POINTS:,} are allowed")
    x = floats("the calibration", document, "x", count)
    y = floats("the calibration", document, "y", count, 0.0, 1.0)
    if np.any(np.diff(x) <= 0):
        raise ModelError("the calibration: x must rise from point to point; fit it again")
    if np.any(np.diff(y) < 0):
        raise ModelError("the calibration: y must not fall; a higher score is a higher risk")
    return Isotonic(x, y)


def _platt(document: Document) -> Platt:
    of = document.get("of")
    if of not in OF:
        raise ModelError(f"the calibration: of must be one of {', '.join(OF)}, not {str(of)[:40]!r}")
    slope = number("the calibration", document, "slope")
    if not slope > 0:
        raise ModelError(f"the calibration: slope must be above 0, not {slope:g}; a higher score is a higher risk")
    return Platt(slope, number("the calibration", document, "intercept"), of == "log_odds")


@njit(cache=True, nogil=True)
def _between(x: Vector, y: Vector, score: float) -> float:
    if math.isnan(score):
        return math.nan
    last = x.shape[0] - 1
    if score <= x[0]:
        return float(y[0])
    if score >= x[last]:
        return float(y[last])
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) >> 1
        if x[middle] <= score:
            low = middle
        else:
            high = middle
    # the part of the way, held below the next point's value: rounding must not make the map fall
    step = (score - x[low]) / (x[high] - x[low])
    return float(min(y[low] + step * (y[high] - y[low]), y[high]))


@njit(cache=True, nogil=True)
def _between_all(x: Vector, y: Vector, scores: Vector, found: Vector) -> None:
    for row in range(scores.shape[0]):
        found[row] = _between(x, y, scores[row])


@njit(cache=True, nogil=True)
def _logistic(score: float, slope: float, intercept: float, log_odds: bool) -> float:
    value = score
    if log_odds:
        if not 0.0 <= score <= 1.0:
            return math.nan
        if score == 0.0 or score == 1.0:
            return score
        value = math.log(score / (1.0 - score))
    return 1.0 / (1.0 + math.exp(-(slope * value + intercept)))


@njit(cache=True, nogil=True)
def _logistic_all(scores: Vector, slope: float, intercept: float, log_odds: bool, found: Vector) -> None:
    for row in range(scores.shape[0]):
        found[row] = _logistic(scores[row], slope, intercept, log_odds)
