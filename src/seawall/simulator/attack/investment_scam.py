"""Investment scam: customers are talked into paying strangers, first a little, then more and more of their own will."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.transfer import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    world = attack.world
    victims = attack.some(world.awake, attack.count("victims"))
    payees = world.new_counterparties(attack.count("payees"))
    begins = attack.times(attack.begin(), len(victims), attack.duration("weeks", 7 * r.DAY))
    made = [_fleeced(attack, int(one), payees, int(at)) for one, at in zip(victims, begins, strict=True)]
    return np.concatenate(made)


def _fleeced(attack: Attack, victim: int, payees: np.ndarray, begin: int) -> r.Rows:
    """All that one victim pays: each transfer some times the one before; perhaps a limit is raised for the last."""
    rng, own = attack.rng, attack.own(victim)
    count = attack.count("transfers")
    gaps = rng.exponential(attack.duration("days_between", r.DAY), count).astype(np.int64) + r.MINUTE
    times = begin + np.cumsum(gaps)
    first = amounts(attack.world, np.array([victim]), attack.values["first_factor"], rng)[0]
    amount = np.minimum(first * attack.values["growth"] ** np.arange(count), 5e8).astype(np.int64)
    amount = np.where(amount >= 200_000, amount // 100_000 * 100_000, np.maximum(amount, 100))
    payee = rng.choice(payees, count)
    paid = attack.transfers(times, victim, payee, amount, r.OUT, channel=r.APP, **own)
    if count < 2 or not attack.chance("limit_raised"):
        return paid
    raised = attack.changes(times[-1:] - 10 * r.MINUTE, victim, r.LIMIT, **own)
    return np.concatenate([paid, raised])


SCENARIO = Scenario(
    "investment_scam",
    kinds=(r.TRANSFER, r.CHANGE),
    weight=2.0,
    typical=16,
    reported=Range(3, 25),
    ranges={
        "victims": Range(1, 10, log=True),
        "payees": Range(1, 3),
        "weeks": Range(0.2, 4, log=True),
        "transfers": Range(2, 6),
        "days_between": Range(0.2, 3, log=True),
        "first_factor": Range(0.3, 1.5, log=True),
        "growth": Range(1.4, 3.5),
        "limit_raised": Range(0.1, 0.7),
    },
    launch=launch,
    by_customer=True,
)
