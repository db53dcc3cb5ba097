"""What the HTTP benchmark runs: the measured pack of 40 features and 30 rules, and the shipped payments pack.

Both get the stream that the engine is measured on, sent as it would be after a month's outage: the events are of the
30 days before, so entities are as busy as they were, and not all at once.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import seawall
from seawall.engine.errors import SeawallError
from seawall.engine.model import model_hash
from seawall.engine.pack import load_pack
from seawall.engine.times import DAY

from .content import FORTY, pack
from .engine import write_modelled
from .stream import DAYS, START, Stream, bodies, make_stream

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


@dataclass(frozen=True, slots=True)
class Content:
    """A pack and distinct events of it, as callers send them."""

    pack: Path
    bodies: list[bytes]


def forty(folder: Path, events: int, with_model: bool) -> Content:
    """40 features and 30 rules; with a model, 300 trees on all of them. SeawallError where it cannot be trained."""
    target = folder / "forty"
    if with_model:
        write_modelled(target)
    else:
        shutil.copytree(FORTY, target)
    return Content(target, bodies(_recent(events), pack(FORTY), 0, events))


def payments(folder: Path, events: int) -> Content:
    """The shipped pack with a model of 300 trees on 40 of its features, and card payments only."""
    target = folder / "payments"
    shutil.copytree(Path(seawall.__file__).parent / "packs" / "payments", target)
    features = load_pack(target).features.values()
    names = [one.name for one in features if _TYPE in one.on and one.agg in _NUMBERS][:MOST_FEATURES]
    data = _trained(names)
    (target / "models").mkdir()
    (target / "models" / "card_risk.txt").write_bytes(data)
    (target / "models.yaml").write_text(_MODELS.format(digest=model_hash(data)), encoding="utf-8")
    return Content(target, [_card_payment(body) for body in bodies(_recent(events), pack(FORTY), 0, events)])


def _recent(events: int) -> Stream:
    """The measured stream, ended an hour ago."""
    stream = make_stream(events)
    ended = time.time_ns() // 1_000_000 - 3_600_000
    return replace(stream, times=stream.times + (ended - START - DAYS * DAY))


def _card_payment(body: bytes) -> bytes:
    """The same payment in the words of the shipped pack."""
    given = json.loads(body)
    number = {name: int(given[name].rpartition("-")[2]) for name in ("card", "ip")}
    sent = {
        "event_id": given["event_id"], "type": _TYPE, "event_time": given["event_time"], "customer": given["account"],
        "card": f"6222020{number['card']:09d}", "merchant": given["merchant"], "device": given["device"],
        "ip": f"10.{number['ip'] >> 16 & 255}.{number['ip'] >> 8 & 255}.{number['ip'] & 255}",
        "amount": given["amount"], "currency": "CNY",
    }  # fmt: skip
    return json.dumps(sent, separators=(",", ":")).encode()


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
