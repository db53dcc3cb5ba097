"""Account takeover: a stranger logs in, changes where warnings go, and sends the money to a new payee."""

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
    abroad = attack.chance("abroad")
    stranger = attack.stranger(attack.far_city() if abroad else int(world.people.city[victim]))
    failures = round(attack.values["failures"])
    login = attack.begin() + np.arange(failures + 1) * attack.duration("retry_seconds", r.SECOND)
    results = np.append(np.full(failures, r.FAILURE), r.SUCCESS)
    entry = attack.logins(login, victim, result=results, method=r.PASSWORD_METHOD, **stranger)

    hidden = np.array([r.PHONE if attack.chance("phone") else r.EMAIL, r.PAYEE_ADDED])
    change = attack.times(int(login[-1]) + r.SECOND, len(hidden), attack.duration("minutes_to_change", r.MINUTE))
    phone = np.where(hidden == r.PHONE, world.new_phones(1), -1)
    changes = attack.changes(change, victim, hidden, phone=phone, **stranger)

    count = attack.count("transfers")
    times = attack.times(int(change[-1]) + r.SECOND, count, attack.duration("minutes_to_drain", r.MINUTE))
    amount = amounts(world, np.full(count, victim), attack.values["amount_factor"], rng)
    drained = attack.transfers(
        times, victim, int(world.new_counterparties(1)[0]), amount, r.OUT, channel=r.WEB, **stranger
    )
    return np.concatenate([entry, changes, drained])


SCENARIO = Scenario(
    "account_takeover",
    kinds=(r.LOGIN, r.CHANGE, r.TRANSFER),
    weight=2.0,
    typical=8,
    reported=Range(1, 14),
    ranges={
        "failures": Range(0, 6),
        "retry_seconds": Range(3, 60, log=True),
        "phone": Range(0.3, 1.0),
        "abroad": Range(0.1, 0.9),
        "minutes_to_change": Range(2, 90, log=True),
        "transfers": Range(1, 7),
        "minutes_to_drain": Range(5, 300, log=True),
        "amount_factor": Range(1.5, 8, log=True),
    },
    launch=launch,
)
