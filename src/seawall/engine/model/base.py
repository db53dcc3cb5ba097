"""What every model in line offers, whatever it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol

import numpy as np
import numpy.typing as npt

from seawall.engine.errors import SeawallError

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
MAX_FEATURES = 10_000
_DOUBLE, _DENSE = np.dtype(np.float64), (8,)


class ModelError(SeawallError):
    """A model that cannot be loaded, or that does not fit the values it is given; one clear line."""


class Model(Protocol):
    """A scorer of rows of doubles in the order of `features`, NaN being missing.

    The score is in the model's own unit: a probability for a binary or logistic objective. The same row has the same
    score to the bit, alone or in any batch. A row of the wrong length is a ModelError.
    """

    @property
    def features(self) -> tuple[str, ...]:
        """Names of a row's values, in order."""

    @property
    def hash(self) -> str:
        """SHA-256 of the artefact, 64 hex digits."""

    @property
    def bias(self) -> float:
        """The raw score that the contributions start from."""

    def score(self, row: Vector) -> float:
        """The score of one row."""

    def score_rows(self, matrix: Matrix) -> Vector:
        """The scores of many rows, shape (rows, features)."""

    def contributions(self, row: Vector) -> Vector:
        """What each feature adds to the raw score (log-odds for a probability): `bias` + their sum is about it."""


def row_of(row: Vector, features: int) -> Vector:
    """The row as contiguous doubles; ModelError where it has another length."""
    if type(row) is np.ndarray and row.dtype is _DOUBLE and row.shape == (features,) and row.strides == _DENSE:
        return row
    given = np.ascontiguousarray(row, np.float64)
    if given.shape != (features,):
        raise ModelError(f"a row has shape {given.shape}, the model takes ({features},); see Model.features")
    return given


def rows_of(matrix: Matrix, features: int) -> Matrix:
    """The matrix as contiguous doubles by row; ModelError where it has another width."""
    given = np.ascontiguousarray(matrix, np.float64)
    if given.ndim != 2 or given.shape[1] != features:
        raise ModelError(f"rows have shape {given.shape}, the model takes (rows, {features}); see Model.features")
    return given


def columns_for(model: Model, available: Sequence[str]) -> npt.NDArray[np.int64]:
    """For each of the model's features its place among the `available` names.

    ModelError that names the features there are not.
    """
    place = {name: index for index, name in enumerate(available)}
    absent = [name for name in model.features if name not in place]
    if absent:
        near = get_close_matches(absent[0], available, 1)
        hint = f"did you mean {near[0]}?" if near else "declare it, or train without it"
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise ModelError(f"the model needs feature {absent[0]}{more}, which the policy does not have ({hint})")
    return np.array([place[name] for name in model.features], np.int64)


def check_features(names: Sequence[str]) -> tuple[str, ...]:
    """The names of an artefact's features; ModelError for none, too many, an empty or a repeated one."""
    if not 1 <= len(names) <= MAX_FEATURES:
        raise ModelError(f"the model has {len(names):,} features; 1 to {MAX_FEATURES:,} are allowed")
    seen: set[str] = set()
    for name in names:
        if not name or name in seen:
            raise ModelError(f"feature name {name!r} is {'repeated' if name else 'empty'}; name each feature once")
        seen.add(name)
    return tuple(names)
