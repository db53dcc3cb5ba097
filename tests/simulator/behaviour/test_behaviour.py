"""Ordinary life, kind by kind: what a day holds, and that its expected number is right."""

from __future__ import annotations

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator.behaviour import BEHAVIOURS, Behaviour, account, card, login, refund, transfer
from seawall.simulator.places import UTC_OFFSET_MS
from seawall.simulator.randomness import stream
from seawall.simulator.world import World
from tests.simulator.conftest import START_MS

Lived = tuple[World, r.Rows]


@pytest.mark.parametrize("part", BEHAVIOURS, ids=lambda part: r.KINDS[part.kind])
def test_number_of_rows_is_as_expected(part: Behaviour) -> None:
    world = World(seed=6, customers=3_000, start_ms=START_MS, days=60)
    total = 0
    for day in range(30):
        world.begin_day(day)
        world.paid(card.day(world, stream(6, "card", day)))
        total += len(part.day(world, stream(6, "part", day)))
    tolerance = 0.7 if part.kind == r.REFUND else 0.12  # refunds hang on what the largest shops sell
    assert total == pytest.approx(30 * part.mean(world.people), rel=tolerance)


def test_every_row_of_a_day_has_a_number_of_its_own(lived: Lived) -> None:
    world, _ = lived
    made = np.concatenate([part.day(world, stream(1, "n", part.kind)) for part in BEHAVIOURS])
    assert len(np.unique(made["uid"])) == len(made)
    assert (made["scenario"] == -1).all()


def test_card_payments_are_made_where_the_customer_is(lived: Lived) -> None:
    world, payments = lived
    shop = payments["channel"] == r.IN_STORE
    place = world.merchants.city[payments["merchant"]]
    home = world.people.city[payments["customer"]]
    assert 0.9 < (place[shop] == home[shop]).mean() < 1.0
    assert world.merchants.online[payments["merchant"]].tolist() == (~shop).tolist()


def test_card_payments_have_what_their_channel_has(lived: Lived) -> None:
    _, payments = lived
    online = payments["channel"] == r.ONLINE
    assert 0.2 < online.mean() < 0.7
    for column in ("ip", "city", "cvc"):
        assert (payments[column] >= 0).tolist() == online.tolist()
    assert (payments["device"][online] >= 0).all()
    assert (payments["amount"] >= card.LOWEST).all()
    assert ((payments["cvc"][online] == r.CVC_MATCH).mean()) > 0.95


def test_amounts_follow_income(lived: Lived) -> None:
    world, payments = lived
    rich = world.people.income[payments["customer"]] > np.median(world.people.income)
    assert np.median(payments["amount"][rich]) > 1.3 * np.median(payments["amount"][~rich])


def test_few_pay_by_night(lived: Lived) -> None:
    world, payments = lived
    local = (payments["time"] + UTC_OFFSET_MS[world.people.city[payments["customer"]]]) // r.HOUR % 24
    assert ((local >= 1) & (local < 5)).mean() < 0.06


def test_refunds_name_an_earlier_payment_of_no_less(lived: Lived) -> None:
    world, _ = lived
    paid = {int(row["uid"]): row for row in world.today}
    refunds = np.concatenate([refund.day(world, stream(1, "refund", trial)) for trial in range(20)])
    assert len(refunds)
    for row in refunds:
        original = paid[int(row["original_uid"])]
        assert row["time"] >= original["time"] + r.DAY
        assert 0 < row["amount"] <= original["amount"]
        assert (row["card"], row["merchant"]) == (original["card"], original["merchant"])


def test_transfers_mostly_go_to_known_payees_never_to_oneself(lived: Lived) -> None:
    world, _ = lived
    rows = np.concatenate([transfer.day(world, stream(1, "transfer", trial)) for trial in range(10)])
    out = rows[rows["direction"] == r.OUT]
    known = (world.people.payees[out["customer"]] == out["counterparty"][:, None]).any(axis=1)
    assert 0.85 < known.mean() < 0.99
    assert (out["counterparty"] != out["customer"]).all()
    assert (rows["amount"] > 0).all()


def test_salaries_come_on_payday_only() -> None:
    world = World(seed=5, customers=500, start_ms=START_MS, days=31)
    paid = []
    for day in range(31):
        world.begin_day(day)
        rows = transfer.day(world, stream(5, "salary", day))
        salaries = rows[rows["direction"] == r.IN]
        assert (world.people.employer[salaries["customer"]] == salaries["counterparty"]).all()
        paid.append(salaries["customer"])
    counts = np.bincount(np.concatenate(paid), minlength=500)
    assert counts.tolist() == (world.people.payday > 0).astype(int).tolist()


def test_logins_use_own_devices_and_seldom_fail(lived: Lived) -> None:
    world, _ = lived
    rows = np.concatenate([login.day(world, stream(1, "login", trial)) for trial in range(10)])
    assert (world.devices[rows["customer"]] == rows["device"][:, None]).any(axis=1).all()
    assert 0 < (rows["result"] == r.FAILURE).mean() < 0.06


def test_a_changed_sim_is_told_by_the_carrier(lived: Lived) -> None:
    world, _ = lived
    rows = np.concatenate([account.day(world, stream(1, "account", trial)) for trial in range(60)])
    sim = rows["change"] == r.SIM
    assert 0 < sim.mean() < 0.2
    assert (rows["device"][sim] == -1).all()
    assert (rows["device"][~sim] >= 0).all()
