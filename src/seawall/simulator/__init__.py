"""A synthetic fintech: seeded customers, payments and attacks, and services that fail, as history or live.

Knows no pack.
"""

from __future__ import annotations

from seawall.simulator.attack import SCENARIOS, VARIANTS
from seawall.simulator.fields import FIELDS
from seawall.simulator.live import Live
from seawall.simulator.outage import OUTAGES
from seawall.simulator.rows import CUSTOMER_KINDS, KINDS
from seawall.simulator.simulation import Simulation

__all__ = ["CUSTOMER_KINDS", "FIELDS", "KINDS", "OUTAGES", "SCENARIOS", "VARIANTS", "Live", "Simulation"]
