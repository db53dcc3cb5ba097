"""SIM swap: the carrier moves the number, one-time codes go to the thief, limits rise, the account is emptied."""

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
    city = int(world.people.city[victim])
    device, ip = int(world.new_devices(1)[0]), int(world.new_ips(1)[0])
    swapped = attack.begin()
    notice = attack.changes(np.array([swapped]), victim, np.array([r.SIM]), device=-1, ip=-1, city=-1)

    login = swapped + attack.duration("minutes_to_login", r.MINUTE)
    entry = attack.logins(
        np.array([login]), victim, device=device, ip=ip, city=city, result=np.array([r.SUCCESS]), method=r.OTP
    )
    steps = np.array([r.PASSWORD, r.LIMIT, r.PAYEE_ADDED])
    change = attack.times(login + r.SECOND, len(steps), attack.duration("minutes_to_change", r.MINUTE))
    changes = attack.changes(change, victim, steps, device=device, ip=ip, city=city)

    count = attack.count("transfers")
    times = attack.times(int(change[-1]) + r.SECOND, count, attack.duration("minutes_to_drain", r.MINUTE))
    payees = rng.choice(world.new_counterparties(attack.count("payees")), count)
    amount = amounts(world, np.full(count, victim), attack.values["amount_factor"], rng)
    drained = attack.transfers(times, victim, payees, amount, r.OUT, channel=r.APP, device=device, ip=ip, city=city)
    return np.concatenate([notice, entry, changes, drained])


SCENARIO = Scenario(
    "sim_swap",
    kinds=(r.CHANGE, r.LOGIN, r.TRANSFER),
    weight=0.8,
    typical=8,
    reported=Range(1, 10),
    ranges={
        "minutes_to_login": Range(5, 600, log=True),
        "minutes_to_change": Range(2, 40, log=True),
        "transfers": Range(1, 8),
        "payees": Range(1, 3),
        "minutes_to_drain": Range(4, 180, log=True),
        "amount_factor": Range(2, 12, log=True),
    },
    launch=launch,
)
