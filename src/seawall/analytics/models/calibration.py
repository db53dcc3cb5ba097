"""Calibration: maps from scores to probabilities as artefacts the engine applies, and how well scores keep their word.

Fit a map on rows that the model was not trained on: on its own training rows a model looks surer than it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
SCORE, LOG_ODDS = "score", "log_odds"
BINS = 10
_STEPS = 100
_NEAR = 1e-12  # of 0 and 1, where log-odds are cut


def fit_isotonic(scores: Floats, bad: Flags) -> str:
    """The never-falling step map of least squares (pool adjacent violators), as JSON text, linear between its steps.

    scores, bad: (n,), scores finite. ValueError where all rows are of one kind.
    """
    from sklearn import __version__
    from sklearn.isotonic import IsotonicRegression

    _check(scores, bad)
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, bad.astype(np.float64))
    return json.dumps(
        {
            "kind": "isotonic",
            "library": f"scikit-learn {__version__}",
            "x": fitted.X_thresholds_.tolist(),
            "y": fitted.y_thresholds_.tolist(),
        }
    )


def fit_platt(scores: Floats, bad: Flags, of: str = LOG_ODDS) -> str:
    """The logistic map of greatest likelihood, as JSON text, over the score or its log-odds.

    The targets are (bad + 1) / (bad + 2) and 1 / (good + 2) (Platt 1999), the steps Newton's, halved where they go too
    far (Lin, Lin and Weng 2007). ValueError: all rows of one kind, or scores that fall where risk rises.
    """
    _check(scores, bad)
    s = scores if of == SCORE else _log_odds(scores)
    middle, spread = float(s.mean()), float(s.std())
    if not spread > 0:
        raise ValueError("all scores are the same; there is nothing to calibrate")
    z, frauds = (s - middle) / spread, int(bad.sum())
    target = np.where(bad, (frauds + 1.0) / (frauds + 2.0), 1.0 / (len(bad) - frauds + 2.0))
    at = np.array([0.0, np.log((frauds + 1.0) / (len(bad) - frauds + 1.0))])
    x = np.stack([z, np.ones_like(z)], axis=1)
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-(x @ at)))
        gradient = x.T @ (p - target)
        step = np.linalg.solve((x * (p * (1.0 - p))[:, None]).T @ x + 1e-12 * np.eye(2), gradient)
        size = 1.0
        while size > 1e-6 and _loss(x @ (at - size * step), target) > _loss(x @ at, target):
            size /= 2.0
        at = at - size * step
        if np.abs(step).max() < 1e-10:
            break
    slope = float(at[0] / spread)
    if not slope > 0:
        raise ValueError("risk falls where the scores rise; the model is no use as it is")
    document = {"kind": "platt", "library": f"numpy {np.__version__}", "of": of, "slope": slope}
    return json.dumps(document | {"intercept": float(at[1] - slope * middle)})


class Bin(NamedTuple):
    """Rows whose scores lie in [low, high): their mean score, and the share of them that was bad."""

    low: float
    high: float
    rows: int
    mean: float
    bad: float


@dataclass(slots=True)
class Reliability:
    """How far scores are from what came of them, added up block by block. Scores are probabilities."""

    rows: Ints
    scores: Floats  # sums by bin
    bad: Ints
    squares: float = 0.0  # sum of (score - bad)^2

    @classmethod
    def empty(cls, bins: int = BINS) -> Reliability:
        """Nothing added up yet, over `bins` bins of equal width."""
        return cls(np.zeros(bins, np.int64), np.zeros(bins), np.zeros(bins, np.int64))

    def add(self, scores: Floats, bad: Flags) -> None:
        """Rows whose outcome is known; ValueError for a score that is no probability."""
        if not np.all((scores >= 0) & (scores <= 1)):
            raise ValueError("scores must be probabilities, from 0 to 1; leave rows without a score out")
        bins = len(self.rows)
        places = np.minimum((scores * bins).astype(np.int64), bins - 1)
        self.rows += np.bincount(places, minlength=bins)
        self.scores += np.bincount(places, scores, bins)
        self.bad += np.bincount(places, bad, bins).astype(np.int64)
        self.squares += float(((scores - bad) ** 2).sum())

    def join(self, other: Reliability) -> None:
        """Add what another has added up over as many bins."""
        self.rows += other.rows
        self.scores += other.scores
        self.bad += other.bad
        self.squares += other.squares

    @property
    def brier(self) -> float | None:
        """The mean of (score - outcome)^2; None without rows."""
        return self.squares / int(self.rows.sum()) if self.rows.any() else None

    @property
    def ece(self) -> float | None:
        """Expected calibration error: the bins' mean distance of mean score and share of bad, weighed by rows."""
        return float(np.abs(self.scores - self.bad).sum() / self.rows.sum()) if self.rows.any() else None

    def bins(self) -> list[Bin]:
        """The bins that hold a row, lowest first: the points of a reliability diagram."""
        width = 1.0 / len(self.rows)
        return [
            Bin(
                place * width,
                (place + 1) * width,
                rows,
                float(self.scores[place] / rows),
                float(self.bad[place] / rows),
            )
            for place, rows in enumerate(self.rows.tolist())
            if rows
        ]

    def as_dict(self) -> dict[str, Any]:
        """For a fingerprint or a page."""
        return {"brier": self.brier, "ece": self.ece, "bins": [one._asdict() for one in self.bins()]}


def _log_odds(scores: Floats) -> Floats:
    if not np.all((scores >= 0) & (scores <= 1)):
        raise ValueError("log-odds need scores from 0 to 1; calibrate over the score itself")
    kept = np.clip(scores, _NEAR, 1.0 - _NEAR)
    return np.asarray(np.log(kept / (1.0 - kept)))


def _loss(z: Floats, target: Floats) -> float:
    return float((np.logaddexp(0.0, z) - target * z).sum())


def _check(scores: Floats, bad: Flags) -> None:
    if scores.shape != bad.shape or not np.all(np.isfinite(scores)):
        raise ValueError("each row needs a finite score and an outcome; leave the others out")
    if not bad.any() or bad.all():
        raise ValueError("all rows are of one kind; calibrate on rows with known bad and good ones")
