"""Card testing: stolen numbers tried in quick succession with small amounts at one shop on the net."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.randomness import Range


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    victims = attack.some(world.awake, attack.count("cards"))
    tries = attack.count("tries")
    customer = np.repeat(victims, tries)
    order = rng.permutation(len(customer)) if attack.chance("shuffled") else np.arange(len(customer))
    customer = customer[order]
    gaps = rng.exponential(attack.duration("gap_seconds", r.SECOND), len(customer)).astype(np.int64) + 1
    devices, ips = world.new_devices(attack.count("devices")), world.new_ips(attack.count("addresses"))
    mismatch = rng.random(len(customer)) < attack.values["cvc_mismatch"]
    top = attack.count("highest_amount")
    return attack.payments(
        attack.begin() + np.cumsum(gaps),
        customer,
        world.cards[customer, 0],
        int(attack.resale_sites(1)[0]),
        rng.integers(min(50, top), top + 1, len(customer)),
        device=rng.choice(devices, len(customer)),
        ip=rng.choice(ips, len(customer)),
        city=attack.far_city(),
        cvc=np.where(mismatch, r.CVC_MISMATCH, r.CVC_MATCH),
    )


SCENARIO = Scenario(
    "card_testing",
    kinds=(r.CARD,),
    weight=2.0,
    typical=50,
    reported=Range(1, 12),
    ranges={
        "cards": Range(2, 25, log=True),
        "tries": Range(4, 14),
        "gap_seconds": Range(2, 25, log=True),
        "devices": Range(1, 4),
        "addresses": Range(1, 12),
        "cvc_mismatch": Range(0.2, 0.9),
        "highest_amount": Range(200, 3_000, log=True),
        "shuffled": Range(0.0, 0.6),
    },
    launch=launch,
)
