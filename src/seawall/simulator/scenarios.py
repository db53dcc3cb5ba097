"""Everything that is labelled: attacks, then outages; a row's `scenario` is a position here."""

from __future__ import annotations

from seawall.simulator.attack import SCENARIOS, Scenario
from seawall.simulator.outage import OUTAGES, Outage

FRAUD, OUTAGE = "fraud", "outage"
LABELLED: tuple[Scenario | Outage, ...] = (*SCENARIOS, *OUTAGES)
LABELS = (FRAUD,) * len(SCENARIOS) + (OUTAGE,) * len(OUTAGES)
