"""Mule network: recruited accounts, run from a few devices, pass money from one layer to the next and out."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.attack.craft import Attack, Hands
from seawall.simulator.attack.scenario import Scenario
from seawall.simulator.behaviour.transfer import amounts
from seawall.simulator.randomness import Ints, Range


def launch(attack: Attack) -> r.Rows:
    world = attack.world
    mules = attack.some(world.awake, 2 + attack.count("mules"))
    half = len(mules) // 2
    devices, ip, city = world.new_devices(attack.count("devices")), int(world.new_ips(1)[0]), attack.far_city()
    runner = [Hands(device=int(device), ip=ip, city=city) for device in devices]
    receivers = world.new_counterparties(attack.count("receivers"))
    begins = attack.times(attack.begin(), attack.count("rounds"), attack.duration("days", r.DAY))
    return np.concatenate([_round(attack, int(at), mules[:half], mules[half:], receivers, runner) for at in begins])


def _round(attack: Attack, begin: int, first: Ints, second: Ints, receivers: Ints, runner: list[Hands]) -> r.Rows:
    """One round: strangers pay the first layer, it pays the second, the second pays the receivers."""
    rng, world = attack.rng, attack.world
    count = attack.count("payers")
    hand_over = attack.duration("minutes_to_hand_over", r.MINUTE)
    mule = rng.choice(first, count)
    paid = amounts(world, mule, attack.values["amount_factor"], rng)
    times = attack.times(begin, count, attack.duration("hours_in", r.HOUR))
    made = [attack.transfers(times, mule, world.new_counterparties(count), paid, r.IN)]
    for layer, more in ((second, True), (receivers, False)):
        amount = np.maximum(1, (paid * attack.values["passed_on"]).astype(np.int64))
        times, after = times + rng.integers(r.MINUTE, r.MINUTE + hand_over, count), rng.choice(layer, count)
        hands = runner[int(rng.integers(len(runner)))]  # each layer at each round is served from one device
        entered = np.unique(mule)
        first_use = np.array([times[mule == one].min() for one in entered]) - r.MINUTE // 2
        made.append(attack.logins(first_use, entered, result=r.SUCCESS, method=r.OTP, **hands))
        made.append(attack.transfers(times, mule, after, amount, r.OUT, channel=r.APP, **hands))
        if more:
            made.append(attack.transfers(times + 2 * r.SECOND, after, mule, amount, r.IN))
        mule, paid = after, amount
    return np.concatenate(made)


SCENARIO = Scenario(
    "mule_network",
    kinds=(r.LOGIN, r.TRANSFER),
    weight=2.0,
    typical=70,
    reported=Range(5, 25),
    ranges={
        "mules": Range(1, 6),
        "devices": Range(1, 2.4),
        "receivers": Range(1, 4),
        "rounds": Range(1, 4),
        "days": Range(1, 30, log=True),
        "payers": Range(3, 12, log=True),
        "hours_in": Range(1, 24, log=True),
        "minutes_to_hand_over": Range(5, 240, log=True),
        "amount_factor": Range(1, 6, log=True),
        "passed_on": Range(0.9, 0.99),
    },
    launch=launch,
    by_customer=True,
)
