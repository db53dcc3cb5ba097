"""`model`: 300 trees of 31 leaves on 40 features, against LightGBM on the same rows."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from seawall.engine.errors import SeawallError
from seawall.engine.model import model_hash, parse_model
from seawall.engine.model.trees import TreeModel

from . import forests
from .figure import Figure, Peer, against, against_all, best_rate, timed

EVENTS = 20_000
TREES, LEAVES, FEATURES = 300, 31, 40
_TRAINED_ON = 20_000
_SINGLE = 2_000  # rows one by one in one run
Rows = npt.NDArray[np.float64]
_RowScorer = Callable[[Rows], float]


def figures(events: int = EVENTS, repeats: int = 5, cache_dir: Path | None = None) -> list[Figure]:
    """`model_300_single` and `model_300_batch` in rows/s (best of `repeats`, ours and theirs), `model_300_row` and
    `model_300_contributions` in µs a row, `model_300_load` in ms; then those of `forests`.

    `cache_dir` is not used: the kernels are not generated. SeawallError where a score is not LightGBM's to the bit.
    """
    booster, version = trained()
    data = booster.model_to_string().encode()
    digest = model_hash(data)
    parse_model(data, digest)  # numba's cache is filled before the clock runs
    began = perf_counter()
    model = parse_model(data, digest)
    load = (perf_counter() - began) * 1000
    assert isinstance(model, TreeModel), "a text model is made of trees"
    rows = _rows(np.random.default_rng(1), events)
    some = rows[: min(events, _SINGLE)]
    fast = _single_row_fast(booster)
    peers_single: dict[str, tuple[str, _RowScorer]] = {
        "lightgbm": (f"lightgbm {version} predict", lambda row: float(booster.predict(row[None], num_threads=1)[0])),
        "lightgbm_fast": (f"lightgbm {version} SingleRowFast", fast),
    }
    expected = booster.predict(rows, num_threads=1)
    _same("batch", model.score_rows(rows), expected)
    _same("single", np.array([model.score(row) for row in some]), expected[: len(some)])

    def one_by_one(score: Callable[[Rows], Any]) -> float:
        return best_rate(len(some), [lambda: timed(lambda: [score(row) for row in some])] * repeats)

    def together(score: Callable[[Rows], Any]) -> float:
        return best_rate(len(rows), [lambda: timed(lambda: score(rows))] * repeats)

    single = one_by_one(model.score)
    peers: dict[str, Peer | None] = {
        short: Peer(name, one_by_one(score)) for short, (name, score) in peers_single.items()
    }
    batch_peer = Peer(f"lightgbm {version} predict", together(lambda x: booster.predict(x, num_threads=1)))
    return [
        *against_all("model_300_single", single, "rows/s", peers),
        against("model_300_batch", together(model.score_rows), "rows/s", batch_peer),
        Figure("model_300_row", round(1e6 / single, 2), "µs"),
        Figure("model_300_contributions", round(1e6 / one_by_one(model.contributions), 2), "µs"),
        Figure("model_300_load", round(load, 1), "ms"),
        *forests.figures(model, booster, version, rows, repeats),
    ]


def _rows(rng: np.random.Generator, count: int) -> Rows:
    rows: Rows = rng.gamma(2.0, 2.0, (count, FEATURES))
    rows[rng.random(rows.shape) < 0.02] = np.nan
    return rows


def trained() -> tuple[Any, str]:
    """The booster of 300 trees and the version of LightGBM that made it."""
    try:
        import lightgbm
    except ImportError:
        raise SeawallError("the model that is measured is trained by lightgbm; install seawall[train]") from None
    rng = np.random.default_rng(0)
    rows = _rows(rng, _TRAINED_ON)
    known = np.nan_to_num(rows)
    target = known[:, 0] * known[:, 1] - 3 * known[:, 2] + rng.normal(0, 3, _TRAINED_ON) > 6
    options = {"objective": "binary", "num_leaves": LEAVES, "verbose": -1, "num_threads": 1, "seed": 0}
    return lightgbm.train(options, lightgbm.Dataset(rows, target.astype(float)), TREES), lightgbm.__version__


def _single_row_fast(booster: Any) -> _RowScorer:
    """LightGBM's own C interface for one row at a time, with its buffers made once."""
    import lightgbm.basic

    library: Any = vars(lightgbm.basic)["_LIB"]  # the library has no public name for it
    config, row, out, length = ctypes.c_void_p(), np.zeros(FEATURES), np.zeros(1), ctypes.c_int64()
    row_at, out_at = (array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in (row, out))
    failed = library.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, 0, 0, 0, 1, FEATURES, b"num_threads=1", ctypes.byref(config)
    )
    if failed:
        raise SeawallError("lightgbm refuses its single-row interface; report its version")
    call, length_at = library.LGBM_BoosterPredictForMatSingleRowFast, ctypes.byref(length)

    def score(values: Rows) -> float:
        row[:] = values
        call(config, ctypes.cast(row_at, ctypes.c_void_p), length_at, out_at)
        return float(out[0])

    return score


def _same(what: str, ours: Rows, theirs: Rows) -> None:
    if not np.array_equal(ours, theirs):
        raise SeawallError(f"{what}: {int((ours != theirs).sum()):,} scores are not LightGBM's; report its version")
