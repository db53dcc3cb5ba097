"""Ordinary changes to an account: a new telephone number, a forgotten password, another payee."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour.session import occasions, own_device, own_ip
from seawall.simulator.people import People
from seawall.simulator.world import World

_CHANGES = (0.08, 0.06, 0.30, 0.08, 0.38, 0.06, 0.04)  # in the order of CHANGES


def mean(people: People) -> float:
    return float(people.change_rate.sum())


def day(world: World, rng: np.random.Generator) -> r.Rows:
    """The day's changes, numbered; a change of the SIM is told by the carrier and has no device or address."""
    customer, times = occasions(world, world.people.change_rate, rng)
    change = rng.choice(len(_CHANGES), len(customer), p=_CHANGES)
    by_hand = change != r.SIM
    rows = r.build(
        len(customer),
        kind=r.CHANGE,
        time=times,
        customer=customer,
        change=change,
        phone=np.where(change == r.PHONE, customer, -1),
        device=np.where(by_hand, own_device(world, customer, rng), -1),
        ip=np.where(by_hand, own_ip(world, customer, rng), -1),
        city=np.where(by_hand, world.city[customer], -1),
    )
    return r.numbered(rows, r.CHANGE, world.day)
