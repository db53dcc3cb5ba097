"""The payments pack: every rule is earned, both languages are there, simulated fraud is caught and people are not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from seawall.bench.attacked import PACK, PROBE, Run, decided
from seawall.bench.attacks import Tally
from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door
from seawall.engine.engine import Engine
from seawall.engine.money import Rates
from seawall.engine.pack import TestCase as Case
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.times import parse_instant
from seawall.simulator import CUSTOMER_KINDS, FIELDS, KINDS, Simulation

_HAN = re.compile(r"[一-鿿]")
_IMPLIED = {"event_id", "type", "event_time"}
# The first tag of a rule; the last four are what people have set, or services and not customers.
_FAMILIES = {
    "card_not_present", "card_present", "credit", "account_takeover", "scam", "mule", "laundering", "merchant",
    "refund_promotion", "cross_border", "crypto", "limit", "safe_mode", "stopped", "operations",
}  # fmt: skip
_BY_PEOPLE = {"limit", "safe_mode", "stopped", "operations"}
# What no simulated attack shows: an entry of a watch list, another currency, a challenge that was asked for.
_NOT_SIMULATED = {
    "watched_merchant", "watched_ip", "first_foreign_currency", "challenge_failing", "device_challenge_failing",
    "failed_challenge_then_out", "device_failed_challenges",
}  # fmt: skip
_CLOSE = 3  # records in which a case and its neighbour may differ


@dataclass(frozen=True, slots=True)
class Told:
    """A case of tests.yaml and what fired in it: rules, table/row and deny lists."""

    case: Case
    type: str
    fired: frozenset[str]


@cache
def policy() -> CompiledPolicy:
    return compile_policy(load_pack(PACK))


def decide(records: list[tuple[str, int, Mapping[str, Any]]], rates: Rates) -> Decision:
    """The decision on the last of (kind, clock in ms, body)."""
    engine, keys = Engine(policy()), dict[str, dict[str, Any]]()
    result: object = None
    for kind, at_ms, body in records:
        door = Door(policy().pack, rates, ClearSealer(), lambda now=at_ms: now)  # type: ignore[misc]
        if kind == "list":
            record: Any = door.admit_list_entry(body)
        elif kind == "setting":
            record = door.admit_setting(body)
        elif kind == "label":
            record = door.admit_label(body, keys[str(body["event_id"])])
        else:
            record = door.admit_object(body)
            keys[record.event_id] = record.fields
        (result,) = engine.step([record])
    assert isinstance(result, Decision)
    return result


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """All cases, run once."""
    stories = []
    for case in policy().pack.tests:
        records = [(record.kind, record.at_ms, record.body) for record in (*case.given, case.event)]
        decision = decide(records, Rates())
        assert decision.outcome == case.outcome, case.name
        stories.append(Told(case, str(case.event.body["type"]), frozenset(decision.rules)))
    return stories


def earned_elsewhere() -> set[str]:
    """Rules that tests.yaml cannot tell of, since its cases have no exchange rates."""
    return {"first_foreign_currency"}


def test_the_pack_checks_without_a_word() -> None:
    assert [str(problem) for problem in policy().warnings] == []


def test_the_pack_is_as_rich_as_it_says() -> None:
    windowed = [feature for feature in policy().pack.features.values() if feature.agg not in ("", "ratio")]
    assert len(windowed) >= 100
    assert len(policy().pack.rules) >= 100


def test_every_condition_fires_in_one_case_and_not_in_the_next_which_is_close(told: list[Told]) -> None:
    earned = {
        fired
        for one, other in pairwise(told)
        for fired in one.fired - other.fired
        if one.type == other.type and _differing(one.case, other.case) <= _CLOSE
    }
    conditions = {entry.id for entry in policy().entries} - earned_elsewhere()
    assert sorted(conditions - earned) == []


def _differing(one: Case, other: Case) -> int:
    """Number of records in which two cases differ, whichever has more of them."""
    first, second = (Counter(_shown(record.body) for record in (*case.given, case.event)) for case in (one, other))
    return max((first - second).total(), (second - first).total())


def _shown(body: Mapping[str, Any]) -> str:
    """A record without the id that its place in the story gave it."""
    return json.dumps({name: value for name, value in body.items() if name != "event_id"}, sort_keys=True)


def test_a_first_large_payment_in_another_currency() -> None:
    day = parse_instant("2026-03-01T00:00:00.000Z")
    rates = Rates()
    rates.add("USD", "CNY", day, Decimal("7.1"))
    known = [_record("login", f"2026-03-0{i}T02:00:00.000Z", f"l{i}", result="success") for i in range(1, 6)]

    def pay(at: str, event_id: str, amount: int, currency: str) -> tuple[str, int, Mapping[str, Any]]:
        return _record("payment.card", at, event_id, card="k1", amount=amount, currency=currency)

    large = pay("2026-03-10T02:00:00.000Z", "p", 50_000, "USD")
    assert decide([*known, large], rates).rules == ("first_foreign_currency",)
    earlier = pay("2026-03-06T03:00:00.000Z", "e", 1_000, "USD")
    assert decide([*known, earlier, large], rates).rules == ()
    assert decide([*known, pay("2026-03-10T02:00:00.000Z", "p", 355_000, "CNY")], rates).rules == ()


def _record(kind: str, at: str, event_id: str, **fields: Any) -> tuple[str, int, Mapping[str, Any]]:
    body = {"event_id": event_id, "type": kind, "event_time": at, "customer": "c1"} | fields
    return "event", parse_instant(at), body


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every {zh, en} of a file."""
    if isinstance(value, dict):
        if value.keys() == {"zh", "en"}:
            yield value["zh"], value["en"]
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


