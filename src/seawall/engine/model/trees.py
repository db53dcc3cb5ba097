"""An ensemble of trees as a model in line."""

from __future__ import annotations

import numpy as np

from . import kernels
from .base import Matrix, Vector, row_of, rows_of
from .contributions import path_contributions
from .ensemble import Ensemble
from .forest import pack, plant


class TreeModel:
    """Scores equal to those of the library that trained the trees (contract: `base.Model`); what equal means, by
    library, stands in the reference of models.

    Making one compiles the kernels, or takes them from numba's cache, so that no decision waits for them.
    """

    def __init__(self, ensemble: Ensemble, file_hash: str) -> None:
        self.features = ensemble.features
        self.hash = file_hash
        self.objective = ensemble.objective
        self.forest, self.cover = plant(ensemble.trees)
        self._packed = pack(self.forest)
        self.bias = float(sum(self.forest.value[self.forest.root]))
        self.divisor = ensemble.divisor
        self._transform = (ensemble.transform, ensemble.slope, ensemble.divisor)
        blank = np.zeros(len(self.features))
        self.score(blank)
        self.score_rows(blank[None])
        self.contributions(blank)

    def score(self, row: Vector) -> float:
        """The score of one row in the objective's unit; ModelError where the row has another length."""
        return float(kernels.score_row(self._packed, row_of(row, len(self.features)), *self._transform))

    def score_rows(self, matrix: Matrix) -> Vector:
        """The scores of many rows, shape (rows, features), each as `score` gives it."""
        totals = self.raw_rows(matrix)
        kernels.transform_rows(totals, *self._transform)
        return totals

    def raw_rows(self, matrix: Matrix) -> Vector:
        """The sums of the trees' answers, not divided, not transformed."""
        given = rows_of(matrix, len(self.features))
        totals = np.empty(len(given))
        kernels.sum_rows(self._packed, given, totals)
        return totals

    def contributions(self, row: Vector) -> Vector:
        """What each feature adds to the raw sum along the row's paths: `bias` + their sum is about the raw sum."""
        return path_contributions(self._packed, row_of(row, len(self.features)))

    def columns(self, matrix: Matrix) -> Matrix:
        """The rows spread over the forest's columns, shape (rows, columns): a split's row goes left where it is no
        more than the split's threshold there."""
        given = rows_of(matrix, len(self.features))
        found = np.empty((len(given), len(self.forest.source)))
        kernels.spread_rows(self._packed, given, found)
        return found
