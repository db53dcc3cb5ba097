"""Night burst: while the customer sleeps, many payments for games and vouchers within minutes."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.randomness import Range

HOURS = (0.5, 4.0)  # local time of the first payment


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    victim = int(attack.some(world.awake, 1)[0])
    count = attack.count("payments")
    customer, merchant = np.full(count, victim), np.repeat(attack.resale_sites(1), count)
    own = attack.chance("own_device")
    return attack.payments(
        attack.times(attack.begin(victim, HOURS), count, attack.duration("minutes", r.MINUTE)),
        customer,
        int(world.cards[victim, 0]),
        merchant,
        amounts(world, customer, merchant, attack.values["amount_factor"], rng),
        device=int(world.devices[victim, 0] if own else world.new_devices(1)[0]),
        ip=int(world.home_ip(np.array([victim]))[0] if own else world.new_ips(1)[0]),
        city=int(world.people.city[victim]),
    )


SCENARIO = Scenario(
    "night_burst",
    kinds=(r.CARD,),
    weight=1.0,
    typical=9,
    reported=Range(1, 15),
    ranges={
        "payments": Range(4, 24, log=True),
        "minutes": Range(6, 80, log=True),
        "amount_factor": Range(0.8, 5, log=True),
        "own_device": Range(0.1, 0.8),
    },
    launch=launch,
)
