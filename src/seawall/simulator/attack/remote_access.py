"""Variant: somebody steers the victim's own telephone from afar and sends ordinary amounts to new payees for days."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.transfer import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    victim = int(attack.some(world.awake, 1)[0])
    own, payees = attack.own(victim), world.new_counterparties(attack.count("payees"))
    added = attack.times(attack.begin(), len(payees), r.HOUR)
    enrolled = attack.changes(added, victim, r.PAYEE_ADDED, **own)
    count = attack.count("transfers")
    times = attack.times(int(added[-1]) + r.MINUTE, count, attack.duration("days", r.DAY))
    amount = amounts(world, np.full(count, victim), attack.values["amount_factor"], rng)
    sent = attack.transfers(times, victim, rng.choice(payees, count), amount, r.OUT, channel=r.APP, **own)
    return np.concatenate([enrolled, sent])


SCENARIO = Scenario(
    "remote_access",
    kinds=(r.CHANGE, r.TRANSFER),
    weight=1.0,
    typical=7,
    reported=Range(2, 20),
    ranges={
        "payees": Range(1, 3),
        "transfers": Range(3, 9),
        "days": Range(0.5, 6, log=True),
        "amount_factor": Range(0.8, 2.5, log=True),
    },
    launch=launch,
)
