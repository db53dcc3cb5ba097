"""One case of a pack's tests.yaml through the door and the engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door, Event
from seawall.engine.engine import Engine, Record
from seawall.engine.errors import EventError
from seawall.engine.money import Rates
from seawall.engine.pack import TestCase, TestRecord
from seawall.engine.policy import CompiledPolicy


def run_case(policy: CompiledPolicy, case: TestCase, cache_dir: Path | None = None) -> list[str]:
    """What differs from what the case expects, [] when nothing does."""
    engine = Engine(policy, cache_dir)
    keys: dict[str, dict[str, Any]] = {}
    try:
        for record in (*case.given, case.event):
            (result,) = engine.step([_admitted(policy, record, keys)])
    except EventError as error:
        return [f"a record is refused: {error}"]
    if not isinstance(result, Decision):
        return [f"no decision: {result}"]
    return _differences(policy, case, result)


def _admitted(policy: CompiledPolicy, record: TestRecord, keys: dict[str, dict[str, Any]]) -> Record:
    door = Door(policy.pack, Rates(), ClearSealer(), lambda: record.at_ms)
    if record.kind == "list":
        return door.admit_list_entry(record.body)
    if record.kind == "setting":
        return door.admit_setting(record.body)
    if record.kind == "label":
        return door.admit_label(record.body, keys.get(str(record.body.get("event_id")), {}))
    event: Event = door.admit_object(record.body)
    keys[event.event_id] = event.fields
    return event


def _differences(policy: CompiledPolicy, case: TestCase, decision: Decision) -> list[str]:
    expected: list[tuple[str, object, object]] = [("outcome", case.outcome, decision.outcome)]
    if case.score is not None:
        expected.append(("score", case.score, decision.score))
    if case.rules is not None:
        expected.append(("rules", sorted(case.rules), sorted(decision.rules)))
    found = [f"{what} is {got}, expected {wanted}" for what, wanted, got in expected if got != wanted]
    values = _features(policy, decision)
    for name, wanted in case.features.items():
        if not _equal(wanted, values[name]):
            found.append(f"feature {name} is {_shown(values[name])}, expected {_shown(wanted)}")
    return found


def _features(policy: CompiledPolicy, decision: Decision) -> Mapping[str, Any]:
    return {name: decision.row[policy.slots[name]] for name in policy.feature_names}


def _equal(wanted: object, got: object) -> bool:
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return math.isclose(wanted, got, rel_tol=1e-9, abs_tol=1e-12)
    return wanted == got


def _shown(value: object) -> str:
    return "missing" if value is None else str(value)
