"""Compromised terminal: cards that paid at one shop of late are spent by others over the weeks that follow."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.card import amounts
from seawall.simulator.randomness import Ints, Range

_FEWEST_CARDS = 3
_TRIALS = 8


def launch(attack: Attack) -> r.Rows:
    rng, world = attack.rng, attack.world
    cards = _cards_of_one_shop(attack)
    skimmed = cards[rng.permutation(len(cards))[: attack.count("cards")]]
    uses = rng.integers(1, attack.count("uses_per_card") + 1, len(skimmed))
    customer, card = np.repeat(skimmed[:, 0], uses), np.repeat(skimmed[:, 1], uses)
    first = rng.integers(0, attack.duration("weeks", 7 * r.DAY), len(skimmed))
    spread = rng.integers(0, attack.duration("hours_per_card", r.HOUR), len(customer))
    begin = world.step_end  # after everything that was paid here so far
    merchant = attack.resale_sites(len(customer))
    return attack.payments(
        begin + np.repeat(first, uses) + spread,
        customer,
        card,
        merchant,
        amounts(world, customer, merchant, attack.values["amount_factor"], rng),
        device=np.repeat(world.new_devices(len(skimmed)), uses),
        ip=np.repeat(world.new_ips(len(skimmed)), uses),
        city=attack.far_city(),
    )


def _cards_of_one_shop(attack: Attack) -> Ints:
    """(cards, 2) customer and card of everyone seen of late at one busy shop; empty where no shop has enough cards."""
    seen = np.concatenate(attack.world.recent)
    for _ in range(_TRIALS if len(seen) else 0):
        shop = seen[attack.rng.integers(0, len(seen)), 2]
        cards = np.unique(seen[seen[:, 2] == shop][:, :2], axis=0)
        if len(cards) >= _FEWEST_CARDS:
            return np.asarray(cards)
    return np.empty((0, 2), dtype=np.int64)


SCENARIO = Scenario(
    "compromised_merchant",
    kinds=(r.CARD,),
    weight=2.0,
    typical=25,
    reported=Range(2, 30),
    ranges={
        "cards": Range(5, 40, log=True),
        "uses_per_card": Range(1, 3.5),
        "weeks": Range(1, 6),
        "hours_per_card": Range(1, 48, log=True),
        "amount_factor": Range(1.2, 8, log=True),
    },
    launch=launch,
)
