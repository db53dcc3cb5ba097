"""Variant: a false shop fills its customers' orders with stolen cards, once each, at shops where anybody buys."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.merchants import CATEGORIES
from seawall.simulator.randomness import Range

_EVERYDAY = [place for place, category in enumerate(CATEGORIES) if category.returns and not category.resale]


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    victims = attack.some(world.awake, attack.count("cards"))
    shops = np.flatnonzero(world.merchants.online & np.isin(world.merchants.category, _EVERYDAY))
    merchant = rng.choice(shops[shops < world.merchants.first[-1]], len(victims))
    return attack.payments(
        attack.times(attack.begin(), len(victims), attack.duration("days", r.DAY)),
        victims,
        world.cards[victims, 0],
        merchant,
        amounts(world, victims, merchant, attack.values["amount_factor"], rng),
        device=world.new_devices(len(victims)),
        ip=world.new_ips(len(victims)),
        city=world.people.city[victims],
    )


SCENARIO = Scenario(
    "triangulation",
    kinds=(r.CARD,),
    weight=1.0,
    typical=15,
    reported=Range(3, 30),
    ranges={
        "cards": Range(8, 30, log=True),
        "days": Range(2, 14, log=True),
        "amount_factor": Range(0.8, 2.5, log=True),
    },
    launch=launch,
)
