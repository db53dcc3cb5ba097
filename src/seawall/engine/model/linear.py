"""Linear and logistic models: weights in a JSON artefact.

    {"kind": "logistic", "intercept": -2.5,
     "features": [{"name": "amount_ratio", "weight": 0.8, "reference": 1.0, "missing": 1.0}]}

score = intercept + sum of weight * value, through 1 / (1 + exp(-x)) for `logistic`. `reference` (default 0) is the
value whose contribution is 0; `missing`, where given, stands in for a NaN.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .base import Matrix, ModelError, Vector, check_features, row_of, rows_of
from .documents import Document, items, members, number

KINDS = ("linear", "logistic")
_MODEL_KEYS = {"kind", "intercept", "features"}
_FEATURE_KEYS = {"name", "weight", "reference", "missing"}


class LinearModel:
    """A linear or logistic model (contract: `base.Model`); NaN where a value without a stand-in is missing."""

    def __init__(
        self,
        features: tuple[str, ...],
        weights: Vector,
        intercept: float,
        reference: Vector,
        missing: Vector,
        logistic: bool,
        file_hash: str,
    ) -> None:
        self.features = features
        self.hash = file_hash
        self.objective = KINDS[logistic]
        self.bias = intercept + float(sum(weights * reference))
        self._weights, self._intercept, self._reference, self._missing = weights, intercept, reference, missing
        self._logistic = logistic

    def score(self, row: Vector) -> float:
        """The score of one row; ModelError where the row has another length."""
        return float(self._scores(row_of(row, len(self.features))[None])[0])

    def score_rows(self, matrix: Matrix) -> Vector:
        """The scores of many rows, shape (rows, features), each as `score` gives it."""
        return self._scores(rows_of(matrix, len(self.features)))

    def contributions(self, row: Vector) -> Vector:
        """weight * (value - reference) of each feature, in raw units."""
        return self._weights * (self._filled(row_of(row, len(self.features))) - self._reference)

    def _filled(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(np.isnan(values), self._missing, values)

    def _scores(self, rows: Matrix) -> Vector:
        with np.errstate(over="ignore", invalid="ignore"):
            terms = self._filled(rows) * self._weights
            totals = np.full(len(rows), self._intercept)
            for index in range(terms.shape[1]):  # one order of summing, whatever the shape of the batch
                totals += terms[:, index]
        # math.exp and not numpy's, whose vector form may round otherwise than its scalar one
        return np.array([_sigmoid(total) for total in totals.tolist()]) if self._logistic else totals


def _sigmoid(total: float) -> float:
    if total < -709.0:  # below, exp(-total) is past the largest double
        return 0.0
    return 1.0 / (1.0 + math.exp(-total))


def parse_linear(document: Document, file_hash: str) -> LinearModel:
    """The model of a JSON artefact of one of KINDS; ModelError for what is damaged, out of bounds or unknown."""
    members("the model", document, _MODEL_KEYS)
    listed = items("", document, "features", "{name, weight}")
    terms = [members(f"features[{index}]", term, _FEATURE_KEYS) for index, term in enumerate(listed)]
    names = check_features([_name(index, term) for index, term in enumerate(terms)])

    def column(key: str, default: float | None) -> Vector:
        return np.array([number(name, term, key, default) for name, term in zip(names, terms, strict=True)])

    return LinearModel(
        features=names,
        weights=column("weight", None),
        intercept=number("the model", document, "intercept"),
        reference=column("reference", 0.0),
        missing=column("missing", math.nan),
        logistic=document["kind"] == "logistic",
        file_hash=file_hash,
    )


def _name(index: int, term: Document) -> str:
    name = term.get("name")
    if not isinstance(name, str):
        raise ModelError(f"features[{index}]: name must be a string")
    return name
