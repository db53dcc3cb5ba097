"""Models in decisions: the same score on every path, what a failure leads to, faults given back, reasons."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.engine import ruleset, snapshot
from seawall.engine.answer import Answers
from seawall.engine.decision import Decision
from seawall.engine.door import Event
from seawall.engine.engine import Engine, Record
from seawall.engine.errors import StateError
from seawall.engine.history import load_mapping
from seawall.engine.language import evaluate
from seawall.engine.model import model_hash
from seawall.engine.model.linear import LinearModel
from seawall.engine.model.trees import TreeModel
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.replay import replay
from tests.engine.history.conftest import MAPPING, clock, payment, write_pack, write_rows
from tests.engine.modelled import BARE, BOOSTED, both, trained
from tests.engine.test_promises import expected_double
from tests.engine.test_replay import live
from tests.engine.world import as_block, decide, lists, stream


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> CompiledPolicy:
    return both(tmp_path_factory.mktemp("packs") / "pack")


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return stream(seed=4, n=500)


@pytest.fixture(scope="module")
def decisions(scored: CompiledPolicy, records: list[Record]) -> list[Decision]:
    return run(scored, records)


def run(policy: CompiledPolicy, records: list[Record], **more: Any) -> list[Decision]:
    return [one for one in Engine(policy).step(records, **more) if isinstance(one, Decision)]


def value(policy: CompiledPolicy, decision: Decision, name: str) -> Any:
    return decision.row[policy.slots[name]]


# --- scores -----------------------------------------------------------------------------------------------------------


def test_scores_are_lightgbms_on_the_features_and_fields_of_the_event(
    scored: CompiledPolicy, decisions: list[Decision]
) -> None:
    import lightgbm

    booster = lightgbm.Booster(model_str=trained(1))
    payments = [one for one in decisions if one.event_type == "pay"]
    rows = [[value(scored, one, name) for name in BOOSTED.values()] for one in payments]
    expected = booster.predict(np.array(rows, np.float64), num_threads=1)
    assert [value(scored, one, "models.boosted") for one in payments] == expected.tolist()
    assert len(set(expected)) > 50


def test_a_model_is_missing_on_types_it_is_not_for_and_nothing_degrades(
    scored: CompiledPolicy, decisions: list[Decision]
) -> None:
    logins = [one for one in decisions if one.event_type == "login"]
    assert logins
    for one in logins:
        assert value(scored, one, "models.boosted") is None
        assert "models.boosted" not in one.degraded


def test_the_vector_is_the_features_then_the_models_in_name_order(
    scored: CompiledPolicy, decisions: list[Decision]
) -> None:
    names = [*sorted(scored.pack.features), "models.boosted", "models.line"]
    assert scored.vector_names == names
    members = ("degraded", "event_id", "list_hits", "outcome", "policy", "reasons", "rules", "score", "sequence")
    for one in decisions[::7]:
        content = {name: getattr(one, name) for name in members}
        head = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        vector = b"".join(expected_double(value(scored, one, name)) for name in names)
        whole = b"seawall-decision-1\n" + struct.pack("<I", len(head)) + head + vector
        assert one.content_hash == hashlib.sha256(whole).hexdigest()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**16), st.integers(2, 70), st.integers(1, 160))
def test_every_path_gives_the_same_hashes(seed: int, split: int, rows: int) -> None:
    """A random model on a random stream: one by one, in batches, in blocks, over a snapshot."""
    records = stream(seed, 160)
    with tempfile.TemporaryDirectory() as name:
        policy = both(Path(name) / "pack", seed)
    expected = decide(Engine(policy), [*lists(), *records], 1)
    assert decide(Engine(policy), [*lists(), *records], split) == expected
    engine = Engine(policy)
    engine.step(lists())
    hashes: list[str] = []
    for start in range(0, len(records), rows):
        hashes += engine.step_block(as_block(records[start : start + rows]), hashes=True).hashes
        engine = snapshot.restore(policy, snapshot.dump(engine))
    assert hashes == expected


def test_a_block_hands_out_the_scores_beside_the_features(
    scored: CompiledPolicy, records: list[Record], decisions: list[Decision]
) -> None:
    decided = Engine(scored).step_block(as_block(records))
    assert list(decided.feature_names) == scored.vector_names
    found = decided.features[:, decided.feature_names.index("models.boosted")]
    expected = [value(scored, one, "models.boosted") for one in decisions]
    assert [None if math.isnan(score) else score for score in found.tolist()] == expected
    assert Engine(scored).step_block(as_block(records), features=False).features.size == 0


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_score_that_is_not_finite_takes_the_fallback_and_is_no_fault(tmp_path: Path, records: list[Record]) -> None:
    """Without a stand-in for since_login, who never logged in has no score."""
    policy = both(tmp_path / "pack", line=BARE)
    found = run(policy, records)
    block = Engine(policy).step_block(as_block(records), hashes=True)
    assert block.hashes == [one.content_hash for one in found]
    assert block.faults == {}
    assert {place: tuple(names) for place, names in block.degraded.items()} == {
        place: one.degraded for place, one in enumerate(found) if one.degraded
    }
    without = [one for one in found if value(policy, one, "since_login") is None]
    assert len(without) > 20
    for one in found:
        assert (one.degraded, one.faults) == (("models.line",) if one in without else (), ())
    for one in without:
        assert value(policy, one, "models.line") is None
        assert "unscored" in one.rules
        assert one.outcome != "approve"
        if "mix" not in one.rules:  # whose score lies in its rows
            points = sum(entry.score for entry in policy.entries if entry.id in one.rules)
            assert one.score == max(0, min(100, points + 9))


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The logistic model raises where a customer has two devices or more, alone and in any batch."""
    whole = LinearModel._scores

    def scores(self: LinearModel, rows: Any) -> Any:
        if np.any(rows[:, 0] >= 2.0):
            raise ZeroDivisionError("broken")
        return whole(self, rows)

    monkeypatch.setattr(LinearModel, "_scores", scores)
    return monkeypatch


