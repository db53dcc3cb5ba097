"""Ordinary refunds: some goods bought are given back within three weeks, wholly or in part."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.merchants import CATEGORIES
from seawall.simulator.people import People
from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.world import World

_SHARE = 0.06  # of payments for goods that are taken back
_MEAN_SHARE = 0.24 * _SHARE  # of all payments; a run's largest shops shift it by half up or down
_PARTIAL = 0.2
_TAKEN_BACK = np.array([category.returns for category in CATEGORIES])


def mean(people: People) -> float:
    return _MEAN_SHARE * float(people.card_rate.sum())


def day(world: World, rng: np.random.Generator) -> r.Rows:
    """Refunds, over the coming weeks, of payments made on the world's day."""
    paid = world.today
    returned = _TAKEN_BACK[world.merchants.category[paid["merchant"]]] & (rng.random(len(paid)) < _SHARE)
    paid = paid[returned]
    delay = rng.integers(r.DAY, 20 * r.DAY, len(paid))
    share = np.where(rng.random(len(paid)) < _PARTIAL, rng.uniform(0.2, 0.9, len(paid)), 1.0)
    return r.numbered(refunds_of(paid, paid["time"] + delay, share), r.REFUND, world.day)


def refunds_of(paid: r.Rows, times: Ints, share: float | Floats) -> r.Rows:
    """One refund for each payment (n,): at `times`, of `share` of its amount, naming the payment."""
    return r.build(
        len(paid),
        kind=r.REFUND,
        time=times,
        customer=paid["customer"],
        card=paid["card"],
        merchant=paid["merchant"],
        amount=np.maximum(1, np.round(paid["amount"] * share)).astype(np.int64),
        original_uid=paid["uid"],
        original_time=paid["time"],
    )
