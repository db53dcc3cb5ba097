"""Bust-out: weeks of seemly, growing use build trust; then everything is spent in a few days, not to be paid back."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    """The build-up is not labelled, the spending is."""
    rng, world = attack.rng, attack.world
    person = int(attack.some(world.awake, 1)[0])
    device, ip = int(world.devices[person, 0]), int(world.home_ip(np.array([person]))[0])
    city = int(world.people.city[person])
    begin, turn = attack.begin(), attack.duration("build_up_weeks", 7 * r.DAY)

    before = attack.times(begin, attack.count("build_up_payments"), turn)
    growth = 1 + (attack.values["growth"] - 1) * (before - begin) / turn
    customer, merchant = np.full(len(before), person), rng.choice(world.people.sites[person], len(before))
    card = int(world.cards[person, 0])
    trust = attack.payments(
        before, customer, card, merchant, amounts(world, customer, merchant, growth, rng),
        device=device, ip=ip, city=city, labelled=False,
    )  # fmt: skip

    after = attack.times(begin + turn, attack.count("payments"), attack.duration("days", r.DAY))
    customer, merchant = np.full(len(after), person), attack.resale_sites(len(after))
    factor = attack.values["amount_factor"]
    spent = attack.payments(
        after, customer, card, merchant, amounts(world, customer, merchant, factor, rng),
        device=device, ip=ip, city=city,
    )  # fmt: skip
    return np.concatenate([trust, spent])


SCENARIO = Scenario(
    "bust_out",
    kinds=(r.CARD,),
    weight=1.0,
    typical=20,
    reported=Range(10, 30),
    ranges={
        "build_up_weeks": Range(1, 6),
        "build_up_payments": Range(5, 30, log=True),
        "growth": Range(1.2, 3),
        "payments": Range(8, 40, log=True),
        "days": Range(1, 6),
        "amount_factor": Range(2, 10, log=True),
    },
    launch=launch,
    by_customer=True,
)
