"""A customer at their own telephone or computer: who acts when, from which device and address."""

from __future__ import annotations

import numpy as np

from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.world import World

_AT_HOME = 0.6


def occasions(world: World, rate: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """(customer, time in ms) of the acts in the world's step, at `rate` (N,) a day on average, by everyone's habits."""
    return world.occasions(rate, rng)


def own_device(world: World, customer: Ints, rng: np.random.Generator) -> Ints:
    """The first device mostly, else the second; shape of `customer`."""
    return np.asarray(world.devices[customer, (rng.random(len(customer)) < 0.2).astype(np.int64)])


def own_ip(world: World, customer: Ints, rng: np.random.Generator) -> Ints:
    """The address at home, or a shared one of the city the customer is in; shape of `customer`."""
    city = world.city[customer]
    at_home = (rng.random(len(customer)) < _AT_HOME) & (city == world.people.city[customer])
    return np.where(at_home, world.home_ip(customer), world.gateway_ip(city, rng))
