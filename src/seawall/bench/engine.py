"""`engine`: live decisions in process, start, change of a rule."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from seawall.engine.errors import SeawallError
from seawall.engine.model import model_hash
from seawall.engine.modules import default_cache
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy

from .content import FORTY, pack, policy
from .figure import Figure, Stopwatch, median
from .live import Service
from .model import trained
from .stream import Stream, bodies, make_stream

EVENTS = 200_000  # half of them before the watch starts
BATCH = 64
_STARTS = 3


def figures(events: int = EVENTS, repeats: int = 5, cache_dir: Path | None = None) -> list[Figure]:
    """`decide_single` and `decide_batch64` in decisions/s, both again as `…_model` with a model of 300 trees on all 40
    features and a rule that reads it (where LightGBM is there to train it), `warm_start` in s, `rule_change_active` in
    ms.

    The first half of the events fills the state; the rest is decided in 2 * `repeats` parts, by turns one by one and 64
    at a time; each figure is the median of its parts, so that garbage collection counts.
    """
    cache_dir = cache_dir or default_cache()
    stream = make_stream(events)
    service = Service(policy(FORTY), cache_dir)
    measured = _decisions(service, stream, repeats)
    if importlib.util.find_spec("lightgbm"):
        modelled = _decisions(Service(_with_model(), cache_dir), stream, repeats)
        measured |= {f"{name}_model": rate for name, rate in modelled.items()}
    sample = bodies(stream, pack(FORTY), 0, 1)[0]
    return [
        *(Figure(name, round(rate, 1), "decisions/s") for name, rate in measured.items()),
        Figure("warm_start", round(_warm_start(sample, cache_dir), 3), "s"),
        Figure("rule_change_active", round(median([_rule_change(service, i) for i in range(repeats)]), 2), "ms"),
    ]


def _decisions(service: Service, stream: Stream, repeats: int) -> dict[str, float]:
    content, middle = pack(FORTY), len(stream) // 2
    for start in range(0, middle, BATCH):
        service.decide(bodies(stream, content, start, min(start + BATCH, middle)))
    size = max(1, (len(stream) - middle) // (2 * repeats))
    rates: dict[int, list[float]] = {1: [], BATCH: []}
    for part in range(2 * repeats):
        batch = (1, BATCH)[part % 2]
        sent = bodies(stream, content, middle + part * size, middle + (part + 1) * size)
        rates[batch].append(size / max(_timed(service, sent, batch), 1e-9))
    return {"decide_single": median(rates[1]), f"decide_batch{BATCH}": median(rates[BATCH])}


def write_modelled(folder: Path) -> None:
    """The measured pack with a trained model on all its features, and a rule that reads it, as a new folder.

    The model was trained on other data, so its scores are low: the rule fires on about a tenth of the payments.
    """
    text = trained()[0].model_to_string().encode()
    names = policy(FORTY).feature_names
    step = {
        "name": "trees", "version": 1, "title": {"zh": "模型", "en": "Trees"}, "file": "trees.txt",
        "sha256": model_hash(text), "inputs": {f"Column_{index}": name for index, name in enumerate(names)},
        "reasons": {f"Column_{index}": f"INPUT_{index}" for index in range(len(names))},
    }  # fmt: skip
    rule = {"id": "scored", "title": step["title"], "when": "models.trees > 0.0076", "score": 5, "reason": "MODEL"}
    shutil.copytree(FORTY, folder)
    (folder / "trees.txt").write_bytes(text)
    (folder / "models.yaml").write_text(json.dumps({"models": [step]}, ensure_ascii=False), encoding="utf-8")
    with (folder / "rules.yaml").open("a", encoding="utf-8") as rules:
        rules.write(f"  - {json.dumps(rule, ensure_ascii=False)}\n")


def _with_model() -> CompiledPolicy:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pack"
        write_modelled(folder)
        return compile_policy(load_pack(folder))


def _timed(service: Service, sent: list[bytes], batch: int) -> float:
    watch = Stopwatch()
    with watch.running():
        for start in range(0, len(sent), batch):
            service.decide(sent[start : start + batch])
    return watch.seconds


def _warm_start(body: bytes, cache_dir: Path) -> float:
    """Best of a few, by the clock on the wall: from the start of a process to the end of its first decision."""
    command = [sys.executable, "-m", "seawall.bench.start", str(FORTY), str(cache_dir)]
    spent = []
    for _ in range(_STARTS):
        began = perf_counter()
        done = subprocess.run(command, input=body, capture_output=True, check=False)  # noqa: S603 - our own module
        spent.append(perf_counter() - began)
        if done.returncode:
            last = (done.stderr.decode(errors="replace").splitlines() or ["no message"])[-1]
            raise SeawallError(f"a fresh process failed to decide: {last}; run `seawall doctor`")
    return min(spent)


def _rule_change(service: Service, number: int) -> float:
    """Milliseconds from files on disk in which one rule has changed to that rule deciding."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pack"
        shutil.copytree(FORTY, folder)
        rules = folder / "rules.yaml"
        text = rules.read_text(encoding="utf-8")
        changed = text.replace("account_count_1m >= 3", f"account_count_1m >= {number + 4}")
        assert changed != text, "the rule that changes is in the pack"
        rules.write_text(changed, encoding="utf-8")
        began = perf_counter()
        service.engine.activate(compile_policy(load_pack(folder)))
        return (perf_counter() - began) * 1000
