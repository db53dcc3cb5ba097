"""Ordinary transfers: out to known and sometimes new payees, in as salary."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour.session import occasions, own_device, own_ip
from seawall.simulator.people import PAYEES, People
from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.world import World

_NEW_PAYEE = 0.08
_SHARE_OF_INCOME = 0.06
_SPREAD = 1.0


def mean(people: People) -> float:
    return float(people.transfer_rate.sum()) + float((people.payday > 0).sum()) * 12 / 365


def day(world: World, rng: np.random.Generator) -> r.Rows:
    """The day's transfers, out and in, numbered."""
    rows = np.concatenate([_out(world, rng), _salaries(world, rng)])
    return r.numbered(rows, r.TRANSFER, world.day)


def amounts(world: World, customer: Ints, factor: float | Floats, rng: np.random.Generator) -> Ints:
    """Minor units (n,): log-normal around a share of the income, times `factor`; mostly whole tens."""
    centre = world.people.income[customer] * _SHARE_OF_INCOME * factor
    amount = np.clip(centre * np.exp(_SPREAD * rng.standard_normal(len(customer))), 100, 5e8).astype(np.int64)
    whole = (rng.random(len(customer)) < 0.8) & (amount >= 2000)
    return np.where(whole, amount // 1000 * 1000, amount)


def _out(world: World, rng: np.random.Generator) -> r.Rows:
    people = world.people
    customer, times = occasions(world, people.transfer_rate, rng)
    known = people.payees[customer, (rng.random(len(customer)) ** 1.5 * PAYEES).astype(np.int64)]
    someone = rng.integers(0, 5 * len(people), len(customer))
    payee = np.where(rng.random(len(customer)) < _NEW_PAYEE, someone, known)
    payee = np.where(payee == customer, payee + len(people), payee)
    return r.build(
        len(customer),
        kind=r.TRANSFER,
        time=times,
        customer=customer,
        counterparty=payee,
        country=world.country_of(payee),
        direction=r.OUT,
        amount=amounts(world, customer, 1.0, rng),
        channel=np.where(rng.random(len(customer)) < 0.85, r.APP, r.WEB),
        device=own_device(world, customer, rng),
        ip=own_ip(world, customer, rng),
        city=world.city[customer],
    )


def _salaries(world: World, rng: np.random.Generator) -> r.Rows:
    people = world.people
    if not world.is_new_day:
        return r.build(0)
    today = datetime.fromtimestamp(world.day_start / 1000, UTC).day
    paid = np.flatnonzero(people.payday == today)
    return r.build(
        len(paid),
        kind=r.TRANSFER,
        time=world.day_start + rng.integers(0, 6 * r.HOUR, len(paid)),
        customer=paid,
        counterparty=people.employer[paid],
        country=world.country_of(people.employer[paid]),
        direction=r.IN,
        amount=np.maximum(100, (people.income[paid] * rng.uniform(0.95, 1.05, len(paid))).astype(np.int64)),
    )
