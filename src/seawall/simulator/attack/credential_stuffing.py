"""Credential stuffing: passwords leaked elsewhere are tried on many customers; a few of them fit."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    victims = attack.some(world.awake, attack.count("customers"))
    customer = np.repeat(victims, rng.integers(1, 1 + attack.count("tries"), len(victims)))
    gaps = rng.exponential(attack.duration("gap_seconds", r.SECOND), len(customer)).astype(np.int64) + 1
    last = np.append(customer[1:] != customer[:-1], True)
    fits = last & (rng.random(len(customer)) < attack.values["fits"])
    return attack.logins(
        attack.begin() + np.cumsum(gaps),
        customer,
        device=rng.choice(world.new_devices(attack.count("devices")), len(customer)),
        ip=rng.choice(world.new_ips(attack.count("addresses")), len(customer)),
        city=attack.far_city(),
        result=np.where(fits, r.SUCCESS, r.FAILURE),
        method=r.PASSWORD_METHOD,
    )


SCENARIO = Scenario(
    "credential_stuffing",
    kinds=(r.LOGIN,),
    weight=1.2,
    typical=45,
    reported=Range(1, 10),
    ranges={
        "customers": Range(10, 80, log=True),
        "tries": Range(1, 3),
        "gap_seconds": Range(2, 120, log=True),
        "fits": Range(0.01, 0.1),
        "devices": Range(1, 10, log=True),
        "addresses": Range(1, 8, log=True),
    },
    launch=launch,
)
