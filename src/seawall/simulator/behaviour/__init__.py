"""What customers ordinarily do: one module a kind of event, each giving a day's rows and their expected number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator.behaviour import account, card, login, refund, transfer
from seawall.simulator.people import People
from seawall.simulator.world import World


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`day(world, rng)` gives the rows that begin on the world's day; `mean(people)` their expected number a day."""

    kind: int
    day: Callable[[World, np.random.Generator], r.Rows]
    mean: Callable[[People], float]


BEHAVIOURS = (
    Behaviour(r.CARD, card.day, card.mean),
    Behaviour(r.REFUND, refund.day, refund.mean),  # after the payments that it gives back
    Behaviour(r.TRANSFER, transfer.day, transfer.mean),
    Behaviour(r.LOGIN, login.day, login.mean),
    Behaviour(r.CHANGE, account.day, account.mean),
)

__all__ = ["BEHAVIOURS", "Behaviour"]
