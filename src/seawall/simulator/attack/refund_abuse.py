"""Refund abuse: a customer buys on the net and claims most of it back."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    """The purchases are not labelled, the refunds are."""
    rng, world = attack.rng, attack.world
    person = int(attack.some(world.awake, 1)[0])
    times = attack.times(attack.begin(), attack.count("purchases"), attack.duration("weeks", 7 * r.DAY))
    customer = np.full(len(times), person)
    shops = rng.choice(world.people.sites[person], attack.count("shops"))
    merchant = rng.choice(shops, len(times))
    bought = attack.payments(
        times,
        customer,
        int(world.cards[person, 0]),
        merchant,
        amounts(world, customer, merchant, attack.values["amount_factor"], rng),
        device=int(world.devices[person, 0]),
        ip=int(world.home_ip(np.array([person]))[0]),
        city=int(world.people.city[person]),
        labelled=False,
    )
    claimed = bought[rng.random(len(bought)) < attack.values["claimed"]]
    delay = rng.integers(r.DAY, r.DAY + attack.duration("days_to_claim", r.DAY), len(claimed))
    return np.concatenate([bought, attack.refunds(claimed, claimed["time"] + delay, 1.0)])


SCENARIO = Scenario(
    "refund_abuse",
    kinds=(r.REFUND,),
    weight=0.8,
    typical=9,
    reported=Range(5, 30),
    ranges={
        "purchases": Range(6, 25, log=True),
        "weeks": Range(1, 5),
        "shops": Range(1, 5),
        "claimed": Range(0.5, 1.0),
        "days_to_claim": Range(1, 8),
        "amount_factor": Range(1, 6, log=True),
    },
    launch=launch,
    by_customer=True,
)
