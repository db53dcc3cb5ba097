"""Training: each learner's artefact scores in the engine, is the same again, and finds what is bad."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from seawall.analytics.models import training
from seawall.analytics.models.evaluation import evaluate
from seawall.analytics.models.training import SAMPLE, WEIGHT, Recipe, Trained, TrainingError, train
from seawall.engine.model import Model, model_hash, parse_model

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra train)")
pytest.importorskip("lightgbm", reason="lightgbm is not installed (extra train)")
NAMES = ("amount", "age", "empty", "same")


def rows(seed: int, count: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    """Bad rows are rare, and lie far out in both of the first two values."""
    rng = np.random.default_rng(seed)
    bad = rng.random(count) < 0.03
    found = rng.normal(size=(count, 4)) + bad[:, None] * np.array([3.0, 2.0, 0.0, 0.0])
    found[:, 0] *= 1_000
    found[rng.random(count) < 0.1, 1] = np.nan
    found[:, 2], found[:, 3] = np.nan, 7.0
    return found, bad


def load(trained: Trained) -> Model:
    data = trained.artefact.encode()
    return parse_model(data, trained.fingerprint["model_sha256"])


@pytest.mark.parametrize("balance", ["none", WEIGHT, SAMPLE])
@pytest.mark.parametrize("learner", list(training.LEARNERS))
def test_a_trained_model_scores_in_the_engine_and_is_the_same_again(learner: str, balance: str) -> None:
    recipe = Recipe(learner, balance=balance, keep=0.3, rounds=30, seed=4)
    given, bad = rows(1)
    first = train(NAMES, given, bad, recipe)
    assert first == train(NAMES, given, bad, recipe)
    fresh, known = rows(2)
    found = evaluate(load(first).score_rows(fresh), known)
    assert found["auc_roc"] > 0.93
    assert found["unscored"] == 0
    assert load(first).features == NAMES


def test_balance_moves_the_probabilities_of_rare_rows() -> None:
    given, bad = rows(1)
    mean = {
        balance: load(train(NAMES, given, bad, Recipe("logistic", balance=balance))).score_rows(given).mean()
        for balance in training.BALANCES
    }
    assert mean["none"] == pytest.approx(bad.mean(), rel=0.02)
    assert mean[WEIGHT] > 3 * mean["none"]
    assert mean[SAMPLE] > 2 * mean["none"]


def test_a_logistic_model_takes_a_missing_value_as_the_median() -> None:
    given, bad = rows(1)
    model = load(train(NAMES, given, bad, Recipe("logistic")))
    row = given[0].copy()
    row[1] = np.nan
    with_median = row.copy()
    with_median[1] = np.nanmedian(given[:, 1])
    assert model.score(row) == model.score(with_median)
    middle = np.array([given[:, 0].mean(), 0.0, 0.0, 0.0])
    assert abs(model.contributions(middle)[0]) < 1e-9


def test_the_fingerprint_names_data_features_library_and_seed() -> None:
    given, bad = rows(1, 600)
    recipe = Recipe("random_forest", rounds=3)
    base = train(NAMES, given, bad, recipe).fingerprint
    assert json.loads(json.dumps(base)) == base
    assert (base["rows"], base["bad"], base["features"]) == (600, int(bad.sum()), list(NAMES))
    assert base["library"].startswith("scikit-learn 1.")
    assert base["recipe"]["seed"] == 1
    other = given.copy()
    other[5, 0] += 1.0
    flipped = bad.copy()
    flipped[0] = not flipped[0]
    for changed in (train(NAMES, other, bad, recipe), train(NAMES, given, flipped, recipe)):
        assert changed.fingerprint["data_sha256"] != base["data_sha256"]
    renamed = train((*NAMES[:3], "other"), given, bad, recipe).fingerprint
    assert renamed["data_sha256"] != base["data_sha256"]
    assert train(NAMES, given, bad, replace(recipe, seed=2)).fingerprint["model_sha256"] != base["model_sha256"]
    assert base["model_sha256"] == model_hash(train(NAMES, given, bad, recipe).artefact.encode())


def test_what_cannot_be_trained_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    given, bad = rows(1, 100)
    for recipe, message in (
        (Recipe("xgboost"), "learner is one of lightgbm"),
        (Recipe("logistic", balance="smote"), "balance is one of"),
        (Recipe("logistic", balance=SAMPLE, keep=0.0), "keep above 0"),
    ):
        with pytest.raises(TrainingError, match=message):
            train(NAMES, given, bad, recipe)
    with pytest.raises(TrainingError, match="all of one kind"):
        train(NAMES, given, np.zeros(100, bool), Recipe("logistic"))
    with pytest.raises(TrainingError, match="rows have shape"):
        train(NAMES[:2], given, bad, Recipe("logistic"))
    assert train(NAMES, given, np.zeros(100, bool), Recipe("isolation_forest", rounds=3)).artefact

    def absent(name: str) -> str:
        raise training.PackageNotFoundError(name)

    monkeypatch.setattr(training, "version", absent)
    with pytest.raises(TrainingError, match=r"install seawall\[train\]"):
        train(NAMES, given, bad, Recipe("logistic"))


def test_measures_leave_out_what_has_no_score() -> None:
    scores = np.array([0.9, 0.8, 0.3, 0.2, np.nan])
    found = evaluate(scores, np.array([True, False, True, False, True]))
    assert (found["rows"], found["bad"], found["unscored"]) == (5, 3, 1)
    assert (found["auc_roc"], found["ks"]) == (0.75, 0.5)
    assert found["brier"] == pytest.approx((0.1**2 + 0.8**2 + 0.7**2 + 0.2**2) / 4)
    assert evaluate(scores * 2, np.zeros(5, bool)) == {
        "rows": 5, "bad": 0, "unscored": 1, "auc_roc": None, "average_precision": None, "ks": None, "brier": None,
        "ece": None,
    }  # fmt: skip
