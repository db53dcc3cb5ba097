"""A model under a switch, and one under a calibration: the same decisions on every path, a fallback while it is off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seawall.engine import snapshot
from seawall.engine.decision import Decision
from seawall.engine.engine import Engine
from seawall.engine.errors import PackError
from seawall.engine.model import CalibratedModel, model_hash
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.settings import SettingEntry
from tests.engine.modelled import LINE, RULES, STEPS, trained, write
from tests.engine.world import as_block, decide, lists, stream

SWITCHES = """
switches:
  boosted: {title: {zh: 提升树模型, en: Boosted model}, default: true}
"""
MAP = {"kind": "isotonic", "library": "by hand", "x": [0.1, 0.4, 0.6, 0.9], "y": [0.0, 0.2, 0.55, 1.0]}
EXTRA = '    calibration: {file: models/map.json, sha256: "%(map)s"}\n    switch: boosted\n'
FULL = STEPS.replace("    top: 4\n", "    top: 4\n" + EXTRA)
LOW = RULES.replace("score: 15, reason: MODEL", "score: 1, reason: MODEL")


def write_pack(folder: Path, steps: str = FULL, switches: str = SWITCHES, made: object = MAP) -> Path:
    artefacts = {"boosted.txt": trained(1), "line.json": json.dumps(LINE), "map.json": json.dumps(made)}
    write(folder, artefacts, steps, LOW)
    (folder / "switches.yaml").write_text(switches, "utf-8")
    return folder


@pytest.fixture(scope="module")
def switched(tmp_path_factory: pytest.TempPathFactory) -> CompiledPolicy:
    return compile_policy(load_pack(write_pack(tmp_path_factory.mktemp("packs") / "pack")))


def entry(value: bool, **more: Any) -> SettingEntry:
    terms = {"scope": "all", "type": "switch", "reason": "drift", "source": "test"} | more
    return SettingEntry(setting="switches.boosted", entry_id="e1", value=value, **terms)


def of(policy: CompiledPolicy, decision: Decision, name: str) -> Any:
    return decision.row[policy.slots[name]]


def payments(found: list[Any]) -> list[Decision]:
    return [one for one in found if isinstance(one, Decision) and one.event_type == "pay"]


def test_the_score_goes_through_the_calibration(switched: CompiledPolicy) -> None:
    step = switched.models[0]
    assert isinstance(step.model, CalibratedModel)
    for one in payments(Engine(switched).step(stream(3, 200))):
        raw = step.model.model.score(step.of_row(one.row))
        assert of(switched, one, "models.boosted") == step.model.calibration.one(raw)
        assert of(switched, one, "models.boosted") == pytest.approx(np.interp(raw, MAP["x"], MAP["y"]), abs=1e-15)  # type: ignore[arg-type]


def test_while_its_switch_is_off_a_model_is_not_run_and_its_fallback_counts(switched: CompiledPolicy) -> None:
    records, plain = stream(3, 300), {}
    for one in payments(Engine(switched).step(records)):
        plain[one.event_id] = one
        assert one.degraded == ()
    engine = Engine(switched)
    on = payments(engine.step(records[:100]))
    off = payments(engine.step([entry(False), *records[100:200]]))
    again = payments(engine.step([entry(False, removed=True), *records[200:]]))
    assert [one.degraded for one in on + again] == [()] * (len(on) + len(again))
    assert len(off) > 30
    for one in off:
        assert (one.degraded, one.faults) == (("models.boosted",), ())
        assert of(switched, one, "models.boosted") is None
        assert not {"scored", "grade/top", "grade/low"} & set(one.rules)
        assert one.outcome != "approve"  # what policy.yaml states as the fallback
        before = plain[one.event_id]
        if "mix" not in one.rules and not {"scored", "far", "grade/top", "grade/low"} & set(before.rules):
            points = sum(rule.score for rule in switched.entries if rule.id in one.rules)
            assert one.score == max(0, min(100, points + 9))


@pytest.mark.parametrize("split", [1, 5, 64])
def test_every_path_gives_the_same_hashes(switched: CompiledPolicy, split: int) -> None:
    records = stream(7, 160)
    off, on = entry(False), entry(False, removed=True)
    whole = [*lists(), *records[:50], off, *records[50:90], on, *records[90:]]
    expected = decide(Engine(switched), whole, 1)
    assert decide(Engine(switched), whole, split) == expected
    engine = Engine(switched)
    engine.step(lists())
    hashes: list[str] = []
    for setting, part in ((None, records[:50]), (off, records[50:90]), (on, records[90:])):
        if setting is not None:
            engine.step([setting])
        hashes += engine.step_block(as_block(part), hashes=True).hashes
        engine = snapshot.restore(switched, snapshot.dump(engine))
    assert hashes == expected
    assert len(set(expected)) == len(expected)


@pytest.mark.parametrize(
    ("steps", "made", "message"),
    [
        (FULL.replace("switch: boosted", "switch: bosted"), MAP, "unknown switch 'bosted'"),
        (FULL.replace("map.json, sha256", "gone.json, sha256"), MAP, "models/gone.json is not a file of the pack"),
        (FULL.replace('"%(map)s"', '"' + "0" * 64 + '"'), MAP, "models/map.json has SHA-256"),
        (FULL.replace(', sha256: "%(map)s"', ""), MAP, "calibration lacks sha256"),
        (FULL.replace("models/map.json", "../map.json"), MAP, "is no path inside the pack"),
        (FULL, MAP | {"y": [0.0, 0.3, 0.2, 1.0]}, "models/map.json: the calibration: y must not fall"),
        (FULL, [1], "models/map.json: is not a JSON object"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, steps: str, made: object, message: str) -> None:
    with pytest.raises(PackError) as refused:
        compile_policy(load_pack(write_pack(tmp_path / "pack", steps, made=made)))
    found = [one for one in refused.value.problems if message in one.message]
    assert found, refused.value.problems
    assert found[0].file == "models.yaml"


def test_a_switch_that_is_off_from_the_start_is_warned_of(tmp_path: Path) -> None:
    policy = compile_policy(load_pack(write_pack(tmp_path / "pack", switches=SWITCHES.replace(", default: true", ""))))
    (found,) = [one for one in policy.warnings if "switches.boosted" in one.message]
    assert (found.file, "default: true" in found.suggestion) == ("models.yaml", True)
    (one,) = payments(Engine(policy).step(stream(3, 12)))[:1]
    assert one.degraded == ("models.boosted",)


def test_the_switch_of_a_model_counts_as_read(switched: CompiledPolicy) -> None:
    assert not [one for one in switched.warnings if "switches.boosted" in one.message]
    assert set(switched.pack.artefacts) == {"models/boosted.txt", "models/line.json", "models/map.json"}
    assert switched.pack.models["boosted"].calibration == ("models/map.json", model_hash(json.dumps(MAP).encode()))
