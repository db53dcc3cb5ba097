"""Merchant bust-out: a shop that was set up sells little for weeks, then charges many cards a lot, and is gone."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.randomness import Range

_BASKET = 20_000  # minor units, of an ordinary sale


def launch(attack: Attack) -> r.Rows:
    """The sales of the weeks before are not labelled."""
    rng, world = attack.rng, attack.world
    shop = world.new_shell()
    turn = attack.begin() + attack.duration("build_up_weeks", 7 * r.DAY)
    early = attack.times(attack.begin(), attack.count("build_up_sales"), turn - world.step_begin)
    buyers = rng.choice(world.awake, len(early))
    before = attack.payments(
        early, buyers, world.cards[buyers, 0], shop, (_BASKET * rng.lognormal(0, 0.5, len(early))).astype(np.int64),
        device=world.devices[buyers, 0], ip=world.home_ip(buyers), city=world.people.city[buyers], labelled=False,
    )  # fmt: skip
    victims = attack.some(world.awake, attack.count("cards"))
    victims = np.repeat(victims, rng.integers(1, 1 + attack.count("charges"), len(victims)))
    times = attack.times(max(turn, int(early[-1])), len(victims), attack.duration("hours", r.HOUR))
    amount = _BASKET * attack.values["amount_factor"] * rng.lognormal(0, 0.4, len(victims))
    keyed = rng.random(len(victims)) < attack.values["without_code"]
    charged = attack.payments(
        times, victims, world.cards[victims, 0], shop, amount.astype(np.int64),
        device=rng.choice(world.new_devices(attack.count("devices")), len(victims)),
        ip=rng.choice(world.new_ips(attack.count("addresses")), len(victims)), city=int(world.merchants.city[shop]),
        cvc=np.where(keyed, r.CVC_ABSENT, r.CVC_MATCH),
    )  # fmt: skip
    return np.concatenate([before, charged])


SCENARIO = Scenario(
    "merchant_bust_out",
    kinds=(r.CARD,),
    weight=1.5,
    typical=42,
    reported=Range(5, 30),
    ranges={
        "build_up_weeks": Range(1, 4),
        "build_up_sales": Range(4, 25, log=True),
        "cards": Range(12, 60, log=True),
        "charges": Range(1, 2.4),
        "hours": Range(3, 60, log=True),
        "amount_factor": Range(3, 20, log=True),
        "without_code": Range(0.0, 1.0),
        "devices": Range(2, 40, log=True),
        "addresses": Range(1, 12, log=True),
    },
    launch=launch,
    by_customer=False,
)
