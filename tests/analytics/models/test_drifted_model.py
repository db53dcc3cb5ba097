"""From drift to fallback: what a model sees is measured block by block, it is switched off, and decisions say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seawall.analytics.models.drift import SCORE, SHIFTED, STABLE, Baseline, Drift, Shift
from seawall.engine.decision import Decision
from seawall.engine.door import Event
from seawall.engine.engine import Engine, Record
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.scoring import Scored
from tests.engine.test_model_switch import entry, write_pack
from tests.engine.world import as_block, stream

COUNT = 1_600


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> CompiledPolicy:
    return compile_policy(load_pack(write_pack(tmp_path_factory.mktemp("packs") / "pack")))


def seen(policy: CompiledPolicy, records: list[Record]) -> list[Scored]:
    """What the boosted model was given on the records, block by block."""
    engine, found = Engine(policy), []
    engine.watch_models(found.append)
    for start in range(0, len(records), 250):
        engine.step_block(as_block(records[start : start + 250]), features=False)
    return [one for one in found if one.step.label == "models.boosted"]


def dearer(records: list[Record]) -> list[Record]:
    """The same records, every amount five times as high."""
    return [
        Event(
            one.event_id, one.type, one.event_time, one.received_at,
            {k: v * 5 if k in ("amount", "base_amount") else v for k, v in one.fields.items()}, one.mac, one.version,
        )
        if isinstance(one, Event) else one
        for one in records
    ]  # fmt: skip


def shifts(baseline: Baseline, parts: list[Scored]) -> dict[str, Shift]:
    watch = Drift(baseline)
    for one in parts:
        watch.add(one.inputs, one.scores)
    return {one.name: one for one in watch.shifts()}


def test_a_drifted_model_is_found_switched_off_and_its_fallback_decides(policy: CompiledPolicy, tmp_path: Path) -> None:
    first = seen(policy, stream(5, COUNT))
    inputs, scores = (np.concatenate(parts) for parts in ([x.inputs for x in first], [x.scores for x in first]))
    baseline = Baseline.of(first[0].step.model.features, inputs, scores)
    same, later = shifts(baseline, seen(policy, stream(6, COUNT))), dearer(stream(6, COUNT))
    assert (same["amount"].state, same[SCORE].state) == (STABLE, STABLE)
    moved = shifts(baseline, seen(policy, later))
    assert moved["amount"].state == SHIFTED
    assert moved["weekend"].state == same["weekend"].state
    engine = Engine(policy)
    before = [one for one in engine.step(later[:200]) if isinstance(one, Decision)]
    after = [one for one in engine.step([entry(False), *later[200:400]]) if isinstance(one, Decision)]
    assert {one.degraded for one in before} == {()}
    assert {one.degraded for one in after if one.event_type == "pay"} == {("models.boosted",)}
    assert not [one for one in after if one.event_type == "pay" and one.outcome == "approve"]
