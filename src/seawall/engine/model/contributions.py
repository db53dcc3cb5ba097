"""Cheap contributions, and the reasons read from them.

A split on a row's path moves the tree's expected answer from its own value to its child's; the difference is put down
to the split's feature (Saabas 2014). The differences telescope, so a row's contributions add up to its raw score less
the roots' values. They are a fast hint for the analyst, not Shapley values, which weigh all orders of the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from . import kernels
from .base import Vector
from .forest import Packed


class Reason(NamedTuple):
    """A feature and what it added to the raw score."""

    feature: str
    contribution: float


def path_contributions(forest: Packed, row: Vector) -> Vector:
    """For each value of a row of contiguous doubles, the sum of the differences along its paths."""
    by_feature = np.zeros(len(row))
    kernels.path_differences(forest, row, by_feature)
    return by_feature


def top_reasons(features: Sequence[str], contributions: Vector, most: int = 4) -> list[Reason]:
    """The features that raised the score most, highest first, equal ones in the order of `features`.

    At most `most`; none that lowered it, left it alone, or has no finite contribution.
    """
    assert len(features) == len(contributions), "one contribution a feature"
    assert most >= 0, "a count"
    places, count = kernels.highest(contributions, most)
    return [Reason(features[place], float(contributions[place])) for place in places[:count].tolist()]
