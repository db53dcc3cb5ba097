"""Promotion farm: many accounts opened on a few devices and numbers, each to take the price for newcomers."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import promotion
from seawall.simulator.randomness import Ints, Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    accounts = world.new_customers(attack.count("accounts"))
    opened = attack.times(attack.begin(), len(accounts), attack.duration("days", r.DAY))
    phone = _shared(world.new_phones(len(accounts)), attack.values["accounts_per_phone"])
    device = _shared(world.new_devices(len(accounts)), attack.values["accounts_per_device"])
    ip, city = rng.choice(world.new_ips(attack.count("addresses")), len(accounts)), attack.far_city()
    bound = attack.changes(opened, accounts, r.PHONE, phone=phone, device=device, ip=ip, city=city)
    logged = attack.logins(opened + r.MINUTE, accounts, result=r.SUCCESS, method=r.OTP, device=device, ip=ip, city=city)

    uses = rng.integers(1, 1 + attack.count("uses"), len(accounts))
    card = np.repeat(_shared(world.new_cards(len(accounts)), attack.values["accounts_per_card"]), uses)
    price = 100 * rng.integers(10, 10 + attack.count("basket"), len(card))
    bought = attack.payments(
        np.repeat(opened, uses) + rng.integers(3 * r.MINUTE, 2 * r.HOUR, len(card)),
        np.repeat(accounts, uses),
        card,
        int(world.merchants.pick(np.array([world.merchants.first.size - 2]), rng)[0]),
        price,
        promotion=int(promotion(world, rng, 1)[0]),
        device=np.repeat(device, uses),
        ip=np.repeat(ip, uses),
        city=city,
    )
    return np.concatenate([bound, logged, bought])


def _shared(values: Ints, accounts_each: float) -> Ints:
    """One of `values` (n,) for each of n accounts, so that about so many in a row have the same."""
    return values[(np.arange(len(values)) / accounts_each).astype(np.int64)]


SCENARIO = Scenario(
    "promotion_farm",
    kinds=(r.CHANGE, r.LOGIN, r.CARD),
    weight=1.5,
    typical=65,
    reported=Range(2, 20),
    ranges={
        "accounts": Range(6, 50, log=True),
        "days": Range(0.2, 10, log=True),
        "accounts_per_device": Range(1.5, 12, log=True),
        "accounts_per_phone": Range(1, 6, log=True),
        "accounts_per_card": Range(1, 5),
        "addresses": Range(1, 5),
        "uses": Range(1, 2.4),
        "basket": Range(20, 150, log=True),
    },
    launch=launch,
    by_customer=True,
)
