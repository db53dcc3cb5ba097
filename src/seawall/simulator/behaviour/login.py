"""Ordinary logins: from one's own devices, now and then mistyped."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour.session import occasions, own_device, own_ip
from seawall.simulator.people import People
from seawall.simulator.world import World

_FAILURE = 0.03
_METHODS = (0.6, 0.3, 0.1)  # in the order of LOGIN_METHODS


def mean(people: People) -> float:
    return float(people.login_rate.sum())


def day(world: World, rng: np.random.Generator) -> r.Rows:
    """The day's logins, numbered."""
    customer, times = occasions(world, world.people.login_rate, rng)
    rows = r.build(
        len(customer),
        kind=r.LOGIN,
        time=times,
        customer=customer,
        device=own_device(world, customer, rng),
        ip=own_ip(world, customer, rng),
        city=world.city[customer],
        result=np.where(rng.random(len(customer)) < _FAILURE, r.FAILURE, r.SUCCESS),
        method=rng.choice(len(_METHODS), len(customer), p=_METHODS),
        channel=np.where(rng.random(len(customer)) < 0.85, r.APP, r.WEB),
    )
    return r.numbered(rows, r.LOGIN, world.day)
