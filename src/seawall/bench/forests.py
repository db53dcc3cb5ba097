"""Part of `model`: a random forest and an isolation forest against scikit-learn, exact Shapley values against
LightGBM, a calibrated score."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seawall.analytics.models import export
from seawall.analytics.models.shap import Explainer
from seawall.engine.errors import SeawallError
from seawall.engine.model import CalibratedModel, model_hash, parse_calibration, parse_model
from seawall.engine.model.trees import TreeModel

from .figure import Figure, Peer, against, best_rate, timed

Rows = npt.NDArray[np.float64]
_Scorer = Callable[[Rows], Any]
TREES, DEPTH = 300, 8
_TRAINED_ON = 5_000
_SINGLE, _PEER_SINGLE, _EXPLAINED = 2_000, 20, 200  # rows in one run
_NEAR = 1e-9


def figures(model: TreeModel, booster: Any, version: str, rows: Rows, repeats: int) -> list[Figure]:
    """`model_forest_*`, `model_isolation_*` and `model_shap` in rows/s, `model_calibrated_row` in µs a row.

    `model` and `booster` are the same trees. SeawallError where a value is further from the peer's than 1e-9.
    """
    single = _rate(_each(_calibrated(model).score, rows[:_SINGLE]), len(rows[:_SINGLE]), repeats)
    return [
        *_forests(np.nan_to_num(rows), repeats),
        _shap(model, booster, version, rows[:_EXPLAINED], repeats),
        Figure("model_calibrated_row", round(1e6 / single, 2), "µs"),
    ]


def _forests(rows: Rows, repeats: int) -> list[Figure]:
    """Both forests on the same rows, without missing values, which a forest trained without them refuses there."""
    try:
        import sklearn
        from sklearn.ensemble import IsolationForest, RandomForestClassifier
    except ImportError:
        raise SeawallError("the forests that are measured need scikit-learn; install seawall[train]") from None
    known = rows[:_TRAINED_ON]
    target = known[:, 0] * known[:, 1] - 3 * known[:, 2] > 6
    names = [f"f{place}" for place in range(rows.shape[1])]
    forest = RandomForestClassifier(TREES, max_depth=DEPTH, random_state=0, n_jobs=1).fit(known, target)
    isolation = IsolationForest(n_estimators=TREES, random_state=0).fit(known)
    name = f"scikit-learn {sklearn.__version__}"
    return [
        *_against(
            "forest", export.forest_artefact(forest, names), f"{name} predict_proba",
            lambda x: forest.predict_proba(x)[:, 1], rows, repeats,
        ),
        *_against(
            "isolation", export.isolation_artefact(isolation, names), f"{name} score_samples",
            lambda x: -isolation.score_samples(x), rows, repeats,
        ),
    ]  # fmt: skip


def _against(short: str, text: str, peer: str, theirs: _Scorer, rows: Rows, repeats: int) -> list[Figure]:
    model = parse_model(text.encode(), model_hash(text.encode()))
    _same(short, model.score_rows(rows), theirs(rows))
    single = _rate(_each(model.score, rows[:_SINGLE]), len(rows[:_SINGLE]), repeats)
    batch = _rate(lambda: model.score_rows(rows), len(rows), repeats)
    one = _rate(_each(lambda row: theirs(row[None]), rows[:_PEER_SINGLE]), len(rows[:_PEER_SINGLE]), 2)
    many = _rate(lambda: theirs(rows), len(rows), 2)
    return [
        against(f"model_{short}_single", single, "rows/s", Peer(peer, one)),
        against(f"model_{short}_batch", batch, "rows/s", Peer(peer, many)),
    ]


def _shap(model: TreeModel, booster: Any, version: str, rows: Rows, repeats: int) -> Figure:
    explainer = Explainer(model)

    def theirs() -> Any:
        return booster.predict(rows, pred_contrib=True, num_threads=1)

    _same("shap", explainer.explain(rows).values, theirs()[:, :-1])
    ours = _rate(lambda: explainer.explain(rows), len(rows), repeats)
    return against("model_shap", ours, "rows/s", Peer(f"lightgbm {version} pred_contrib", _rate(theirs, len(rows), 2)))


def _calibrated(model: TreeModel) -> CalibratedModel:
    points = np.linspace(0.0, 1.0, 200)
    text = json.dumps({"kind": "isotonic", "library": "bench", "x": points.tolist(), "y": (points**2).tolist()})
    return CalibratedModel(model, parse_calibration(text.encode(), model_hash(text.encode())))


def _each(score: _Scorer, rows: Rows) -> Callable[[], object]:
    return lambda: [score(row) for row in rows]


def _rate(run: Callable[[], object], count: int, repeats: int) -> float:
    return best_rate(count, [lambda: timed(run)] * repeats)


def _same(what: str, ours: Rows, theirs: Rows) -> None:
    far = float(np.abs(ours - theirs).max())
    if not far <= _NEAR:
        raise SeawallError(f"{what}: a value is {far:g} from the peer's; report its version")
