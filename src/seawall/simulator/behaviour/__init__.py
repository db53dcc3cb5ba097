"""What customers and services ordinarily do: one module a kind of event, each giving rows and their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour import account, card, login, probe, refund, transfer
from seawall.simulator.people import People
from seawall.simulator.randomness import Floats
from seawall.simulator.world import World


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`day(world, rng)` gives the rows that begin in the world's step (a day); `mean(people)` how many a day.

    `rate(people)` (N,) is each customer's own part of them; None where the rows follow from something else.
    """

    kind: int
    day: Callable[[World, np.random.Generator], r.Rows]
    mean: Callable[[People], float]
    rate: Callable[[People], Floats] | None = None


BEHAVIOURS = (
    Behaviour(r.CARD, card.day, card.mean, lambda people: people.card_rate),
    Behaviour(r.REFUND, refund.day, refund.mean),  # after the payments that it gives back
    Behaviour(r.TRANSFER, transfer.day, transfer.mean, lambda people: people.transfer_rate),
    Behaviour(r.LOGIN, login.day, login.mean, lambda people: people.login_rate),
    Behaviour(r.CHANGE, account.day, account.mean, lambda people: people.change_rate),
    Behaviour(r.PROBE, probe.day, probe.mean),
)

__all__ = ["BEHAVIOURS", "Behaviour"]
