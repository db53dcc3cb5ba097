"""Ordinary probes of the platform's services: in turn by region, slower under the load of the day."""

from __future__ import annotations

import numpy as np

from seawall.simulator import rows as r
from seawall.simulator import services
from seawall.simulator.habits import load
from seawall.simulator.people import People
from seawall.simulator.places import UTC_OFFSET_MS
from seawall.simulator.randomness import Ints
from seawall.simulator.world import World

_ERRORS = 0.0005
_JITTER = 0.2  # of the period
_HOME_OFFSET = int(UTC_OFFSET_MS[0])


def mean(people: People) -> float:
    return services.A_DAY


def day(world: World, rng: np.random.Generator) -> r.Rows:
    """The probes of the step, numbered."""
    service, count = _due(world.step_begin, world.step_end)
    times = count * services.PERIOD[service] + _phase(service)
    times = times + (rng.random(len(times)) * _JITTER * services.PERIOD[service]).astype(np.int64)
    busy = 1 + services.LOAD[service] * (load(times, _HOME_OFFSET) - 1)
    latency = services.LATENCY[service] * busy * np.exp(services.SPREAD[service] * rng.standard_normal(len(times)))
    status, whole = services.judged(service, latency)
    rows = r.build(
        len(times),
        kind=r.PROBE,
        time=times,
        service=service,
        region=count % len(services.REGIONS),
        status=np.where(rng.random(len(times)) < _ERRORS, r.ERROR, status),
        latency=whole,
    )
    return r.numbered(rows, r.PROBE, world.day)


def _due(begin: int, end: int) -> tuple[Ints, Ints]:
    """(service, number since the epoch) of the probes whose turn comes in [begin, end) ms."""
    every = np.arange(len(services.SERVICES))
    first = -((_phase(every) - begin) // services.PERIOD)
    last = -((_phase(every) - end) // services.PERIOD)
    service = np.repeat(every, last - first)
    return service, np.concatenate([np.arange(low, high) for low, high in zip(first, last, strict=True)])


def _phase(service: Ints) -> Ints:
    """When in its period a service is probed (ms), so that not all are probed at once."""
    return np.asarray(services.PERIOD[service] * service // len(services.SERVICES))