@pytest.mark.parametrize("file", ["challenges", "events", "features", "limits", "lists", "rules", "switches", "tests"])
def test_every_text_is_in_both_languages(file: str) -> None:
    texts = list(_texts(yaml.safe_load((PACK / f"{file}.yaml").read_text("utf-8"))))
    assert len(texts) >= 3
    assert [zh for zh, _ in texts if not _HAN.search(zh)] == []
    assert [en for _, en in texts if not en.isascii()] == []


def test_every_tip_is_in_both_languages() -> None:
    tips = policy().pack.tips.values()
    assert [tip.reason for tip in tips if not _HAN.search(tip.text["zh"]) or not tip.text["en"].isascii()] == []


def test_no_two_rules_say_the_same() -> None:
    titles = [title for rule in policy().pack.rules for title in rule.title.values()]
    assert [title for title, times in Counter(titles).items() if times > 1] == []


def test_it_takes_every_field_that_the_simulator_sends() -> None:
    events = policy().pack.events
    sent = {(kind, field.name) for field in FIELDS for kind in field.kinds} - {
        (kind, name) for kind in KINDS for name in _IMPLIED
    }
    assert sorted(pair for pair in sent if pair[1] not in events[pair[0]].fields) == []


@pytest.mark.parametrize(
    ("kinds", "customers", "days", "labels"),
    [(CUSTOMER_KINDS, 400, 5, {"label.fraud"}), (("service.probe",), 100, 3, {"label.outage"})],
)
def test_it_admits_what_the_simulator_sends(
    kinds: tuple[str, ...], customers: int, days: int, labels: set[str]
) -> None:
    door = Door(policy().pack, Rates(), ClearSealer(), lambda: parse_instant("2026-03-01T00:00:00.000Z"))
    admitted: Counter[str] = Counter()
    events: dict[str, dict[str, Any]] = {}
    for record in Simulation(3, customers, days, date(2026, 1, 1), 0.02, kinds).records():
        if "type" in record:
            event = door.admit_object(record)
            events[event.event_id] = event.fields
            admitted[event.type] += 1
        else:
            label = door.admit_label(
                {name: value for name, value in record.items() if name != "scenario"}, events[record["event_id"]]
            )
            admitted[f"label.{label.label}"] += 1
    assert {*kinds, *labels} == admitted.keys()


def test_sealed_and_pseudonymised_fields_are_the_personal_ones() -> None:
    declared = {field.name: field for kind in policy().pack.events.values() for field in kind.fields.values()}
    assert {name for name, field in declared.items() if field.pseudonymised} == {"card", "phone", "id_number"}
    assert {name for name, field in declared.items() if field.sealed} == {"payee_name", "memo"}


def test_every_rule_names_its_family_and_a_reason() -> None:
    rules = policy().pack.rules
    assert [rule.id for rule in rules if not rule.tags or rule.tags[0] not in _FAMILIES or not rule.reason] == []


def test_simulated_attacks_are_caught_and_ordinary_people_left_alone() -> None:
    told = decided(Run(seed=5, customers=1_500, days=45, rate=0.03))
    tally = Tally()
    tally.add(told, first_day=10)
    assert tally.disturbed.total() < 0.01 * tally.good.total()
    found = tally.scenarios
    assert len(found) >= 18
    assert {name: one for name, one in found.items() if one.campaigns >= 4 and 3 * one.found < one.campaigns} == {}
    fired = {rule for event in told if event.scenario for rule in event.rules}
    asked = {rule.id for rule in policy().pack.rules if rule.tags[0] not in _BY_PEOPLE} - _NOT_SIMULATED
    assert len(asked & fired) >= 60, "each is met by an attack of this small run, or by one of `seawall bench attacks`"


def test_simulated_outages_are_noticed() -> None:
    tally = Tally()
    tally.add(decided(Run(seed=5, customers=100, days=6, rate=0.02, kinds=(PROBE,))))
    assert tally.disturbed.total() < 0.001 * tally.good.total()
    assert len(tally.scenarios) >= 3
    assert {name: one for name, one in tally.scenarios.items() if 2 * one.found < one.campaigns} == {}


@pytest.mark.parametrize("page", ["docs/reference/payments.md", "docs/zh/reference/payments.md"])
def test_the_page_names_every_rule_table_list_and_field(page: str) -> None:
    words = set(re.findall(r"[a-z_0-9.]+", (Path(__file__).parents[2] / page).read_text("utf-8")))
    pack = policy().pack
    named = {rule.id for rule in pack.rules} | {table.id for table in pack.tables} | {*pack.lists, *pack.labels}
    named |= {name.partition(".")[2] for name in pack.settings}
    named |= {*pack.events} | {field for kind in pack.events.values() for field in kind.fields}
    assert sorted(named - words) == []
