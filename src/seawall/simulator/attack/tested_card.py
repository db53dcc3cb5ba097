"""Tested card: a stolen number is proved good with a few tiny payments, then spent on goods that resell."""

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
    card, thief = int(rng.choice(world.cards[victim])), attack.stranger(attack.far_city())
    tries = attack.count("tries")
    test = attack.times(attack.begin(), tries, attack.duration("minutes_of_tests", r.MINUTE))
    price = rng.integers(100, 1 + 100 * attack.count("highest_test"), tries)
    tested = attack.payments(test, victim, card, int(attack.resale_sites(1)[0]), price, **thief)

    count = attack.count("payments")
    times = attack.times(int(test[-1]) + r.MINUTE, count, attack.duration("minutes_to_spend", r.MINUTE))
    customer, merchant = np.full(count, victim), attack.resale_sites(count)
    amount = amounts(world, customer, merchant, attack.values["amount_factor"], rng)
    return np.concatenate([tested, attack.payments(times, customer, card, merchant, amount, **thief)])


SCENARIO = Scenario(
    "tested_card",
    kinds=(r.CARD,),
    weight=1.0,
    typical=6,
    reported=Range(1, 20),
    ranges={
        "tries": Range(1, 5),
        "minutes_of_tests": Range(1, 30, log=True),
        "highest_test": Range(2, 20, log=True),
        "payments": Range(1, 5),
        "minutes_to_spend": Range(5, 240, log=True),
        "amount_factor": Range(2, 15, log=True),
    },
    launch=launch,
)
