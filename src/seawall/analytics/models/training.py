"""Training: rows and a recipe in, an artefact that the engine scores and a fingerprint out.

The same rows, recipe and library give the same artefact, to the byte: seeds are fixed and one thread trains.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import numpy.typing as npt

from . import export

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
NONE, WEIGHT, SAMPLE = BALANCES = ("none", "weight", "sample")
Options = Mapping[str, Any]


class TrainingError(ValueError):
    """A training that cannot be; one clear line."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained. `options` are the library's own, over the defaults here.

    `balance`, where bad rows are rare: `weight` lets both kinds weigh the same, `sample` keeps the share `keep` of the
    good rows. Both move the probabilities, not the ranking: calibrate afterwards.
    """

    learner: str
    options: Options = field(default_factory=dict)
    seed: int = 1
    balance: str = NONE
    keep: float = 0.1
    rounds: int = 200  # trees


@dataclass(frozen=True, slots=True)
class Trained:
    """`artefact` is the file's text, `file` a fitting name, `fingerprint` what it was made from (JSON)."""

    artefact: str
    file: str
    fingerprint: dict[str, Any]


def train(features: Sequence[str], rows: Floats, bad: Flags, recipe: Recipe) -> Trained:
    """Train on rows float64[n, F] (NaN: missing) and outcomes bool[n].

    An isolation forest sees no outcomes. TrainingError: no such learner, a library that is not installed, shapes that
    do not fit, or rows of one kind only.
    """
    learner = LEARNERS.get(recipe.learner)
    if learner is None:
        raise TrainingError(f"learner is one of {', '.join(LEARNERS)}, not {recipe.learner[:40]!r}")
    if recipe.balance not in BALANCES or not 0 < recipe.keep <= 1 or recipe.rounds < 1:
        raise TrainingError(f"balance is one of {', '.join(BALANCES)}, keep above 0 and at most 1, rounds at least 1")
    if rows.shape != (len(bad), len(features)):
        raise TrainingError(f"rows have shape {rows.shape}, not {(len(bad), len(features))}")
    if learner.needs_outcomes and (not bad.any() or bad.all()):
        raise TrainingError("the training rows are all of one kind; choose a time with known bad and good rows")
    try:
        library = f"{learner.library} {version(learner.library)}"
    except PackageNotFoundError:
        raise TrainingError(f"training needs {learner.library}; install seawall[train]") from None
    chosen = _sampled(bad, recipe) if learner.needs_outcomes and recipe.balance == SAMPLE else np.arange(len(bad))
    artefact = learner.fit(list(features), np.ascontiguousarray(rows[chosen], np.float64), bad[chosen], recipe)
    return Trained(artefact, learner.file, _fingerprint(features, rows, bad, recipe, library, artefact))


def _sampled(bad: Flags, recipe: Recipe) -> npt.NDArray[np.int64]:
    """All bad rows and a share of the good ones, in order."""
    drawn = np.random.default_rng(recipe.seed).random(len(bad)) < recipe.keep
    return np.flatnonzero(bad | drawn)


def _fingerprint(
    features: Sequence[str], rows: Floats, bad: Flags, recipe: Recipe, library: str, artefact: str
) -> dict[str, Any]:
    data = hashlib.sha256(json.dumps(list(features)).encode())
    data.update(np.ascontiguousarray(rows, "<f8").tobytes())
    data.update(np.asarray(bad, np.uint8).tobytes())
    return {
        "model_sha256": hashlib.sha256(artefact.encode()).hexdigest(),
        "data_sha256": data.hexdigest(),
        "rows": len(bad),
        "bad": int(bad.sum()),
        "features": list(features),
        "library": library,
        "recipe": asdict(recipe) | {"options": dict(recipe.options)},
    }


# --- learners ---------------------------------------------------------------------------------------------------------

_LIGHTGBM: Options = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_child_samples": 30, "lambda_l2": 5.0,
    "feature_fraction": 0.8, "bagging_fraction": 0.8, "bagging_freq": 1, "deterministic": True,
    "force_row_wise": True, "num_threads": 1, "verbosity": -1,
}  # fmt: skip


def _lightgbm(features: list[str], rows: Floats, bad: Flags, recipe: Recipe) -> str:
    import lightgbm

    options = {**_LIGHTGBM, "seed": recipe.seed, **recipe.options}
    if recipe.balance == WEIGHT:
        options["scale_pos_weight"] = float((~bad).sum() / bad.sum())
    data = lightgbm.Dataset(rows, bad.astype(np.float64), feature_name=features)
    return str(lightgbm.train(options, data, recipe.rounds).model_to_string())


def _random_forest(features: list[str], rows: Floats, bad: Flags, recipe: Recipe) -> str:
    from sklearn.ensemble import RandomForestClassifier

    weight = "balanced_subsample" if recipe.balance == WEIGHT else None
    options = {"max_depth": 12, "min_samples_leaf": 5, "class_weight": weight, **recipe.options}
    fitted = RandomForestClassifier(recipe.rounds, random_state=recipe.seed, n_jobs=1, **options).fit(rows, bad)
    return export.forest_artefact(fitted, features)


def _isolation_forest(features: list[str], rows: Floats, bad: Flags, recipe: Recipe) -> str:
    from sklearn.ensemble import IsolationForest

    fitted = IsolationForest(n_estimators=recipe.rounds, random_state=recipe.seed, n_jobs=1, **recipe.options).fit(rows)
    return export.isolation_artefact(fitted, features)


def _logistic(features: list[str], rows: Floats, bad: Flags, recipe: Recipe) -> str:
    """Fitted on values of mean 0 and spread 1, a missing one being the median; the weights are for values as given."""
    from sklearn.linear_model import LogisticRegression

    empty = np.isnan(rows).all(axis=0)
    median = np.zeros(len(features))
    median[~empty] = np.nanmedian(rows[:, ~empty], axis=0)
    filled = np.where(np.isnan(rows), median, rows)
    middle, spread = filled.mean(axis=0), filled.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    weight = "balanced" if recipe.balance == WEIGHT else None
    options = {"max_iter": 1_000, "class_weight": weight, **recipe.options}
    fitted = LogisticRegression(random_state=recipe.seed, **options).fit((filled - middle) / spread, bad)
    weights = fitted.coef_[0] / spread
    intercept = float(fitted.intercept_[0] - weights @ middle)
    return export.logistic_text(features, weights, intercept, reference=middle.tolist(), missing=median.tolist())


@dataclass(frozen=True, slots=True)
class _Learner:
    library: str
    file: str
    needs_outcomes: bool
    fit: Callable[[list[str], Floats, Flags, Recipe], str]


LEARNERS: Mapping[str, _Learner] = {
    "lightgbm": _Learner("lightgbm", "model.txt", True, _lightgbm),
    "random_forest": _Learner("scikit-learn", "model.json", True, _random_forest),
    "logistic": _Learner("scikit-learn", "model.json", True, _logistic),
    "isolation_forest": _Learner("scikit-learn", "model.json", False, _isolation_forest),
}
