"""Impossible travel: a copy of the card pays far away soon after the customer paid in a shop at home."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.places import CITIES, distance_km
from seawall.simulator.randomness import Range

FASTEST_KM_PER_HOUR = 1_000.0


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    in_shop = np.flatnonzero(world.today["channel"] == r.IN_STORE)
    if not len(in_shop):
        return r.build(0)
    seen = world.today[rng.choice(in_shop)]
    lag, count = attack.duration("lag_minutes", r.MINUTE), attack.count("payments")
    home = world.merchants.city[seen["merchant"]]
    distance = distance_km(home, np.arange(len(CITIES)))
    too_far = np.flatnonzero(distance > FASTEST_KM_PER_HOUR * lag / r.HOUR)
    if not len(too_far):
        return r.build(0)
    customer = np.full(count, seen["customer"])
    merchant = world.merchants.pick(np.full(count, rng.choice(too_far)), rng)
    first = int(seen["time"]) + lag
    later = attack.times(first, count - 1, attack.duration("span_minutes", r.MINUTE))
    return attack.shop_payments(
        np.append(first, later),
        customer,
        int(seen["card"]),
        merchant,
        amounts(world, customer, merchant, attack.values["amount_factor"], rng),
        entry_mode=r.MAGSTRIPE if attack.chance("magstripe") else r.CONTACTLESS,
    )


SCENARIO = Scenario(
    "impossible_travel",
    kinds=(r.CARD,),
    weight=1.0,
    typical=3,
    reported=Range(1, 20),
    ranges={
        "lag_minutes": Range(8, 90, log=True),
        "payments": Range(1, 6),
        "span_minutes": Range(5, 180, log=True),
        "amount_factor": Range(1.2, 8, log=True),
        "magstripe": Range(0.3, 1.0),
    },
    launch=launch,
)
