"""Latency creep: a leak; over hours one service answers slower and slower, until it is restarted."""

from __future__ import annotations

from seawall.simulator import services
from seawall.simulator.outage.scenario import Effect, Outage, Outbreak
from seawall.simulator.randomness import Range


def effects(outbreak: Outbreak) -> list[Effect]:
    service = int(outbreak.rng.integers(0, len(services.SERVICES)))
    end = outbreak.begin + outbreak.minutes("minutes")
    return [Effect(service, outbreak.begin, end, slower=(1.0, outbreak.values["slower"]))]


OUTAGE = Outage(
    "latency_creep",
    weight=1.5,
    typical=340,
    reported=Range(1, 5),
    ranges={
        "minutes": Range(60, 600, log=True),
        "slower": Range(6, 80, log=True),
    },
    effects=effects,
)
