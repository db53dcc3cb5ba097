"""Cross-border layering: a large sum comes in and leaves in parts for abroad, often by several people to one payee."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.places import COUNTRIES
from seawall.simulator.randomness import Ints, Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    people = attack.some(world.awake, attack.count("people"))
    payees = world.new_counterparties(attack.count("payees"))
    abroad = np.array([place for place, code in enumerate(COUNTRIES) if code != "CN"])
    countries = rng.choice(abroad, len(payees))
    begins = attack.times(attack.begin(), len(people), attack.duration("days", r.DAY))
    made = [_sent(attack, int(one), int(at), payees, countries) for one, at in zip(people, begins, strict=True)]
    return np.concatenate(made)


def _sent(attack: Attack, person: int, begin: int, payees: Ints, countries: Ints) -> r.Rows:
    rng, world = attack.rng, attack.world
    funded = attack.count("deposits")
    amount = rng.uniform(0.4, 1.0, funded) * attack.values["deposit"]
    deposited = attack.transfers(
        attack.times(begin, funded, 6 * r.HOUR), person, world.new_counterparties(funded), amount.astype(np.int64), r.IN
    )
    count = attack.count("transfers")
    parts = rng.dirichlet(np.full(count, 6.0)) * amount.sum() * attack.values["sent_on"]
    to = rng.integers(0, len(payees), count)
    times = attack.times(begin + 6 * r.HOUR, count, attack.duration("hours_out", r.HOUR))
    sent = attack.transfers(
        times, person, payees[to], np.maximum(1, parts.astype(np.int64)), r.OUT,
        channel=r.WEB, country=countries[to], **attack.own(person),
    )  # fmt: skip
    return np.concatenate([deposited, sent])


SCENARIO = Scenario(
    "cross_border_layering",
    kinds=(r.TRANSFER,),
    weight=1.5,
    typical=22,
    reported=Range(7, 30),
    ranges={
        "people": Range(1, 9, log=True),
        "payees": Range(1, 4),
        "days": Range(0.5, 10, log=True),
        "deposits": Range(1, 3),
        "deposit": Range(2_000_000, 40_000_000, log=True),
        "transfers": Range(2, 8),
        "hours_out": Range(2, 72, log=True),
        "sent_on": Range(0.85, 0.99),
    },
    launch=launch,
    by_customer=True,
)
