"""The worked example of the design, to the byte: pack, events, decision, content_hash."""

from __future__ import annotations

import hashlib
import json
import struct

import pytest

from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door
from seawall.engine.engine import Engine
from seawall.engine.language import explain
from seawall.engine.money import Rates
from seawall.engine.pack import Pack, TestCase
from seawall.engine.policy import compile_policy

HASH = "b94d6a77a56fe24f9b5f54ea2cdef5d9edb40ede2931b0b884697ab4456a387c"
HEADER = (
    b'{"degraded":[],"event_id":"e-3","list_hits":[],"outcome":"review","policy":"example_card@1",'
    b'"reasons":["AMOUNT_UNUSUAL","NEW_DEVICE"],"rules":["amount_over_history","new_device_large"],"score":75,"sequence":3}'
)


def run(pack: Pack, case: TestCase) -> tuple[Engine, Decision]:
    """The decision on the case's event after its history; event ids e-1, e-2, …"""
    clock = [0]
    door = Door(pack, Rates(), ClearSealer(), lambda: clock[0])
    engine = Engine(compile_policy(pack))
    decision = None
    for number, record in enumerate((*case.given, case.event), start=1):
        clock[0] = record.at_ms
        (decision,) = engine.step([door.admit_object({**record.body, "event_id": f"e-{number}"})])
    assert isinstance(decision, Decision)
    return engine, decision


def test_the_content_hash_is_the_published_one(example: Pack) -> None:
    _, decision = run(example, example.tests[0])
    assert decision.content_hash == HASH


def test_the_content_hash_is_what_the_design_says_it_is_over(example: Pack) -> None:
    vector = struct.pack("<4d", 1.0, 0.0, 25000.0, 530000.0)  # in name order
    data = b"seawall-decision-1\n" + len(HEADER).to_bytes(4, "little") + HEADER + vector
    assert hashlib.sha256(data).hexdigest() == HASH
    assert json.loads(HEADER)["sequence"] == 3


def test_the_decision_reads_as_published(example: Pack) -> None:
    engine, decision = run(example, example.tests[0])
    assert (decision.outcome, decision.score, decision.sequence) == ("review", 75, 3)
    assert decision.rules == ("amount_over_history", "new_device_large")
    assert decision.reasons == ("AMOUNT_UNUSUAL", "NEW_DEVICE")
    names = engine.policy.feature_names
    assert dict(zip(names, decision.row, strict=False)) == {
        "card_count_10m": 1,
        "customer_device_count_90d": 0,
        "customer_mean_30d": 25000.0,
        "customer_sum_24h": 530000,
    }


def test_the_explanation_gives_every_leaf_of_every_fired_rule(example: Pack) -> None:
    engine, decision = run(example, example.tests[0])
    row = {name: decision.row[place] for name, place in engine.policy.slots.items()}
    by_id = {entry.id: entry.expression for entry in engine.policy.entries}
    assert explain(by_id["amount_over_history"], row) == [
        {"leaf": "base_amount", "value": 500000},
        {"leaf": "customer_mean_30d", "value": 25000.0},
    ]
    assert explain(by_id["new_device_large"], row) == [
        {"leaf": "customer_device_count_90d", "value": 0},
        {"leaf": "base_amount", "value": 500000},
        {"leaf": "merchant in lists.watch_merchants", "evaluated": False},
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_the_packs_own_tests_hold(example: Pack, number: int) -> None:
    case = example.tests[number]
    engine, decision = run(example, case)
    assert decision.outcome == case.outcome
    assert decision.score == case.score
    assert decision.rules == case.rules
    values = dict(zip(engine.policy.feature_names, decision.row, strict=False))
    assert {name: values[name] for name in case.features} == dict(case.features)
