"""The answer is EXAMPLE's to the letter, in either language, and says what each fired rule looked at."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from seawall.engine.answer import Answers, answer
from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door
from seawall.engine.engine import Engine
from seawall.engine.errors import StateError
from seawall.engine.money import Rates
from seawall.engine.pack import Pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from tests.engine.world import lists, policy, stream

ID = "019aab00-0000-7000-8000-000000000003"
CARD = "6222020000000000"
EVENTS = (
    ("e-1", "2026-11-20T10:00:00.000Z", "m1", "d1", 20000),
    ("e-2", "2026-11-21T12:00:00.000Z", "m1", "d1", 30000),
    ("e-3", "2026-11-22T10:00:00.000Z", "m9", "d2", 500000),
)
ANSWER = (
    '{"decision_id":"019aab00-0000-7000-8000-000000000003","event_id":"e-3","policy":"example_card@1","sequence":3,'
    '"mode":"live","outcome":"review","score":75,"degraded":[],"late_by_ms":0,"latency_us":412,"reasons":['
    '{"code":"AMOUNT_UNUSUAL","rule":"amount_over_history","score":45,"text":"金额远高于本人历史"},'
    '{"code":"NEW_DEVICE","rule":"new_device_large","score":30,"text":"新设备大额或关注商户"}],'
    '"rules":["amount_over_history","new_device_large"],"list_hits":[],"models":{},"features":'
    '{"card_count_10m":1,"customer_device_count_90d":0,"customer_mean_30d":25000.0,"customer_sum_24h":530000},'
    '"explain":{"amount_over_history":['
    '{"leaf":"base_amount","value":500000},{"leaf":"customer_mean_30d","value":25000.0}],'
    '"new_device_large":[{"leaf":"customer_device_count_90d","value":0},{"leaf":"base_amount","value":500000},'
    '{"leaf":"merchant in lists.watch_merchants","evaluated":false}]},'
    '"content_hash":"b94d6a77a56fe24f9b5f54ea2cdef5d9edb40ede2931b0b884697ab4456a387c"}'
)


def decided(compiled: CompiledPolicy) -> list[Decision]:
    now = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
    door = Door(compiled.pack, Rates(), ClearSealer(), lambda: now)
    bodies = [
        {"event_id": event_id, "type": "payment.card", "event_time": at, "customer": "c1", "card": CARD,
         "merchant": merchant, "device": device, "amount": amount, "currency": "CNY"}
        for event_id, at, merchant, device, amount in EVENTS
    ]  # fmt: skip
    results = Engine(compiled).step([door.admit_object(body) for body in bodies])
    return [one for one in results if isinstance(one, Decision)]


@pytest.fixture(scope="module")
def example_policy(example: Pack) -> CompiledPolicy:
    return compile_policy(example)


def test_the_worked_example_to_the_letter(example_policy: CompiledPolicy) -> None:
    third = decided(example_policy)[2]
    assert answer(third, example_policy, ID, 412, explained=True).decode() == ANSWER


def test_without_explain_only_the_explanation_is_gone(example_policy: CompiledPolicy) -> None:
    expected = json.loads(ANSWER)
    del expected["explain"]
    found = answer(decided(example_policy)[2], example_policy, ID, 412)
    assert list(json.loads(found).items()) == list(expected.items())


def test_texts_are_in_the_language_asked_for(example_policy: CompiledPolicy) -> None:
    found = json.loads(answer(decided(example_policy)[2], example_policy, ID, 1, language="en", mode="shadow"))
    assert [reason["text"] for reason in found["reasons"]] == [
        "Amount far above own history",
        "Large amount on a new device or a watched merchant",
    ]
    assert found["mode"] == "shadow"


def test_a_missing_feature_is_null(example_policy: CompiledPolicy) -> None:
    first = json.loads(answer(decided(example_policy)[0], example_policy, ID, 1))
    assert first["features"]["customer_mean_30d"] is None
    assert first["features"]["card_count_10m"] == 1


def test_another_versions_decision_is_refused(example: Pack, example_policy: CompiledPolicy) -> None:
    later = compile_policy(replace(example, policy=replace(example.policy, version=2)))
    with pytest.raises(StateError, match="example_card@1"):
        answer(decided(example_policy)[0], later, ID, 1)


@pytest.fixture(scope="module")
def everything() -> CompiledPolicy:
    return policy()


@pytest.fixture(scope="module")
def many(everything: CompiledPolicy) -> list[Decision]:
    results = Engine(everything).step([*lists(), *stream(seed=5, n=600)])
    return [one for one in results if isinstance(one, Decision)]


def test_kept_fragments_change_nothing(everything: CompiledPolicy, many: list[Decision]) -> None:
    """Tables of every hit policy, lists, labels: one writer for all says what a fresh one says of each."""
    kept = Answers(everything, "en")
    for decision in many[::3]:
        assert kept.write(decision, ID, 7, explained=True) == answer(decision, everything, ID, 7, "en", explained=True)


def test_reasons_are_the_decisions_and_their_scores_add_up(everything: CompiledPolicy, many: list[Decision]) -> None:
    writer = Answers(everything)
    coded = {entry.id for entry in everything.entries if entry.reason}
    coded |= {group.id for group in everything.groups if group.hit == "collect"}
    cap = everything.pack.policy.score_cap
    collected = set()
    for decision in many:
        found = json.loads(writer.write(decision, ID, 7, explained=True))
        assert [reason["code"] for reason in found["reasons"]] == list(decision.reasons)
        assert [reason["rule"] for reason in found["reasons"]] == [r for r in found["rules"] if r in coded]
        assert list(found["explain"]) == list(decision.rules)
        collected |= {reason["score"] for reason in found["reasons"] if reason["rule"] == "mix"}
        if all(rule in coded for rule in decision.rules):
            assert max(0, min(cap, sum(reason["score"] for reason in found["reasons"]))) == decision.score
    assert len(collected) > 1, "a collecting table's score differs from event to event, under the same id"


def test_features_of_any_name_are_written(example: Pack, example_policy: CompiledPolicy) -> None:
    """Names that Python reserves are feature names all the same."""
    first = decided(example_policy)[0]
    renamed = {"lambda" if name == "card_count_10m" else name for name in example_policy.feature_names}
    features = [replace(f, name="lambda") if f.name == "card_count_10m" else f for f in example_policy.plan.features]
    other = replace(example_policy, plan=replace(example_policy.plan, features=features))
    assert set(json.loads(answer(first, other, ID, 1))["features"]) == renamed


@pytest.mark.parametrize("event_id", ['a"b', "支付-1", "a\\b"])
def test_the_answer_is_valid_json_whatever_the_id(example_policy: CompiledPolicy, event_id: str) -> None:
    first = msgspec.structs.replace(decided(example_policy)[0], event_id=event_id)
    assert json.loads(answer(first, example_policy, ID, 1))["event_id"] == event_id
