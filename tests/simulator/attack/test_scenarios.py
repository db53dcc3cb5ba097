"""Each scenario leaves the traces that its name promises."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from seawall.simulator import Simulation
from seawall.simulator import rows as r
from seawall.simulator.attack import SCENARIOS, VARIANTS, Scenario
from seawall.simulator.attack import impossible_travel as travel
from seawall.simulator.attack.craft import Attack, Numbering
from seawall.simulator.people import People
from seawall.simulator.places import COUNTRIES, UTC_OFFSET_MS, distance_km
from seawall.simulator.randomness import Ints, stream
from seawall.simulator.world import World

Lived = tuple[World, r.Rows]
EVERY = (*SCENARIOS, *VARIANTS)
BY_NAME = {scenario.name: scenario for scenario in EVERY}
CODE = 3


def attacks(world: World, scenario: Scenario, count: int = 25) -> list[r.Rows]:
    numbering = Numbering()
    made = []
    for trial in range(count):
        rng = stream(8, "attack", scenario.name, trial)
        values = {name: span.draw(rng) for name, span in scenario.ranges.items()}
        rows = scenario.launch(Attack(world, rng, values, CODE, numbering))
        if len(rows):
            made.append(rows)
    assert len(made) > count // 2, "most attacks find a victim"
    return made


def labelled(rows: r.Rows, kind: int) -> r.Rows:
    chosen: r.Rows = rows[(rows["scenario"] == CODE) & (rows["kind"] == kind)]
    return chosen


def most_in_ten_minutes(times: Ints) -> int:
    times = np.sort(times)
    return int((np.searchsorted(times, times + 10 * r.MINUTE, side="right") - np.arange(len(times))).max())


def median_purchase(people: People, customer: int) -> float:
    return float(np.exp(people.log_spend[customer]))


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_rows_are_well_formed(lived: Lived, scenario: Scenario) -> None:
    world, _ = lived
    made = np.concatenate(attacks(world, scenario))
    marked = made["scenario"] == CODE
    assert set(made["kind"][marked].tolist()) == set(scenario.kinds)
    assert set(made["scenario"].tolist()) <= {CODE, -1}
    assert len(np.unique(made["uid"])) == len(made)
    assert (made["time"] >= world.day_start).all()
    money = np.isin(made["kind"], [r.CARD, r.REFUND, r.TRANSFER])
    assert (made["amount"][money] > 0).all()
    assert (made["customer"] >= 0).all()


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_typical_number_of_labelled_rows_is_honest(lived: Lived, scenario: Scenario) -> None:
    world, _ = lived
    counts = [int((rows["scenario"] == CODE).sum()) for rows in attacks(world, scenario, 120)]
    assert scenario.typical / 2 < np.mean(counts) < scenario.typical * 2


def test_names_are_different() -> None:
    assert len(BY_NAME) == len(EVERY) == 23


def test_card_testing_is_fast_small_and_at_one_shop(lived: Lived) -> None:
    world, ordinary = lived
    some = np.unique(ordinary["card"])[:200]
    usual = max(most_in_ten_minutes(ordinary["time"][ordinary["card"] == card]) for card in some)
    for rows in attacks(world, BY_NAME["card_testing"]):
        assert len(np.unique(rows["merchant"])) == 1
        assert rows["amount"].max() <= 3_000
        assert most_in_ten_minutes(rows["time"]) >= 4
    many = np.concatenate(attacks(world, BY_NAME["card_testing"]))
    tested = np.unique(many["card"])
    bursts = [most_in_ten_minutes(many["time"][many["card"] == card]) for card in tested]
    assert np.mean(bursts) > usual
    assert (many["cvc"] == r.CVC_MISMATCH).mean() > 10 * (ordinary["cvc"] == r.CVC_MISMATCH).mean()


@pytest.mark.parametrize("name", ["stolen_card", "dormant_active", "compromised_merchant"])
def test_strangers_spend_from_devices_of_their_own(lived: Lived, name: str) -> None:
    world, ordinary = lived
    rows = np.concatenate(attacks(world, BY_NAME[name]))
    assert not np.isin(rows["device"], ordinary["device"]).any()
    assert not np.isin(rows["device"], world.devices).any()
    assert np.isin(rows["merchant"], world.merchants.resale_online).all()
    assert (world.cards[rows["customer"]] == rows["card"][:, None]).any(axis=1).mean() > 0.9


def test_stolen_card_spends_more_than_its_owner(lived: Lived) -> None:
    world, _ = lived
    above = [
        float(np.median(rows["amount"])) > median_purchase(world.people, int(rows["customer"][0]))
        for rows in attacks(world, BY_NAME["stolen_card"], 60)
    ]
    assert np.mean(above) > 0.8


def test_impossible_travel_is_impossible(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["impossible_travel"], 60):
        first = rows[np.argmin(rows["time"])]
        seen = world.today[(world.today["card"] == first["card"]) & (world.today["channel"] == r.IN_STORE)]
        places = world.merchants.city
        hours = (first["time"] - seen["time"]) / r.HOUR
        speeds = distance_km(places[seen["merchant"]], places[first["merchant"]])[hours > 0] / hours[hours > 0]
        assert speeds.max() > travel.FASTEST_KM_PER_HOUR
        assert (rows["channel"] == r.IN_STORE).all()


def test_compromised_cards_all_paid_at_one_shop_before(lived: Lived) -> None:
    world, ordinary = lived
    for rows in attacks(world, BY_NAME["compromised_merchant"]):
        cards = np.unique(rows["card"])
        paid = ordinary[np.isin(ordinary["card"], cards) & (ordinary["channel"] == r.IN_STORE)]
        shops = [set(paid["merchant"][paid["card"] == card].tolist()) for card in cards]
        assert set.intersection(*shops)
        assert rows["time"].min() >= world.day_start + r.DAY


def test_bust_out_builds_up_then_spends(lived: Lived) -> None:
    world, _ = lived
    larger = []
    for rows in attacks(world, BY_NAME["bust_out"]):
        trust, spent = rows[rows["scenario"] == -1], labelled(rows, r.CARD)
        assert trust["time"].max() <= spent["time"].min()
        assert len(np.unique(rows["customer"])) == 1
        larger.append(np.median(spent["amount"]) > np.median(trust["amount"]))
    assert np.mean(larger) > 0.8


def test_dormant_victims_were_dormant(lived: Lived) -> None:
    world, _ = lived
    rows = np.concatenate(attacks(world, BY_NAME["dormant_active"]))
    assert world.people.dormant[rows["customer"]].all()


def test_night_bursts_begin_by_local_night(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["night_burst"]):
        offset = UTC_OFFSET_MS[world.people.city[rows["customer"][0]]]
        hour = float((rows["time"].min() + offset) % r.DAY) / r.HOUR
        assert 0.5 <= hour < 5.5
        assert np.ptp(rows["time"]) <= 80 * r.MINUTE


def test_refund_abuse_claims_back_own_purchases(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["refund_abuse"]):
        bought = {int(row["uid"]): row for row in rows[rows["kind"] == r.CARD]}
        claims = labelled(rows, r.REFUND)
        assert len(claims) >= 0.2 * len(bought)
        for claim in claims:
            purchase = bought[int(claim["original_uid"])]
            assert claim["amount"] == purchase["amount"]
            assert claim["time"] > purchase["time"]
            assert claim["original_time"] == purchase["time"]


def test_takeover_goes_login_change_transfer_from_a_strange_device(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["account_takeover"]):
        logins, changes, transfers = (labelled(rows, kind) for kind in (r.LOGIN, r.CHANGE, r.TRANSFER))
        assert logins["result"].tolist() == [r.FAILURE] * (len(logins) - 1) + [r.SUCCESS]
        assert logins["time"].max() < changes["time"].min() <= changes["time"].max() < transfers["time"].min()
        assert {r.PHONE, r.EMAIL} & set(changes["change"].tolist())
        assert len(np.unique(transfers["counterparty"])) == 1
        assert not np.isin(rows["device"], world.devices).any()


def test_sim_swap_begins_with_the_sim(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["sim_swap"]):
        rows = r.in_time_order(rows)
        assert rows["change"][0] == r.SIM
        assert rows["kind"][1] == r.LOGIN
        assert rows["method"][1] == r.OTP
        assert rows["kind"][-1] == r.TRANSFER


def test_mules_pass_on_what_came_in(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["money_mule"]):
        paid_in, passed_on = rows[rows["direction"] == r.IN], rows[rows["direction"] == r.OUT]
        assert len(np.unique(paid_in["counterparty"])) == len(paid_in) >= 5
        assert len(np.unique(passed_on["counterparty"])) <= 4
        assert 0.75 * paid_in["amount"].sum() < passed_on["amount"].sum() < paid_in["amount"].sum()
        assert paid_in["time"].max() < passed_on["time"].min()


def test_structured_deposits_stay_just_below_one_threshold(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["structuring"]):
        assert len(rows) >= 4
        assert rows["amount"].min() > 0.74 * rows["amount"].max()
        assert (rows["channel"] == r.BRANCH).all()
        assert len(np.unique(rows["customer"])) == 1


def test_tested_cards_are_tried_with_little_first(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["tested_card"]):
        rows = r.in_time_order(rows)
        assert rows["amount"][0] <= 2_000
        assert len(np.unique(rows["card"])) == 1
        assert not np.isin(rows["device"], world.devices).any()


def test_stuffed_credentials_mostly_fail(lived: Lived) -> None:
    world, _ = lived
    made = attacks(world, BY_NAME["credential_stuffing"])
    assert all(len(np.unique(rows["customer"])) >= 8 for rows in made)
    assert (np.concatenate(made)["result"] == r.FAILURE).mean() > 0.85


def test_scam_victims_pay_more_and_more_from_their_own_devices(lived: Lived) -> None:
    world, _ = lived
    grown = []
    for rows in attacks(world, BY_NAME["investment_scam"]):
        assert np.isin(rows["device"], world.devices).all()
        for victim in np.unique(rows["customer"]):
            paid = r.in_time_order(rows[(rows["customer"] == victim) & (rows["kind"] == r.TRANSFER)])
            grown.append(paid["amount"][-1] > paid["amount"][0])
    assert np.mean(grown) > 0.9


def test_mule_networks_hand_over_from_layer_to_layer_on_few_devices(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["mule_network"]):
        out = rows[rows["direction"] == r.OUT]
        handed = rows[(rows["direction"] == r.IN) & np.isin(rows["counterparty"], out["customer"])]
        assert len(handed)
        assert len(np.unique(out["device"])) <= 2
        assert not np.isin(out["device"], world.devices).any()


def test_layered_money_leaves_the_country(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["cross_border_layering"]):
        came, left = rows[rows["direction"] == r.IN], rows[rows["direction"] == r.OUT]
        assert (left["country"] != COUNTRIES.index("CN")).all()
        assert 0.8 * came["amount"].sum() < left["amount"].sum() <= came["amount"].sum()


def test_crypto_is_cashed_out_at_ramps_and_betting_sites(lived: Lived) -> None:
    world, ordinary = lived
    bought = np.concatenate([labelled(rows, r.CARD) for rows in attacks(world, BY_NAME["crypto_cash_out"])])
    assert np.isin(bought["merchant"], np.concatenate([world.merchants.ramps, world.merchants.casinos])).all()
    assert 0 < np.isin(ordinary["merchant"], world.merchants.ramps).mean() < 0.02


def test_a_merchant_that_busts_out_charges_more_than_it_did(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["merchant_bust_out"]):
        before, after = rows[rows["scenario"] == -1], labelled(rows, r.CARD)
        assert len(np.unique(rows["merchant"])) == 1
        assert np.isin(rows["merchant"], world.merchants.shells).all()
        assert before["time"].max() <= after["time"].min()
        assert np.median(after["amount"]) > 2 * np.median(before["amount"])


def test_fraudulent_refunds_name_no_payment(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["refund_fraud"]):
        assert (rows["original_uid"] == -1).all()
        assert len(np.unique(rows["merchant"])) == 1
        assert len(np.unique(rows["card"])) <= 6


def test_farmed_accounts_are_new_and_share_devices_and_promotions(lived: Lived) -> None:
    world, _ = lived
    for rows in attacks(world, BY_NAME["promotion_farm"]):
        bought = labelled(rows, r.CARD)
        assert rows["customer"].min() >= len(world.people)
        assert len(np.unique(rows["device"])) < len(np.unique(rows["customer"]))
        assert len(np.unique(bought["promotion"])) == 1
        assert bought["promotion"][0] >= 0


def test_variants_leave_the_traces_of_the_customer(lived: Lived) -> None:
    world, _ = lived
    assert all(np.isin(rows["device"], world.devices).all() for rows in attacks(world, BY_NAME["remote_access"]))
    for rows in attacks(world, BY_NAME["triangulation"]):
        assert len(np.unique(rows["device"])) == len(np.unique(rows["card"])) == len(rows)
        assert not np.isin(rows["merchant"], world.merchants.resale_online).any()


def test_variants_take_part_only_where_they_are_named() -> None:
    def labels(attacks: tuple[str, ...] | None) -> set[str]:
        run = Simulation(3, 300, 20, date(2026, 3, 2), 0.05, ("payment.card", "payment.transfer"), attacks)
        return {label["scenario"] for label in run.labels()}

    assert not labels(None) & {one.name for one in VARIANTS}
    assert labels(("triangulation",)) == {"triangulation"}
    with pytest.raises(ValueError, match="attacks: no 'theft'; choose from card_testing"):
        Simulation(3, 300, 20, date(2026, 3, 2), 0.05, attacks=("theft",))
