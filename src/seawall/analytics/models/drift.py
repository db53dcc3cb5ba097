"""Drift: how far features and scores have moved from those that a model was trained on.

The population stability index compares two histograms over the same bins: PSI = sum (q - p) ln(q / p), p and q being
the shares of training and of now. Below 0.10 is stable, 0.25 and more is shifted: a rule of thumb, not a test (Lewis,
An Introduction to Credit Scoring, 1994; Siddiqi, Credit Risk Scorecards, 2006). Without any drift it is about
(bins - 1) (1 / n + 1 / m) for n and m rows (Yurdakul 2018), so that few rows tell nothing: `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
STABLE, SHIFTING, SHIFTED, UNKNOWN = "stable", "shifting", "shifted", "unknown"
THRESHOLDS = (0.10, 0.25)  # a PSI from here on is shifting, shifted
BINS = 10
SMOOTHING = 0.5  # rows added to each bin of each side (Jeffreys), so that an empty one has no infinite part
SCORE = "score"
_MAX_BINS = 1_000


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of one value: (-inf, edges[0]], (edges[0], edges[1]], …, (edges[-1], inf), and one of missing values last.

    `counts` int64[len(edges) + 2]: rows of the training data in each.
    """

    edges: Floats
    counts: Ints

    def count(self, values: Floats) -> Ints:
        """Rows of `values` by bin."""
        return _count(self.edges, values)


@dataclass(frozen=True, slots=True)
class Shift:
    """How one value has moved. `noise` is the PSI to expect of this many rows without drift; `ks` the largest distance
    between the two cumulated histograms, missing values as the largest. None where there are no rows."""

    name: str
    rows: int
    psi: float | None
    noise: float | None
    ks: float | None
    missing: float | None  # share of rows
    missing_before: float
    state: str


def bins_of(values: Floats, bins: int = BINS) -> Bins:
    """At most `bins` bins of about equal weight; a value that weighs more than a bin makes fewer of them."""
    if not 2 <= bins <= _MAX_BINS:
        raise ValueError(f"bins must lie between 2 and {_MAX_BINS:,}, not {bins}")
    known = values[~np.isnan(values)]
    if not len(known):
        return Bins(np.zeros(0), np.array([0, len(values)], np.int64))
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf"))
    edges = edges[edges < known.max()]
    return Bins(edges, _count(edges, values))


def _count(edges: Floats, values: Floats) -> Ints:
    missing = np.isnan(values)
    places = np.searchsorted(edges, values[~missing], side="left")
    return np.append(np.bincount(places, minlength=len(edges) + 1), missing.sum()).astype(np.int64)


def psi(before: Ints, now: Ints, smoothing: float = SMOOTHING) -> float:
    """The population stability index of two histograms over the same bins; bins that are empty in both do not count."""
    held = (before > 0) | (now > 0)
    p, q = before[held] + smoothing, now[held] + smoothing
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def noise(before: Ints, now: Ints) -> float:
    """The PSI to expect of this many rows where nothing has moved."""
    held = int(((before > 0) | (now > 0)).sum())
    return float((held - 1) * (1.0 / before.sum() + 1.0 / now.sum()))


def ks_of_counts(before: Ints, now: Ints) -> float:
    """Kolmogorov and Smirnov's distance at the edges of the bins: no more than that of the values themselves."""
    return float(np.abs(np.cumsum(before) / before.sum() - np.cumsum(now) / now.sum()).max())


