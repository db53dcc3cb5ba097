"""One small world, lived for a few weeks, shared by the tests of the simulator."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from seawall.simulator import rows as r
from seawall.simulator.behaviour import card
from seawall.simulator.randomness import stream
from seawall.simulator.world import World

START_MS = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)


def live(world: World, days: int) -> r.Rows:
    """The ordinary card payments of the next `days` days."""
    made = []
    for _ in range(days):
        world.begin_day(world.day + 1)
        rows = card.day(world, stream(world.seed, "test", world.day))
        world.paid(rows)
        made.append(rows)
    return np.concatenate(made)


@pytest.fixture(scope="package")
def lived() -> tuple[World, r.Rows]:
    """(world on its twentieth day, all ordinary card payments so far)."""
    world = World(seed=5, customers=1_000, start_ms=START_MS, days=120)
    return world, live(world, 20)