def test_a_model_that_raises_is_a_fault_and_costs_no_other_event(
    scored: CompiledPolicy, records: list[Record], decisions: list[Decision], breaking: pytest.MonkeyPatch
) -> None:
    found = run(scored, records)
    for one, before in zip(found, decisions, strict=True):
        broken = value(scored, one, "devices_7d") >= 2
        assert (one.faults, one.degraded) == ((("models.line",), ("models.line",)) if broken else ((), ()))
        if not broken:
            assert one.content_hash == before.content_hash
    assert [one.content_hash for one in found] == decide(Engine(scored), records, 1)
    block = Engine(scored).step_block(as_block(records), hashes=True)
    assert block.hashes == [one.content_hash for one in found]
    assert block.faults == {place: one.faults for place, one in enumerate(found) if one.faults}


@pytest.mark.parametrize("split", [1, 64, 500])
def test_stored_faults_replay_to_the_same_hashes(
    scored: CompiledPolicy, records: list[Record], breaking: pytest.MonkeyPatch, split: int
) -> None:
    live = Engine(scored).step(records)
    faults = {place: one.faults for place, one in enumerate(live) if isinstance(one, Decision) and one.faults}
    breaking.undo()
    engine, again = Engine(scored), []
    for start in range(0, len(records), split):
        part = {place - start: names for place, names in faults.items() if start <= place < start + split}
        again += engine.step(records[start : start + split], part)
    assert again == live
    assert len(faults) > 100


