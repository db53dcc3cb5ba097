"""Everything that is labelled: attacks, outages, variants of attacks; a row's `scenario` is a position here."""

from __future__ import annotations

from seawall.simulator.attack import SCENARIOS, VARIANTS, Scenario
from seawall.simulator.outage import OUTAGES, Outage

FRAUD, OUTAGE = "fraud", "outage"
LABELLED: tuple[Scenario | Outage, ...] = (*SCENARIOS, *OUTAGES, *VARIANTS)
LABELS = (FRAUD,) * len(SCENARIOS) + (OUTAGE,) * len(OUTAGES) + (FRAUD,) * len(VARIANTS)
