"""Ordinary card payments: in the shops of the city one is in, and on the net."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour.session import occasions, own_device, own_ip
from seawall.simulator.merchants import ONLINE_GROUP
from seawall.simulator.people import FAVOURITES, People
from seawall.simulator.randomness import Floats, Ints, stream
from seawall.simulator.world import World

LOWEST, HIGHEST = 50, 50_000_000  # minor units
_FAVOURITE = 0.7
_ROUND_PRICE = 0.35
_CVC = (0.985, 0.007, 0.008)
_PROMOTED = 0.04  # of payments on the net
_PROMOTION_DAYS, _PROMOTIONS = 14, 6  # so many at a time, for so long
_HOLDERS = 0.03  # of the people buy crypto-assets, as many bet
_SPECULATION = 0.08  # of their payments on the net


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
    _promote(world, rows)
    _speculate(world, rows)
    return r.numbered(rows, r.CARD, world.day)


def promotion(world: World, rng: np.random.Generator, count: int) -> Ints:
    """One of the promotions of the day for each of `count` payments."""
    return world.day // _PROMOTION_DAYS * _PROMOTIONS + rng.integers(0, _PROMOTIONS, count)


def _promote(world: World, rows: r.Rows) -> None:
    """Some payments on the net have the price of a promotion; draws of its own, so that nothing else shifts."""
    rng = stream(world.seed, "promotions", world.step)
    promoted = (rows["channel"] == r.ONLINE) & (rng.random(len(rows)) < _PROMOTED)
    rows["promotion"] = np.where(promoted, promotion(world, rng, len(rows)), -1)


def _speculate(world: World, rows: r.Rows) -> None:
    """Of the payments on the net by those who hold crypto-assets or bet, some go there; draws of its own."""
    rng, nature = stream(world.seed, "speculation", world.step), stream(world.seed, "holders").random(len(world.people))
    chosen = (rows["channel"] == r.ONLINE) & (rng.random(len(rows)) < _SPECULATION)
    for sites, low in ((world.merchants.ramps, 0.0), (world.merchants.casinos, _HOLDERS)):
        drawn = nature[rows["customer"]]
        places = np.flatnonzero(chosen & (drawn >= low) & (drawn < low + _HOLDERS))
        rows["merchant"][places] = rng.choice(sites, len(places))
        rows["amount"][places] = amounts(world, rows["customer"][places], rows["merchant"][places], 1.0, rng)
        rows["promotion"][places] = -1


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
