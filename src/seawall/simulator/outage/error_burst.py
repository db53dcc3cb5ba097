"""Error burst: a bad release of one service; much of what is asked of it fails at once."""

from __future__ import annotations

from seawall.simulator import services
from seawall.simulator.outage.scenario import Effect, Outage, Outbreak
from seawall.simulator.randomness import Range


def effects(outbreak: Outbreak) -> list[Effect]:
    service = int(outbreak.rng.integers(0, len(services.SERVICES)))
    values = outbreak.values
    end = outbreak.begin + outbreak.minutes("minutes")
    return [Effect(service, outbreak.begin, end, failing=values["failing"], timeouts=values["timeouts"])]


OUTAGE = Outage(
    "error_burst",
    weight=1.0,
    typical=38,
    reported=Range(1, 3),
    ranges={
        "minutes": Range(5, 60, log=True),
        "failing": Range(0.3, 1.0),
        "timeouts": Range(0.0, 0.3),
    },
    effects=effects,
)
