"""The one learner that every set of features is tried with: small boosted trees, held back from a week's chance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .metrics import Flags, Floats

ROUNDS = 100
PARAMETERS: Mapping[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_child_samples": 50,
    "lambda_l2": 10.0,
    "min_sum_hessian_in_leaf": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


class TrainingError(ValueError):
    """Training that cannot be; one clear line."""


def train(matrix: Floats, fraud: Flags, names: Sequence[str]) -> str:
    """A model of `fraud` as LightGBM's text.

    matrix: (rows, features), NaN where missing; fraud: (rows,); names: of the features, in order. The same input and
    library give the same text. TrainingError without LightGBM, and where there are not both frauds and good ones.
    """
    assert matrix.shape == (len(fraud), len(names)), "one value a row and feature"
    lightgbm = _lightgbm()
    if not fraud.any() or fraud.all():
        raise TrainingError("the training rows are all of one kind; choose a week with known frauds and good payments")
    rows = lightgbm.Dataset(matrix, fraud.astype(np.float64), feature_name=list(names))
    text: str = lightgbm.train(dict(PARAMETERS), rows, ROUNDS).model_to_string()
    return text


def fingerprint(matrix: Floats, fraud: Flags, names: Sequence[str], model: str) -> dict[str, object]:
    """What a model was made from, and its own hash: enough to tell whether another training made the same one."""
    data = hashlib.sha256(np.ascontiguousarray(matrix, "<f8").tobytes())
    data.update(fraud.astype(np.uint8).tobytes())
    return {
        "model_sha256": hashlib.sha256(model.encode()).hexdigest(),
        "data_sha256": data.hexdigest(),
        "rows": len(fraud),
        "frauds": int(fraud.sum()),
        "features": list(names),
        "library": f"lightgbm {_lightgbm().__version__}",
        "seed": PARAMETERS["seed"],
        "rounds": ROUNDS,
    }


def _lightgbm() -> Any:
    try:
        import lightgbm
    except ImportError:
        raise TrainingError("training needs LightGBM; install seawall[train]") from None
    return lightgbm
