"""Intervals of a proportion."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95


class Interval(NamedTuple):
    """Lower and upper limit."""

    low: float
    high: float


def wilson(hits: int, n: int, level: float = LEVEL) -> Interval:
    """Wilson's score interval of `hits` among `n` at a two-sided `level`; 0 to 1 where n is 0."""
    if not 0.0 < level < 1.0:
        raise ValueError("the level must be between 0 and 1")
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits among {n} cannot be")
    if n == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    share = hits / n
    shrunk = 1.0 + z * z / n
    centre = (share + z * z / (2.0 * n)) / shrunk
    half = z / shrunk * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return Interval(low, high)
