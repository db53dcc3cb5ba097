"""Crypto cash-out: money of a fraud is turned into crypto-assets or stakes, by a mule or with a stolen card."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack, Hands
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.transfer import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    person = int(attack.some(world.awake, 1)[0])
    shops = world.merchants.casinos if attack.chance("betting") else world.merchants.ramps
    merchant = attack.some(shops, attack.count("merchants"))
    count, begin = attack.count("payments"), attack.begin()
    span = attack.duration("hours", r.HOUR)
    if attack.chance("stolen"):
        amount = rng.uniform(0.5, 1.5, count) * attack.values["amount"]
        return _bought(attack, person, merchant, begin, span, amount, attack.stranger(attack.far_city()))
    payers = world.new_counterparties(attack.count("payers"))
    came = attack.times(begin, len(payers), 12 * r.HOUR)
    funds = amounts(world, np.full(len(payers), person), attack.values["funds_factor"], rng)
    paid_in = attack.transfers(came, person, payers, funds, r.IN)
    amount = rng.dirichlet(np.full(count, 5.0)) * funds.sum() * 0.95
    spent = _bought(attack, person, merchant, int(came[-1]) + 10 * r.MINUTE, span, amount, attack.own(person))
    return np.concatenate([paid_in, spent])


def _bought(
    attack: Attack, person: int, merchant: np.ndarray, begin: int, span: int, amount: np.ndarray, hands: Hands
) -> r.Rows:
    times = attack.times(begin, len(amount), span)
    card = int(attack.world.cards[person, 0])
    shop = attack.rng.choice(merchant, len(amount))
    return attack.payments(times, person, card, shop, np.maximum(100, amount.astype(np.int64)), **hands)


SCENARIO = Scenario(
    "crypto_cash_out",
    kinds=(r.CARD, r.TRANSFER),
    weight=1.2,
    typical=8,
    reported=Range(2, 25),
    ranges={
        "stolen": Range(0.2, 0.7),
        "betting": Range(0.0, 0.5),
        "merchants": Range(1, 3),
        "payments": Range(2, 9, log=True),
        "hours": Range(0.5, 36, log=True),
        "amount": Range(50_000, 600_000, log=True),
        "payers": Range(1, 8, log=True),
        "funds_factor": Range(2, 10, log=True),
    },
    launch=launch,
    by_customer=True,
)
