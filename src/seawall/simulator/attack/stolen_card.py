"""Stolen card: somebody else's number spent on goods that resell, from a device the customer never used."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    victim = int(attack.some(world.awake, 1)[0])
    count = attack.count("payments")
    customer = np.full(count, victim)
    merchant = attack.resale_sites(count)
    return attack.payments(
        attack.times(attack.begin(), count, attack.duration("hours", r.HOUR)),
        customer,
        int(rng.choice(world.cards[victim])),
        merchant,
        amounts(world, customer, merchant, attack.values["amount_factor"], rng),
        device=int(world.new_devices(1)[0]),
        ip=int(world.new_ips(1)[0]),
        city=attack.far_city() if attack.chance("abroad") else int(world.people.city[victim]),
    )


SCENARIO = Scenario(
    "stolen_card",
    kinds=(r.CARD,),
    weight=3.0,
    typical=6,
    reported=Range(1, 25),
    ranges={
        "payments": Range(2, 14, log=True),
        "hours": Range(0.5, 60, log=True),
        "amount_factor": Range(1.5, 12, log=True),
        "abroad": Range(0.1, 0.9),
    },
    launch=launch,
)
