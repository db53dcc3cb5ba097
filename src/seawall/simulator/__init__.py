"""A synthetic fintech: seeded customers, payments and attacks, as a stream or as history. Knows no pack."""

from __future__ import annotations

from seawall.simulator.attack import SCENARIOS
from seawall.simulator.fields import FIELDS
from seawall.simulator.rows import KINDS
from seawall.simulator.simulation import Simulation

__all__ = ["FIELDS", "KINDS", "SCENARIOS", "Simulation"]
