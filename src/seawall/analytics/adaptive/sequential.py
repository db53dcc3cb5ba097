"""Champion against challenger, looked at as often as one likes: the error level holds over all looks together.

Shares: a product of betting scores against "both shares are equal" (Turner, Ly and Grünwald 2024), exact for any number
of events. Means: the mixture sequential probability ratio test with a normal mixture (Johari, Koomen, Pekelis and Walsh
2022), for large samples. Both count events as independent: where sides are drawn by entity, count entities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from seawall.analytics.feedback.interval import LEVEL, Interval

_MOST = 300.0  # of a logarithm, far beyond any level, so that its exponential stays finite


def _p_value(peak: float) -> float:
    return math.exp(-min(max(peak, 0.0), _MOST))


@dataclass(frozen=True, slots=True)
class Proportions:
    """Whether two shares differ: `Proportions()`, then `step` for each batch. Batches are best small, as a day or less.

    `evidence`: natural log of the betting score; `peak`: its highest so far. The first batch only teaches.
    """

    hits_a: int = 0
    n_a: int = 0
    hits_b: int = 0
    n_b: int = 0
    evidence: float = 0.0
    peak: float = 0.0

    def step(self, hits_a: int, n_a: int, hits_b: int, n_b: int) -> Proportions:
        """After one more batch; its sizes must not depend on what came of it."""
        if not 0 <= hits_a <= n_a or not 0 <= hits_b <= n_b:
            raise ValueError("hits must be between 0 and the number of events")
        evidence = self.evidence
        if n_a and n_b:
            a, b = (self.hits_a + 0.5) / (self.n_a + 1.0), (self.hits_b + 0.5) / (self.n_b + 1.0)
            both = (n_a * a + n_b * b) / (n_a + n_b)
            evidence += _log_odds(hits_a, n_a, a, both) + _log_odds(hits_b, n_b, b, both)
        return Proportions(
            self.hits_a + hits_a, self.n_a + n_a, self.hits_b + hits_b, self.n_b + n_b, evidence,
            max(self.peak, evidence),
        )  # fmt: skip

    @property
    def p_value(self) -> float:
        """Always valid: where the shares are equal, it ever falls to alpha with probability alpha at most."""
        return _p_value(self.peak)

    @property
    def difference(self) -> float | None:
        """b's share less a's; None where one side has no events."""
        return self.hits_b / self.n_b - self.hits_a / self.n_a if self.n_a and self.n_b else None


def _log_odds(hits: int, n: int, share: float, both: float) -> float:
    return hits * math.log(share / both) + (n - hits) * math.log((1.0 - share) / (1.0 - both))


@dataclass(frozen=True, slots=True)
class Moments:
    """Number, mean and sum of squared deviations of some values; those of parts join into those of the whole."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """Of an array of finite numbers of any length."""
        array = np.asarray(values, dtype=np.float64).reshape(-1)
        if not np.isfinite(array).all():
            raise ValueError("a value is not finite")
        if not len(array):
            return cls()
        mean = float(array.mean())
        return cls(len(array), mean, float(((array - mean) ** 2).sum()))

    @classmethod
    def of_share(cls, hits: int, n: int) -> Moments:
        """Of n values of which `hits` are 1 and the others 0."""
        if not 0 <= hits <= n:
            raise ValueError("hits must be between 0 and the number of events")
        return cls(n, hits / n, hits * (n - hits) / n) if n else cls()

    def join(self, other: Moments) -> Moments:
        """Both together."""
        n = self.n + other.n
        if not n:
            return self
        apart = other.mean - self.mean
        mean = self.mean + apart * other.n / n
        return Moments(n, mean, self.squares + other.squares + apart * apart * self.n * other.n / n)

    @property
    def variance(self) -> float:
        """Of one value, unbiased; 0 below two values."""
        return self.squares / (self.n - 1) if self.n > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Means:
    """Whether two means differ: `Means(scale)`, then `step` for each batch.

    `scale`: the difference worth finding, in the values' unit; any choice is valid, a good one finds it sooner.
    `least`: values a side before anything is said, as the normal law is only near from then on; more for heavy tails.
    """

    scale: float
    least: int = 100
    a: Moments = Moments()
    b: Moments = Moments()
    peak: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.scale < math.inf:
            raise ValueError("the scale must be above 0 and finite")
        if self.least < 30:
            raise ValueError("least must be 30 or more")

    def step(self, a: Moments, b: Moments) -> Means:
        """After one more batch of each side."""
        after = replace(self, a=self.a.join(a), b=self.b.join(b))
        return replace(after, peak=max(self.peak, after.evidence))

    @property
    def evidence(self) -> float:
        """Natural log of the mixture likelihood ratio; 0 before `least` values a side, or where none varies."""
        v, square = self._variance(), self.scale**2
        if v is None:
            return 0.0
        apart = self.b.mean - self.a.mean
        return 0.5 * math.log(v / (v + square)) + square * apart * apart / (2.0 * v * (v + square))

    @property
    def p_value(self) -> float:
        """Always valid for large samples."""
        return _p_value(self.peak)

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Of b's mean less a's: holds the truth at all looks together with probability `level`; None before `least`."""
        if not 0.0 < level < 1.0:
            raise ValueError("the level must be between 0 and 1")
        v, square = self._variance(), self.scale**2
        if v is None:
            return None
        half = math.sqrt(2.0 * v * (v + square) / square * (0.5 * math.log((v + square) / v) - math.log(1.0 - level)))
        apart = self.b.mean - self.a.mean
        return Interval(apart - half, apart + half)

    def _variance(self) -> float | None:
        """Of the difference of means."""
        if min(self.a.n, self.b.n) < self.least:
            return None
        return self.a.variance / self.a.n + self.b.variance / self.b.n or None
