"""The platform's own services: what is probed how often and where, how fast it ordinarily answers, what it needs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seawall.simulator.randomness import Floats, Ints
from seawall.simulator.rows import DAY, OK, SECOND, SLOW, TIMEOUT

REGIONS = ("cn-east", "cn-north", "cn-south")


class Service(NamedTuple):
    name: str
    check: str  # what the probe asks
    period: int  # seconds between two probes; each goes to the next region in turn
    latency: float  # median of an answer at mean load, ms
    spread: float  # standard deviation of its natural logarithm
    load: float  # part of the latency that grows with the load of the day
    needs: tuple[str, ...] = ()  # services that it cannot work without


SERVICES = (
    Service("api-gateway", "http", 30, 18, 0.30, 0.5, ("identity", "cards", "transfers", "refunds")),
    Service("identity", "login", 30, 65, 0.35, 0.4, ("core-db", "cache")),
    Service("cards", "authorise", 30, 48, 0.30, 0.5, ("risk", "ledger", "card-network")),
    Service("transfers", "transfer", 30, 85, 0.35, 0.5, ("risk", "ledger", "bank-channel")),
    Service("refunds", "refund", 60, 90, 0.35, 0.3, ("ledger",)),
    Service("risk", "decide", 30, 9, 0.35, 0.6, ("cache",)),
    Service("ledger", "post", 30, 14, 0.30, 0.6, ("core-db", "queue")),
    Service("core-db", "query", 30, 4, 0.40, 0.7),
    Service("cache", "get", 45, 1.5, 0.30, 0.3),
    Service("queue", "publish", 45, 6, 0.40, 0.5),
    Service("card-network", "echo", 60, 120, 0.25, 0.3),
    Service("bank-channel", "echo", 60, 160, 0.30, 0.3),
)
PERIOD: Ints = np.array([service.period * SECOND for service in SERVICES], dtype=np.int64)
LATENCY: Floats = np.array([service.latency for service in SERVICES])
SPREAD: Floats = np.array([service.spread for service in SERVICES])
LOAD: Floats = np.array([service.load for service in SERVICES])
GIVES_UP = np.array([5_000 if service.latency >= 40 else 2_000 for service in SERVICES])  # ms
TOO_SLOW: Floats = np.maximum(5 * LATENCY, 25.0)  # ms
A_DAY = float((DAY / PERIOD).sum())  # probes of all services


def judged(service: Ints, latency: Floats) -> tuple[Ints, Ints]:
    """(status, latency in whole ms) of answers that took `latency` ms (n,); the probe waits no longer than it may."""
    status = np.select([latency >= GIVES_UP[service], latency >= TOO_SLOW[service]], [TIMEOUT, SLOW], OK)
    whole = np.ceil(np.minimum(latency, GIVES_UP[service])).astype(np.int64)
    return status, np.maximum(whole, 1)


def dependants(root: int) -> dict[int, int]:
    """The services that need `root`, directly or through others, with the number of steps between."""
    depth: dict[int, int] = {}
    level = {SERVICES[root].name}
    for steps in range(1, len(SERVICES)):
        above = [place for place, service in enumerate(SERVICES) if level & set(service.needs) and place not in depth]
        depth |= dict.fromkeys(above, steps)
        level = {SERVICES[place].name for place in above}
    return depth
