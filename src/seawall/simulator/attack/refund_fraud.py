"""Refund fraud: someone inside a shop gives money back that was never paid, to cards of a few who share it."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.merchants import ONLINE_GROUP
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    shop = int(rng.integers(world.merchants.first[0], world.merchants.first[ONLINE_GROUP + 1]))
    friends = attack.some(world.awake, attack.count("cards"))
    customer = rng.choice(friends, attack.count("refunds"))
    times = attack.times(attack.begin(friends[0], (8, 22)), len(customer), attack.duration("hours", r.HOUR))
    amount = attack.values["amount"] * rng.lognormal(0, 0.5, len(customer))
    return attack.refunds_of_nothing(times, customer, world.cards[customer, 0], shop, amount.astype(np.int64))


SCENARIO = Scenario(
    "refund_fraud",
    kinds=(r.REFUND,),
    weight=0.6,
    typical=10,
    reported=Range(5, 25),
    ranges={
        "cards": Range(1, 6, log=True),
        "refunds": Range(3, 30, log=True),
        "hours": Range(1, 60, log=True),
        "amount": Range(20_000, 500_000, log=True),
    },
    launch=launch,
    by_customer=True,
)
