import hashlib

import lightgbm
import numpy as np
import pytest

from seawall.analytics.fraud import TrainingError, fingerprint, train
from seawall.engine.model import model_hash, parse_model

NAMES = ["amount", "noise"]


def _rows() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    matrix = random.normal(size=(3_000, 2))
    matrix[::7, 1] = np.nan
    return matrix, matrix[:, 0] > 1.5


def test_the_engine_scores_what_was_trained() -> None:
    matrix, fraud = _rows()
    data = train(matrix, fraud, NAMES).encode()
    model = parse_model(data, model_hash(data))
    scores = model.score_rows(matrix)
    assert list(model.features) == NAMES
    assert np.array_equal(scores, lightgbm.Booster(model_str=data.decode()).predict(matrix))
    assert np.mean((scores > 0.5) == fraud) > 0.99


def test_the_same_rows_give_the_same_model_and_fingerprint() -> None:
    matrix, fraud = _rows()
    first, second = train(matrix, fraud, NAMES), train(matrix, fraud, NAMES)
    assert first == second
    made = fingerprint(matrix, fraud, NAMES, first)
    assert made["model_sha256"] == hashlib.sha256(first.encode()).hexdigest()
    assert made["frauds"] == int(fraud.sum())
    fraud[0] = not fraud[0]
    assert fingerprint(matrix, fraud, NAMES, first)["data_sha256"] != made["data_sha256"]


@pytest.mark.parametrize("kind", [True, False])
def test_one_kind_alone_cannot_be_learned(kind: bool) -> None:
    with pytest.raises(TrainingError, match="all of one kind"):
        train(np.zeros((5, 2)), np.full(5, kind), NAMES)
