"""When a rule's share of hits that are fraud (or frauds that it catches, or events on which it fires) has dropped.

A CUSUM of log likelihood ratios over periods: a beta-binomial (a binomial where events do not cluster) with the share
dropped, against one with the share as it was. Independent periods whose share has not dropped give a false alarm once
in `periods` of them on average, or more rarely: the ratios have mean 1, so the Shiryaev-Roberts sum less the number of
periods is a martingale, it is above the CUSUM's exponential, and that passes `periods` at an alarm (Lorden 1971, Pollak
1985). Periods may be of any sizes. For R rules watched at once, ask for R times the periods.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seawall.analytics.feedback.interval import LEVEL, wilson

MOST_PERIODS = 1e9
_LARGEST_OVERDISPERSION = 0.5
_SMALLEST_OVERDISPERSION = 1e-6  # below it the differences of logarithms drown in rounding


def threshold(periods: float) -> float:
    """Height of the CUSUM that a false alarm passes once in `periods` periods on average, or more rarely."""
    if not 1.0 < periods <= MOST_PERIODS:
        raise ValueError(f"periods between false alarms must be above 1 and at most {MOST_PERIODS:,.0f}")
    return math.log(periods)


def overdispersion(hits: Sequence[int], n: Sequence[int]) -> float:
    """Correlation of two events of one period, by moments, from baseline periods: 0 to 0.5; 0 where it cannot be told.

    Frauds come in campaigns: without it, an ordinary bad day would look like decay.
    """
    if len(hits) != len(n):
        raise ValueError("hits and n must be of one length")
    used = [(k, size) for k, size in zip(hits, n, strict=True) if size > 0]
    total = sum(size for _, size in used)
    if len(used) < 2 or total <= len(used):
        return 0.0
    share = sum(k for k, _ in used) / total
    if not 0.0 < share < 1.0:
        return 0.0
    between = sum(size * (k / size - share) ** 2 for k, size in used) / (share * (1.0 - share))
    weight = sum(1.0 - size / total for _, size in used)  # expected `between` of independent events
    spread = sum((size - 1) * (1.0 - size / total) for _, size in used)
    return min(max((between - weight) / spread, 0.0), _LARGEST_OVERDISPERSION) if spread > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """The share as it was, and how far it must drop to matter.

    `share`: use `measured`, or a target. `drop`: fraction of it that is lost. `correlation`: see `overdispersion`.
    """

    share: float
    drop: float = 0.3
    correlation: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.share < 1.0:
            raise ValueError("the baseline share must be between 0 and 1")
        if not 0.0 < self.drop < 1.0:
            raise ValueError("the drop must be between 0 and 1")
        if not 0.0 <= self.correlation <= _LARGEST_OVERDISPERSION:
            raise ValueError(f"the correlation must be between 0 and {_LARGEST_OVERDISPERSION}")

    @classmethod
    def measured(
        cls, hits: Sequence[int], n: Sequence[int], drop: float = 0.3, level: float = LEVEL
    ) -> Baseline | None:
        """From counts by period: the lower limit of Wilson's interval, so that luck in the baseline is no decay later.

        The interval is that of as many independent events as their correlation leaves. None where no hit remains.
        """
        correlation = overdispersion(hits, n)
        total = sum(n)
        if not sum(hits):
            return None
        inflation = 1.0 + correlation * (sum(size * size for size in n) / total - 1.0)
        left = max(1, int(total / inflation))
        low = wilson(int(sum(hits) / total * left), left, level).low
        return cls(low, drop, correlation) if low > 0.0 else None

    def log_ratio(self, hits: int, n: int) -> float:
        """Log likelihood of `hits` among `n` with the share dropped, less that with the share as it was."""
        if not 0 <= hits <= n:
            raise ValueError(f"{hits} hits among {n} cannot be")
        before, after = self.share, self.share * (1.0 - self.drop)
        if self.correlation < _SMALLEST_OVERDISPERSION:
            return hits * math.log(after / before) + (n - hits) * math.log((1.0 - after) / (1.0 - before))
        weight = (1.0 - self.correlation) / self.correlation
        return _log_beta(hits, n, after, weight) - _log_beta(hits, n, before, weight)


@dataclass(frozen=True, slots=True)
class Decay:
    """One watched share: `Decay(baseline, threshold(periods))`, then `step` for each period; `alarm` stays once raised.

    `height`: the CUSUM; `periods`: seen; `quiet`: the last period after which it was 0, hence the drop's likely start.
    """

    baseline: Baseline
    threshold: float
    height: float = 0.0
    periods: int = 0
    quiet: int = 0
    alarm: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= math.log(MOST_PERIODS):
            raise ValueError("the threshold must come from threshold(periods)")

    def step(self, hits: int, n: int) -> Decay:
        """After one more period with `hits` among `n`; `alarm` is the period's number, from 1, that raised it."""
        height = max(0.0, self.height + self.baseline.log_ratio(hits, n))
        period = self.periods + 1
        quiet = self.quiet if height > 0.0 or self.alarm is not None else period
        raised = period if self.alarm is None and height >= self.threshold else self.alarm
        return replace(self, height=height, periods=period, quiet=quiet, alarm=raised)


def _log_beta(hits: int, n: int, share: float, weight: float) -> float:
    """Log of the beta-binomial's probability, less the binomial coefficient."""
    a, b = share * weight, (1.0 - share) * weight
    return (
        math.lgamma(hits + a) + math.lgamma(n - hits + b) - math.lgamma(n + weight)
        + math.lgamma(weight) - math.lgamma(a) - math.lgamma(b)
    )  # fmt: skip
