from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from seawall.simulator import CUSTOMER_KINDS, FIELDS, KINDS, OUTAGES, SCENARIOS, VARIANTS, Simulation

START = date(2026, 3, 2)
# Same arguments, same bytes, on every machine and version: change it only together with what is generated.
DIGEST = "77d34628ac7f09a9d9e7b3301ce1fed6422f27cc79934529025f738c7759f7ff"


def simulation(**changes: Any) -> Simulation:
    usual: dict[str, Any] = {"seed": 7, "customers": 600, "days": 40, "start": START, "attack_rate": 0.01}
    return Simulation(**usual | changes)


def digest(run: Simulation) -> str:
    first = list(itertools.islice(run.events(), 5_000))
    assert len(first) == 5_000
    return hashlib.sha256(json.dumps(first, sort_keys=True).encode()).hexdigest()


@pytest.fixture(scope="module")
def everything() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    run = simulation(kinds=CUSTOMER_KINDS, attack_rate=0.02)
    return list(run.events()), list(run.labels())


def test_first_events_of_a_seed_never_change() -> None:
    assert digest(simulation(kinds=CUSTOMER_KINDS)) == DIGEST


def test_another_process_with_another_hash_seed_gives_the_same() -> None:
    code = "from tests.simulator.test_simulation import *; print(digest(simulation(kinds=CUSTOMER_KINDS)))"
    for hash_seed in ("1", "2"):
        answer = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout.strip() == DIGEST


@pytest.mark.parametrize("changes", [{"seed": 8}, {"customers": 601}, {"start": START + timedelta(days=1)}])
def test_other_arguments_give_other_events(changes: dict[str, Any]) -> None:
    def first(run: Simulation) -> list[dict[str, Any]]:
        return list(itertools.islice(run.events(), 100))

    assert first(simulation(**changes)) != first(simulation())


def test_events_come_in_time_order_with_ids_of_their_own(everything: Any) -> None:
    events, _ = everything
    times = [event["event_time"] for event in events]
    assert times == sorted(times)
    assert len({event["event_id"] for event in events}) == len(events)
    begin = datetime.fromisoformat(times[0])
    assert begin.date() >= START
    assert datetime.fromisoformat(times[-1]).date() < START + timedelta(days=40)


def test_events_hold_the_fields_of_their_kind(everything: Any) -> None:
    events, _ = everything
    allowed = {kind: {field.name for field in FIELDS if kind in field.kinds} for kind in CUSTOMER_KINDS}
    assert {event["type"] for event in events} == set(CUSTOMER_KINDS)
    for event in events:
        assert set(event) <= allowed[event["type"]]
        assert None not in event.values()
        assert {"event_id", "type", "event_time", "customer"} <= set(event)
    for event in events:
        if "amount" in event:
            assert type(event["amount"]) is int
            assert 0 < event["amount"] <= 10**15
            assert event["currency"] == "CNY"
    for event in events:
        if "latitude" in event:
            assert -90 <= event["latitude"] <= 90
            assert -180 <= event["longitude"] <= 180


def test_card_payments_are_as_the_decision_api_takes_them(everything: Any) -> None:
    events, _ = everything
    needed = {"event_id", "type", "event_time", "customer", "card", "merchant", "amount", "currency"}
    payments = [event for event in events if event["type"] == "payment.card"]
    assert all(needed <= set(event) for event in payments)
    assert 0.5 < sum("device" in event for event in payments) / len(payments) < 1


def test_refunds_name_a_payment_that_came_before(everything: Any) -> None:
    events, _ = everything
    paid = {event["event_id"]: event for event in events if event["type"] == "payment.card"}
    refunds = [event for event in events if "original" in event]
    assert refunds
    for event in refunds:
        original = paid[event["original"]]
        assert original["event_time"] < event["event_time"]
        assert original["card"] == event["card"]


def test_labels_follow_their_events_by_a_day_to_thirty(everything: Any) -> None:
    events, labels = everything
    times = {event["event_id"]: datetime.fromisoformat(event["event_time"]) for event in events}
    assert labels
    for label in labels:
        assert set(label) == {"label", "event_id", "label_time", "scenario"}
        assert label["label"] == "fraud"
        assert label["scenario"] in {scenario.name for scenario in SCENARIOS}
        delay = datetime.fromisoformat(label["label_time"]) - times[label["event_id"]]
        assert timedelta(days=1) <= delay <= timedelta(days=30)
    arrivals = [label["label_time"] for label in labels]
    assert arrivals == sorted(arrivals)
    assert len({label["event_id"] for label in labels}) == len(labels)


