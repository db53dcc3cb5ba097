"""Cascading failure: one service fails, and after it, step by step and less and less, all that need it."""

from __future__ import annotations

from seawall.simulator import services
from seawall.simulator.outage.scenario import Effect, Outage, Outbreak
from seawall.simulator.randomness import Range

_ROOTS = tuple(place for place in range(len(services.SERVICES)) if services.dependants(place))


def effects(outbreak: Outbreak) -> list[Effect]:
    values = outbreak.values
    root = int(outbreak.rng.choice(_ROOTS))
    end = outbreak.begin + outbreak.minutes("minutes")
    lag = outbreak.minutes("lag_minutes")
    first = Effect(root, outbreak.begin, end, failing=values["failing"], timeouts=values["timeouts"])
    return [
        first,
        *(
            Effect(
                service,
                outbreak.begin + steps * lag,
                end + steps * lag,
                failing=values["failing"] * values["passed_on"] ** steps,
                timeouts=values["timeouts"],
                slower=(values["slower"], values["slower"]),
            )
            for service, steps in services.dependants(root).items()
        ),
    ]


OUTAGE = Outage(
    "cascading_failure",
    weight=2.0,
    typical=320,
    reported=Range(1, 4),
    ranges={
        "minutes": Range(10, 90, log=True),
        "failing": Range(0.6, 1.0),
        "timeouts": Range(0.2, 0.8),
        "lag_minutes": Range(0.5, 4),
        "passed_on": Range(0.4, 0.9),
        "slower": Range(2, 12, log=True),
    },
    effects=effects,
)
