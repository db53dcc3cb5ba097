"""Dormant then active: a customer unseen for long suddenly spends, from a new device."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    if not len(world.asleep):
        return r.build(0)
    victim = int(attack.some(world.asleep, 1)[0])
    count = attack.count("payments")
    customer, merchant = np.full(count, victim), attack.resale_sites(count)
    return attack.payments(
        attack.times(attack.begin(), count, attack.duration("hours", r.HOUR)),
        customer,
        int(world.cards[victim, 0]),
        merchant,
        amounts(world, customer, merchant, attack.values["amount_factor"], rng),
        device=int(world.new_devices(1)[0]),
        ip=int(world.new_ips(1)[0]),
        city=attack.far_city() if attack.chance("abroad") else int(world.people.city[victim]),
    )


SCENARIO = Scenario(
    "dormant_active",
    kinds=(r.CARD,),
    weight=0.8,
    typical=10,
    reported=Range(3, 30),
    ranges={
        "payments": Range(4, 25, log=True),
        "hours": Range(1, 72, log=True),
        "amount_factor": Range(1, 8, log=True),
        "abroad": Range(0.0, 0.6),
    },
    launch=launch,
)