def ks(first: Floats, second: Floats) -> float:
    """Kolmogorov and Smirnov's distance of two samples without missing values: the largest difference of their
    cumulated shares."""
    if not len(first) or not len(second):
        raise ValueError("both samples need a value")
    first, second = np.sort(first), np.sort(second)
    at = np.concatenate([first, second])
    shares = [np.searchsorted(one, at, side="right") / len(one) for one in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def state_of(value: float, expected: float, thresholds: tuple[float, float] = THRESHOLDS) -> str:
    """What a PSI means; unknown where half the lower threshold is to be expected without any drift."""
    if expected > thresholds[0] / 2:
        return UNKNOWN
    return SHIFTED if value >= thresholds[1] else SHIFTING if value >= thresholds[0] else STABLE


class Baseline:
    """The bins of a model's features and of its score over the training data: what a fingerprint keeps of them."""

    def __init__(self, bins: Mapping[str, Bins]) -> None:
        if SCORE not in bins:
            raise ValueError("a baseline needs the bins of the score")
        self.bins = dict(bins)

    @property
    def features(self) -> tuple[str, ...]:
        """Names in the model's order."""
        return tuple(name for name in self.bins if name != SCORE)

    @classmethod
    def of(cls, features: Sequence[str], matrix: Floats, scores: Floats, bins: int = BINS) -> Baseline:
        """The baseline of training rows float64[n, F] and their scores. ValueError for a feature named `score`."""
        if SCORE in features:
            raise ValueError(f"a feature is named {SCORE!r}, which stands for the model's score; rename it")
        made = {name: bins_of(matrix[:, place], bins) for place, name in enumerate(features)}
        return cls(made | {SCORE: bins_of(scores, bins)})

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: {"edges": one.edges.tolist(), "counts": one.counts.tolist()} for name, one in self.bins.items()}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Baseline:
        """The inverse of `as_dict`. ValueError for what it would not have made."""
        made = {}
        for name, one in document.items():
            try:
                edges, counts = np.array(one["edges"], np.float64), np.array(one["counts"], np.int64)
            except (KeyError, TypeError, ValueError, OverflowError):
                raise ValueError(f"the baseline of {name} must hold edges and counts; make it again") from None
            whole = edges.ndim == counts.ndim == 1 and len(counts) == len(edges) + 2 and np.all(np.isfinite(edges))
            if not whole or np.any(np.diff(edges) <= 0) or np.any(counts < 0) or not counts.sum():
                raise ValueError(f"the baseline of {name} must hold rising edges and counts of each bin; make it again")
            made[name] = Bins(edges, counts)
        return cls(made)


class Drift:
    """Histograms of what a model sees now, block by block, beside those it was trained on."""

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline
        self.counts = {name: np.zeros_like(one.counts) for name, one in baseline.bins.items()}

    def add(self, matrix: Floats, scores: Floats) -> None:
        """Count rows float64[n, F] in the order of the baseline's features, and their scores (NaN: none)."""
        if matrix.shape != (len(scores), len(self.baseline.features)):
            raise ValueError(f"rows have shape {matrix.shape}, not {(len(scores), len(self.baseline.features))}")
        for place, name in enumerate(self.baseline.features):
            self.counts[name] += self.baseline.bins[name].count(matrix[:, place])
        self.counts[SCORE] += self.baseline.bins[SCORE].count(scores)

    def join(self, other: Drift) -> None:
        """Add what another has counted over the same baseline."""
        for name, counts in other.counts.items():
            self.counts[name] += counts

    def shifts(self, thresholds: tuple[float, float] = THRESHOLDS) -> list[Shift]:
        """The score first, then the features, those that have moved most first."""
        found = [self._shift(name, thresholds) for name in self.counts]
        return sorted(found, key=lambda one: (one.name != SCORE, -(one.psi or 0.0), one.name))

    def _shift(self, name: str, thresholds: tuple[float, float]) -> Shift:
        before, now = self.baseline.bins[name].counts, self.counts[name]
        rows, missing_before = int(now.sum()), float(before[-1] / before.sum())
        if not rows:
            return Shift(name, 0, None, None, None, None, missing_before, UNKNOWN)
        value, expected = psi(before, now), noise(before, now)
        return Shift(
            name, rows, value, expected, ks_of_counts(before, now), float(now[-1] / rows), missing_before,
            state_of(value, expected, thresholds),
        )  # fmt: skip
