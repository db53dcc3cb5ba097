"""Structuring: a large sum is paid in at branches in parts that each stay just below a threshold."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.randomness import Range

_STEP = 100_000  # thresholds are multiples of it (minor units)


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    person = int(attack.some(world.awake, 1)[0])
    threshold = max(1, round(attack.values["threshold"] / _STEP)) * _STEP
    count = attack.count("deposits")
    below = rng.uniform(attack.values["closeness"], 1.0, count)
    amount = np.minimum((threshold * below).astype(np.int64), threshold - 1)
    payers = rng.choice(world.new_counterparties(attack.count("payers")), count)
    times = attack.times(attack.begin(person, (9, 17)), count, attack.duration("days", r.DAY))
    return attack.transfers(times, person, payers, amount, r.IN, channel=r.BRANCH)


SCENARIO = Scenario(
    "structuring",
    kinds=(r.TRANSFER,),
    weight=1.0,
    typical=9,
    reported=Range(10, 30),
    ranges={
        "threshold": Range(1_000_000, 20_000_000, log=True),
        "closeness": Range(0.75, 0.97),
        "deposits": Range(4, 20, log=True),
        "days": Range(0.5, 10),
        "payers": Range(1, 5),
    },
    launch=launch,
    by_customer=True,
)
