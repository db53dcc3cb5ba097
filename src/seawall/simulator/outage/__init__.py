"""Labelled outages: one module a scenario; this table is the list of them all."""

from __future__ import annotations

from seawall.simulator.outage import cascading_failure, error_burst, latency_creep, regional_outage
from seawall.simulator.outage.scenario import Effect, Outage, Outbreak

OUTAGES: tuple[Outage, ...] = (
    error_burst.OUTAGE,
    latency_creep.OUTAGE,
    cascading_failure.OUTAGE,
    regional_outage.OUTAGE,
)

__all__ = ["OUTAGES", "Effect", "Outage", "Outbreak"]