def test_share_of_labelled_events_is_near_the_rate_asked_for() -> None:
    runs = [simulation(seed=seed, attack_rate=0.02) for seed in range(6)]
    labels = sum(sum(1 for _ in run.labels()) for run in runs)
    events = sum(sum(1 for _ in run.events(fields=["event_id"])) for run in runs)
    assert 0.014 < labels / events < 0.026


def test_records_merge_both_in_time_order() -> None:
    run = simulation(days=12, attack_rate=0.05)
    records = list(run.records())
    assert [record for record in records if "type" in record] == list(run.events())
    assert [record for record in records if "label" in record] == list(run.labels())
    times = [record.get("event_time") or record["label_time"] for record in records]
    assert times == sorted(times)


def test_ordinary_life_does_not_depend_on_attacks_or_other_kinds() -> None:
    def ordinary(run: Simulation) -> list[dict[str, Any]]:
        attacked = {label["event_id"] for label in run.labels()}
        return [event for event in run.events() if event["type"] == "login" and event["event_id"] not in attacked]

    alone = ordinary(simulation(kinds=["login"], attack_rate=0.0, days=15))
    assert ordinary(simulation(kinds=CUSTOMER_KINDS, attack_rate=0.05, days=15)) == alone


@pytest.fixture(scope="module")
def probed() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    run = simulation(kinds=["service.probe", "login"], attack_rate=0.05, days=8)
    return list(run.events()), list(run.labels())


def test_probes_name_no_customer(probed: Any) -> None:
    events, _ = probed
    probes = [event for event in events if event["type"] == "service.probe"]
    allowed = {"event_id", "type", "event_time", "service", "check", "status", "latency_ms", "region"}
    assert all(set(event) == allowed for event in probes)
    assert {event["status"] for event in probes} == {"ok", "slow", "error", "timeout"}
    assert all(type(event["latency_ms"]) is int and event["latency_ms"] > 0 for event in probes)


def test_labels_of_probes_are_outages_and_those_of_customers_are_fraud(probed: Any) -> None:
    events, labels = probed
    types = {event["event_id"]: event["type"] for event in events}
    expected = {"service.probe": "outage", "login": "fraud"}
    assert {label["label"] for label in labels} == {"outage", "fraud"}
    for label in labels:
        assert label["label"] == expected[types[label["event_id"]]]
        assert (label["scenario"] in {outage.name for outage in OUTAGES}) == (label["label"] == "outage")


def test_probes_leave_the_events_of_customers_as_they_are(probed: Any) -> None:
    events, _ = probed
    alone = list(simulation(kinds=["login"], attack_rate=0.05, days=8).events())
    assert [event for event in events if event["type"] == "login"] == alone


def test_expected_events_counts_probes() -> None:
    run = simulation(kinds=KINDS, days=5, attack_rate=0.1)
    assert run.expected_events == pytest.approx(sum(1 for _ in run.events(fields=["type"])), rel=0.02)


def test_no_attacks_no_labels() -> None:
    assert list(simulation(attack_rate=0.0).labels()) == []


def test_fields_can_be_chosen() -> None:
    wanted = ["event_id", "type", "event_time", "customer", "card", "merchant", "device", "amount", "currency"]
    for event in itertools.islice(simulation().events(fields=wanted), 200):
        assert set(event) <= set(wanted)


def test_expected_events_is_about_right() -> None:
    run = simulation(kinds=CUSTOMER_KINDS)
    assert run.expected_events == pytest.approx(sum(1 for _ in run.events(fields=["type"])), rel=0.1)


def test_parameters_tell_how_seeds_differ() -> None:
    one, other = simulation(seed=1).parameters(), simulation(seed=2).parameters()
    assert set(one) == {scenario.name for scenario in (*SCENARIOS, *OUTAGES, *VARIANTS)}
    assert one["card_testing"]["tries"] != other["card_testing"]["tries"]
    assert one == simulation(seed=1).parameters()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": -1}, "seed: -1 is outside"),
        ({"customers": 99}, "customers: 99 is outside 100"),
        ({"days": 0}, "days: 0 is outside 1"),
        ({"attack_rate": 0.6}, r"attack_rate: 0\.6 is outside"),
        ({"start": date(1969, 1, 1)}, "start: 1969-01-01 is outside"),
        ({"kinds": ["payment.cart"]}, r"kinds: payment\.cart; choose from payment\.card"),
        ({"kinds": []}, "kinds: none given"),
        ({"kinds": ["payment.refund"]}, r"add payment\.card"),
    ],
)
def test_bad_arguments_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulation(**changes)
