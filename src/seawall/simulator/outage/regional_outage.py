"""Regional outage: most services of one region hardly answer, those of the other regions do."""

from __future__ import annotations

import numpy as np

from seawall.simulator import services
from seawall.simulator.outage.scenario import Effect, Outage, Outbreak
from seawall.simulator.randomness import Range


def effects(outbreak: Outbreak) -> list[Effect]:
    values, rng = outbreak.values, outbreak.rng
    region = int(rng.integers(0, len(services.REGIONS)))
    struck = max(2, round(values["services"] * len(services.SERVICES)))
    end = outbreak.begin + outbreak.minutes("minutes")
    return [
        Effect(int(service), outbreak.begin, end, region, failing=values["failing"], timeouts=values["timeouts"])
        for service in np.sort(rng.choice(len(services.SERVICES), struck, replace=False))
    ]


OUTAGE = Outage(
    "regional_outage",
    weight=1.5,
    typical=200,
    reported=Range(1, 4),
    ranges={
        "minutes": Range(10, 120, log=True),
        "services": Range(0.6, 1.0),
        "failing": Range(0.7, 1.0),
        "timeouts": Range(0.6, 1.0),
    },
    effects=effects,
)
