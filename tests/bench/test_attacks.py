"""What the suite `attacks` counts, on events made up here."""

from __future__ import annotations

import json

import pytest

from seawall.bench.attacked import Told
from seawall.bench.attacks import Tally, _good_figures, _rule_figures, _scenario_figures, tables
from seawall.cli import BAD_INPUT, OK, main


def told(outcome: str, scenario: str = "", campaign: int | None = None, day: int = 20, **more: object) -> Told:
    usual = {"type": "payment.card", "customer": "c1", "amount": 100, "rules": ()}
    return Told(day, scenario=scenario, campaign=campaign, outcome=outcome, **usual | more)  # type: ignore[arg-type]


def values(*events: Told, first_day: int = 14) -> dict[str, float]:
    tally = Tally()
    tally.add(events, first_day)
    measured = [*_scenario_figures(tally), *_good_figures(tally), *_rule_figures(tally)]
    assert tables(measured)
    return {figure.name: figure.value for figure in measured}


def test_an_attack_is_found_before_its_end_and_the_rest_of_its_money_stopped() -> None:
    outcomes = ("approve", "challenge", "approve", "approve")
    found = values(*(told(outcome, "stolen_card", 1) for outcome in outcomes))
    assert found["attack.stolen_card.found"] == found["attack.stolen_card.found_before_end"] == 1
    assert found["attack.stolen_card.money_stopped"] == 0.75


def test_what_is_found_at_the_last_event_was_not_found_in_time() -> None:
    found = values(*(told(outcome, "stolen_card", 1) for outcome in ("approve", "approve", "decline")))
    assert (found["attack.stolen_card.found"], found["attack.stolen_card.found_before_end"]) == (1, 0)


def test_money_is_stopped_at_the_third_payment_and_no_later() -> None:
    third = ("approve", "approve", "decline", "approve")
    fourth = ("approve", "approve", "approve", "decline")
    assert values(*(told(one, "stolen_card", 1) for one in third))["attack.stolen_card.money_stopped"] == 0.5
    assert values(*(told(one, "stolen_card", 1) for one in fourth))["attack.stolen_card.money_stopped"] == 0


@pytest.mark.parametrize(("scenario", "stopped"), [("stolen_card", 1), ("investment_scam", 0)])
def test_a_challenge_does_not_stop_those_who_pay_themselves(scenario: str, stopped: float) -> None:
    events = [told("challenge", scenario, 1), told("approve", scenario, 1)]
    assert values(*events)[f"attack.{scenario}.money_stopped"] == stopped


def test_customers_of_one_attack_are_stopped_one_by_one() -> None:
    other = told("approve", "card_testing", 1, customer="c2")
    found = values(told("decline", "card_testing", 1), other)
    assert found["attack.card_testing.customers_found"] == 0.5
    assert found["attack.card_testing.money_stopped"] == 0.5


def test_good_events_are_counted_by_type_and_rules_by_both() -> None:
    good = [told("approve") for _ in range(9)] + [told("review", rules=("odd",))]
    found = values(*good, told("review", "stolen_card", 1, rules=("odd",)), told("review", campaign=1))
    assert found["good.all.not_approved"] == found["good.payment.card.not_approved"] == 1_000
    assert (found["rule.odd.on_attacks"], found["rule.odd.on_good"], found["rule.odd.precision"]) == (1, 1, 0.5)


def test_the_run_up_and_the_attacks_that_began_in_it_do_not_count() -> None:
    early = told("review", day=3)
    found = values(early, told("approve", "stolen_card", 1, day=3), told("review", "stolen_card", 1), told("approve"))
    assert found["good.all.not_approved"] == 0
    assert "attack.stolen_card.found" not in found


def test_the_command_measures_seeds_and_variants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "attacks", "--events", "64", "--seeds", "4", "--json"]) == OK
    found = {figure["name"]: figure for figure in json.loads(capsys.readouterr().out)["figures"]}
    assert found["good.all.not_approved"]["unit"] == "of 10,000"
    assert any(name.startswith("attack.triangulation.") for name in found)
    assert all(figure["value"] >= 0 for figure in found.values())


def test_seeds_belong_to_this_suite_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "rules", "--seeds", "4"]) == BAD_INPUT
    assert "--seeds are whole numbers from 0" in capsys.readouterr().err
