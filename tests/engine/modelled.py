"""The `everything` pack with models: a boosted one on payments, a logistic one on payments and logins."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seawall.engine.model import model_hash
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from tests.engine.world import PACKS

BOOSTED = {  # the artefact's feature -> where the pack has it
    "amount": "base_amount", "sum": "pay_sum_24h", "mean": "pay_mean_30d", "times_mean": "times_mean",
    "weekend": "weekend", "devices_7d": "devices_7d", "weight": "weight", "lat": "lat", "gift": "gift",
    "items": "items", "since_login": "since_login", "ordered": "ordered",
}  # fmt: skip
_SCALES = (1e5, 3e5, 8e4, 1.0, 0.5, 3.0, 3.0, 45.0, 0.5, 4.0, 1e7, 1.772e12)
LINE: dict[str, object] = {
    "kind": "logistic",
    "intercept": -1.0,
    "features": [
        {"name": "devices_7d", "weight": 0.7, "reference": 1.0},
        {"name": "since_login", "weight": 1e-8, "missing": 0.0},
    ],
}
BARE = LINE | {"features": [{"name": "devices_7d", "weight": 0.7}, {"name": "since_login", "weight": 1e-8}]}
STEPS = """
models:
  - name: boosted
    version: 2
    title: {zh: 提升树, en: Boosted trees}
    file: models/boosted.txt
    sha256: "%(boosted)s"
    on: [pay]
    inputs: {amount: base_amount, sum: pay_sum_24h, mean: pay_mean_30d}
    reasons: {amount: ABOVE, sum: VOLUME, mean: MEAN, devices_7d: DEVICES, items: ITEMS, ordered: ORDERED}
    top: 4
  - name: line
    version: 1
    title: {zh: 逻辑回归, en: Logistic}
    file: models/line.json
    sha256: "%(line)s"
    reasons: {devices_7d: DEVICES}
"""
RULES = """
  - {id: scored, title: {zh: 模型分, en: Scored}, when: models.boosted > 0.5, score: 15, reason: MODEL}
  - {id: far, title: {zh: 两个模型, en: Both}, on: [pay, login], score: 12, reason: BOTH,
     when: 'models.line > 0.35 && (!has(models.boosted) || models.boosted > 0.3)'}
  - {id: unscored, title: {zh: 无分, en: No score}, on: [pay, login], when: '!has(models.line)', score: 1}
tables:
  - id: grade
    title: {zh: 分档, en: Grade}
    hit: first
    inputs: [models.boosted, items]
    rows:
      - {id: top, when: ['> 0.8', '> 2'], score: 6, reason: GRADE, title: {zh: 高, en: High}}
      - {id: low, when: ['< 0.2', '-'], score: -2, title: {zh: 低, en: Low}}
"""
FALLBACK = "fallback: {lists: missing, model: {score: 9, outcome: challenge}}\n"


def trained(seed: int) -> str:
    """A small random LightGBM text model over `BOOSTED`."""
    lightgbm = pytest.importorskip("lightgbm", reason="lightgbm is not installed (extra train)")
    rng = np.random.default_rng(seed)
    rows = rng.gamma(1.0, 1.0, (400, len(_SCALES))) * np.array(_SCALES)
    rows[:, -1] = _SCALES[-1] - rng.integers(0, 7_200_000, 400)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    weights = rng.normal(0, 1, len(_SCALES)) / np.nanstd(rows, axis=0)
    total = np.nan_to_num(rows - np.nanmean(rows, axis=0)) @ weights + rng.normal(0, 1, 400)
    options: dict[str, Any] = {"objective": "binary", "num_leaves": 8, "min_data_in_leaf": 5, "verbose": -1}
    options |= {"num_threads": 1, "seed": seed}
    data = lightgbm.Dataset(rows, (total > 0).astype(float), feature_name=list(BOOSTED))
    return str(lightgbm.train(options, data, 12).model_to_string())


def write(folder: Path, artefacts: Mapping[str, str], steps: str = STEPS, rules: str = RULES) -> Path:
    """The pack in a new folder with the models' files and steps; `%(name)s` stands for the hash of a file."""
    shutil.copytree(PACKS / "everything", folder)
    (folder / "models").mkdir()
    for name, text in artefacts.items():
        (folder / "models" / name).write_text(text, "utf-8")
    hashes = {name.partition(".")[0]: model_hash(text.encode()) for name, text in artefacts.items()}
    (folder / "models.yaml").write_text(steps % hashes, "utf-8")
    text = (folder / "rules.yaml").read_text("utf-8")
    own_rules, _, own_tables = rules.partition("tables:\n")
    head, tables, tail = text.partition("tables:\n")
    (folder / "rules.yaml").write_text(head + own_rules.lstrip("\n") + tables + own_tables + tail, "utf-8")
    with (folder / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write(FALLBACK)
    return folder


def both(folder: Path, seed: int = 1, line: Mapping[str, object] = LINE) -> CompiledPolicy:
    """Both models, the boosted one trained on data of this seed."""
    artefacts = {"boosted.txt": trained(seed), "line.json": json.dumps(line)}
    return compile_policy(load_pack(write(folder, artefacts)))
