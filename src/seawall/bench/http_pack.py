"""The pack that the HTTP benchmark runs: the shipped payments pack, with or without a model of 300 trees."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

import seawall
from seawall.engine.errors import SeawallError
from seawall.engine.model import model_hash
from seawall.engine.pack import load_pack

TREES, LEAVES, MOST_FEATURES = 300, 31, 40
_TYPE, _ROWS, _SEED = "payment.card", 20_000, 0
_NUMBERS = ("count", "sum", "mean", "std", "max", "distinct")
_MODELS = """\
models:
  - name: card_risk
    version: 1
    title: {{zh: 银行卡风险, en: Card risk}}
    file: models/card_risk.txt
    sha256: "{digest}"
    on: [payment.card]
"""


def write_pack(folder: Path, with_model: bool) -> Path:
    """A copy of the pack below `folder`. SeawallError where the model cannot be trained."""
    pack = folder / "payments"
    shutil.copytree(Path(seawall.__file__).parent / "packs" / "payments", pack)
    if with_model:
        features = load_pack(pack).features.values()
        names = [one.name for one in features if _TYPE in one.on and one.agg in _NUMBERS][:MOST_FEATURES]
        data = _trained(names)
        (pack / "models").mkdir()
        (pack / "models" / "card_risk.txt").write_bytes(data)
        (pack / "models.yaml").write_text(_MODELS.format(digest=model_hash(data)), encoding="utf-8")
    return pack


def _trained(names: list[str]) -> bytes:
    """A model over these features, on noise of their sizes: its cost is what matters, not its judgement."""
    try:
        import lightgbm
    except ImportError:
        raise SeawallError("the model that is measured is trained by lightgbm; install seawall[train]") from None
    rng = np.random.default_rng(_SEED)
    rows = rng.gamma(1.0, 20.0, (_ROWS, len(names)))
    target = (rows[:, 0] + rows[:, 1] * rng.random(_ROWS) > 30).astype(float)
    options = {"objective": "binary", "num_leaves": LEAVES, "verbose": -1, "num_threads": 1, "seed": _SEED}
    booster = lightgbm.train(options, lightgbm.Dataset(rows, target, feature_name=names), TREES)
    return booster.model_to_string().encode()
