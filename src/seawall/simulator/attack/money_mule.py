"""Money mule: many strangers pay in within a short time; nearly all of it soon goes out to a few."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.transfer import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    mule = int(attack.some(world.awake, 1)[0])
    payers = world.new_counterparties(attack.count("payers"))
    times = attack.times(attack.begin(), len(payers), attack.duration("hours_in", r.HOUR))
    paid_in = amounts(world, np.full(len(payers), mule), attack.values["amount_factor"], rng)
    fan_in = attack.transfers(times, mule, payers, paid_in, r.IN)

    count = attack.count("payments_out")
    passed_on = int(paid_in.sum() * attack.values["passed_on"])
    shares = rng.dirichlet(np.full(count, 4.0))
    fan_out = attack.transfers(
        attack.times(int(times[-1]) + r.MINUTE, count, attack.duration("hours_out", r.HOUR)),
        mule,
        rng.choice(world.new_counterparties(attack.count("receivers")), count),
        np.maximum(1, (shares * passed_on).astype(np.int64)),
        r.OUT,
        channel=r.APP,
        device=int(world.devices[mule, 0]),
        ip=int(world.home_ip(np.array([mule]))[0]),
        city=int(world.people.city[mule]),
    )
    return np.concatenate([fan_in, fan_out])


SCENARIO = Scenario(
    "money_mule",
    kinds=(r.TRANSFER,),
    weight=1.5,
    typical=18,
    reported=Range(7, 30),
    ranges={
        "payers": Range(5, 40, log=True),
        "hours_in": Range(2, 96, log=True),
        "amount_factor": Range(0.5, 5, log=True),
        "passed_on": Range(0.8, 0.98),
        "payments_out": Range(1, 8),
        "receivers": Range(1, 4),
        "hours_out": Range(0.5, 36, log=True),
    },
    launch=launch,
    by_customer=True,
)