def test_a_step_that_is_given_as_failed_is_not_run(
    scored: CompiledPolicy, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = next(one for one in records if isinstance(one, Event) and one.type == "pay")

    def never(*_: object) -> Any:
        raise AssertionError("the model was run")

    monkeypatch.setattr(TreeModel, "score", never)
    monkeypatch.setattr(TreeModel, "score_rows", never)
    (one,) = run(scored, [event], faults={0: ["models.boosted"]})
    assert (one.faults, one.degraded) == (("models.boosted",), ("models.boosted",))
    assert value(scored, one, "models.boosted") is None


def test_a_rule_that_raises_does_not_fire_and_is_a_fault(
    scored: CompiledPolicy, records: list[Record], decisions: list[Decision], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = scored.rulesets["pay"].run

    def broken(row: Any) -> int:
        if row[scored.slots["pay_count_10m"]] >= 2:
            raise OverflowError("generated code is wrong")
        return compiled(row)

    def walk(expression: Any, row: Any) -> object:
        if "pay_count_10m" in expression.names:
            raise OverflowError("and so is this rule")
        return evaluate(expression, row)

    monkeypatch.setattr(scored.rulesets["pay"], "run", broken)
    monkeypatch.setattr(ruleset, "evaluate", walk)
    live = run(scored, records)
    monkeypatch.undo()
    struck = [one for one in live if one.faults]
    before = {one.event_id: one for one in decisions}
    assert {one.faults for one in struck} == {("rules.burst",)}
    assert any("burst" in before[one.event_id].rules for one in struck)
    for one in struck:
        assert one.degraded == ("rules.burst",)
        assert set(one.rules) == set(before[one.event_id].rules) - {"burst"}
    by_id = {one.event_id: one.faults for one in struck}
    faults = {
        place: by_id[record.event_id]
        for place, record in enumerate(records)
        if isinstance(record, Event) and record.event_id in by_id
    }
    assert run(scored, records, faults=faults) == live


def test_a_fault_of_a_step_that_the_policy_lacks_is_refused_before_anything_happens(
    scored: CompiledPolicy, records: list[Record]
) -> None:
    engine = Engine(scored)
    with pytest.raises(StateError, match=r"record 80 of the batch has the fault models\.other"):
        engine.step(records[:100], {80: ["models.other"]})
    assert (engine.sequence, engine.clock_ms) == (0, 0)


# --- reasons ----------------------------------------------------------------------------------------------------------


def test_reasons_of_a_model_follow_the_rules_own_where_a_fired_rule_reads_it(
    scored: CompiledPolicy, decisions: list[Decision]
) -> None:
    seen = set()
    readers = {"boosted": {"scored", "far", "grade/top", "grade/low"}, "line": {"far", "unscored"}}
    for one in decisions:
        own = [entry.reason for rule in one.rules for entry in scored.entries if entry.id == rule and entry.reason]
        own += ["MIX"] if "mix" in one.rules else []
        added = [code for code in one.reasons if code not in own]
        assert len(added) == len(set(added))
        assert list(one.reasons[len(one.reasons) - len(added) :]) == added
        allowed = set()
        for step in scored.models:
            read = readers[step.definition.name] & set(one.rules)
            if read and value(scored, one, step.label) is not None:
                top = step.top(step.of_row(one.row))
                allowed |= {step.definition.reasons[r.feature] for r in top if r.feature in step.definition.reasons}
        assert set(added) == allowed - set(own)
        seen |= set(added)
    assert seen >= {"VOLUME", "DEVICES"}


def test_a_model_whose_contributions_raise_gives_no_reasons_and_the_fault_replays(
    scored: CompiledPolicy, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Any:
        raise ArithmeticError("broken")

    monkeypatch.setattr(TreeModel, "contributions", broken)
    live = Engine(scored).step(records)
    block = Engine(scored).step_block(as_block(records), hashes=True)
    monkeypatch.undo()
    struck = {place: one.faults for place, one in enumerate(live) if isinstance(one, Decision) and one.faults}
    assert set(struck.values()) == {("reasons.boosted",)}
    for place in struck:
        one = live[place]
        assert isinstance(one, Decision)
        assert one.degraded == ("reasons.boosted",)
        assert not {"VOLUME", "MEAN", "ORDERED", "ITEMS"} & set(one.reasons)
        assert value(scored, one, "models.boosted") is not None
    assert block.hashes == [one.content_hash for one in live if isinstance(one, Decision)]
    assert Engine(scored).step(records, struck) == live


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_shows_scores_and_the_highest_inputs_where_a_fired_rule_reads_them_or_asked(
    scored: CompiledPolicy, decisions: list[Decision]
) -> None:
    writer, shown = Answers(scored, "en"), {True: 0, False: 0}
    boosted, line = scored.models
    for one in decisions:
        for explained in (False, True):
            found = json.loads(writer.write(one, "d", 1, explained=explained))["models"]
            assert list(found) == (["boosted", "line"] if one.event_type == "pay" else ["line"])
            assert found["line"]["score"] == value(scored, one, "models.line")
            fired = [rule.when for rule in scored.pack.rules if rule.id in one.rules]
            for step in (boosted, line):
                name = step.definition.name
                if name not in found or found[name]["score"] is None:
                    continue
                top = explained or any(step.label in when.text for when in fired)
                shown[top] += 1
                assert ("top" in found[name]) == top
                if top:
                    assert found[name]["top"] == [
                        {
                            "feature": r.feature,
                            "contribution": r.contribution,
                            "code": step.definition.reasons.get(r.feature),
                        }
                        for r in step.top(step.of_row(one.row))
                    ]
    assert min(shown.values()) > 20


def test_an_answers_reasons_are_the_decisions_with_the_inputs_titles(
    scored: CompiledPolicy, decisions: list[Decision]
) -> None:
    writer, titles = Answers(scored, "en"), set()
    for one in decisions:
        found = json.loads(writer.write(one, "d", 1))["reasons"]
        assert [reason["code"] for reason in found] == list(one.reasons)
        titles |= {(reason["model"], reason["feature"], reason["text"]) for reason in found if "model" in reason}
    assert titles >= {("boosted", "sum", "Amount"), ("boosted", "items", "Items"), ("line", "devices_7d", "Devices")}


def test_an_answer_says_null_where_a_model_failed(
    scored: CompiledPolicy, records: list[Record], breaking: pytest.MonkeyPatch
) -> None:
    failed = next(one for one in run(scored, records) if one.faults)
    found = json.loads(Answers(scored).write(failed, "d", 1, explained=True))
    assert found["models"]["line"] == {"score": None}
    assert found["degraded"] == ["models.line"]


# --- replay -----------------------------------------------------------------------------------------------------------


def test_a_replay_decides_as_the_live_engine_does_and_writes_the_scores(tmp_path: Path) -> None:
    line = {
        "kind": "logistic",
        "intercept": -3.0,
        "features": [{"name": "count_1h", "weight": 0.5, "reference": 3.0}, {"name": "amount", "weight": 2e-4}],
    }
    folder = write_pack(tmp_path / "sample")
    (folder / "line.json").write_text(json.dumps(line), "utf-8")
    step = {
        "name": "line", "version": 1, "title": {"zh": "线", "en": "Line"}, "file": "line.json",
        "sha256": model_hash((folder / "line.json").read_bytes()), "inputs": {"amount": "base_amount"},
        "reasons": {"count_1h": "COUNT"},
    }  # fmt: skip
    (folder / "models.yaml").write_text(json.dumps({"models": [step]}), "utf-8")
    with (folder / "rules.yaml").open("a", encoding="utf-8") as rules:
        rules.write("  - {id: scored, title: {zh: a, en: a}, when: models.line > 0.2, score: 20, reason: LINE}\n")
    policy = compile_policy(load_pack(folder))
    (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
    rows = [payment(i, clock(7 * i // 3), f"c{i % 3}", 997 * i % 20_000, int(i % 11 == 0)) for i in range(120)]
    events = write_rows(tmp_path / "events.parquet", rows)
    replay(
        events, load_mapping(tmp_path / "mapping.yaml", policy.pack), policy, tmp_path / "out.parquet", block_rows=50
    )
    table = pq.read_table(tmp_path / "out.parquet").to_pydict()
    decided = list(live(policy, rows, []))
    assert table["content_hash"] == [one.content_hash for one in decided]
    assert table["models.line"] == [value(policy, one, "models.line") for one in decided]
    assert {one.reasons for one in decided} >= {(), ("LINE",), ("LINE", "COUNT")}


# --- what models are given --------------------------------------------------------------------------------------------


def test_who_watches_is_shown_what_each_model_was_given_on_a_block_and_what_it_gave(
    scored: CompiledPolicy, records: list[Record], decisions: list[Decision]
) -> None:
    engine, seen = Engine(scored), []
    engine.step_block(as_block(records[:100]))
    engine.watch_models(seen.append)
    decided = [*engine.step_block(as_block(records[100:300])).rows, *engine.step_block(as_block(records[300:])).rows]
    assert {(one.policy, one.step.label) for one in seen} == {
        (scored.label, "models.boosted"),
        (scored.label, "models.line"),
    }
    assert len(decided) == len(decisions) - sum(isinstance(one, Event) for one in records[:100])
    by_place = dict(zip(_events(records), decisions, strict=True))
    for first, parts in ((100, seen[:2]), (300, seen[2:])):
        for one in parts:
            assert one.inputs.shape == (len(one.rows), len(one.step.inputs))
            for row, inputs, score in zip(one.rows.tolist(), one.inputs, one.scores.tolist(), strict=True):
                decision = by_place[first + row]
                assert np.array_equal(inputs, one.step.of_row(decision.row), equal_nan=True)
                assert score == value(scored, decision, one.step.label)


def _events(records: list[Record]) -> list[int]:
    return [place for place, one in enumerate(records) if isinstance(one, Event)]
