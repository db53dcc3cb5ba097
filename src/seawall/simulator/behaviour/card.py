"""Ordinary card payments: in the shops of the city one is in, and on the net."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour.session import occasions, own_device, own_ip
from seawall.simulator.merchants import ONLINE_GROUP
from seawall.simulator.people import FAVOURITES, People
from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.world import World

LOWEST, HIGHEST = 50, 50_000_000  # minor units
_FAVOURITE = 0.7
_ROUND_PRICE = 0.35
_CVC = (0.985, 0.007, 0.008)


def mean(people: People) -> float:
    return float(people.card_rate.sum())


def day(world: World, rng: np.random.Generator) -> r.Rows:
    """The day's payments, numbered; in-store ones fall out while a customer is on the way."""
    people = world.people
    customer, times = occasions(world, people.card_rate, rng)
    online = rng.random(len(customer)) < people.online[customer]
    here = online | ~world.in_transit[customer]
    customer, times, online = customer[here], times[here], online[here]
    merchant = _merchants(world, customer, online, rng)
    telephone = ~online & (rng.random(len(customer)) < people.wallet[customer])
    chip = rng.random(len(customer)) < 0.5
    rows = r.build(
        len(customer),
        kind=r.CARD,
        time=times,
        customer=customer,
        card=world.cards[customer, (rng.random(len(customer)) < 0.25).astype(np.int64)],
        merchant=merchant,
        device=np.where(online | telephone, own_device(world, customer, rng), -1),
        ip=np.where(online, own_ip(world, customer, rng), -1),
        city=np.where(online, world.city[customer], -1),
        amount=amounts(world, customer, merchant, 1.0, rng),
        channel=np.where(online, r.ONLINE, r.IN_STORE),
        entry_mode=np.select([online, telephone, chip], [r.ECOMMERCE, r.CONTACTLESS, r.CHIP], r.CONTACTLESS),
        cvc=np.where(online, rng.choice(len(_CVC), len(customer), p=_CVC), -1),
    )
    return r.numbered(rows, r.CARD, world.day)


def amounts(world: World, customer: Ints, merchant: Ints, factor: float | Floats, rng: np.random.Generator) -> Ints:
    """Minor units (n,): log-normal around the customer's level and the shop's, times `factor`; many round prices."""
    people = world.people
    centre = people.log_spend[customer] + world.merchants.log_price[merchant] + np.log(factor)
    amount = np.exp(centre + people.spread[customer] * rng.standard_normal(len(customer)))
    amount = np.clip(np.round(amount), LOWEST, HIGHEST).astype(np.int64)
    whole = (rng.random(len(customer)) < _ROUND_PRICE) & (amount >= 1000)
    return np.where(whole, amount // 100 * 100, amount)


def _merchants(world: World, customer: Ints, online: Ints, rng: np.random.Generator) -> Ints:
    people = world.people
    place = (rng.random(len(customer)) ** 1.5 * FAVOURITES).astype(np.int64)
    usual = np.where(online, people.sites[customer, place], people.shops[customer, place])
    other = world.merchants.pick(np.where(online, ONLINE_GROUP, world.city[customer]), rng)
    at_home = world.city[customer] == people.city[customer]
    return np.where((rng.random(len(customer)) < _FAVOURITE) & (online | at_home), usual, other)
