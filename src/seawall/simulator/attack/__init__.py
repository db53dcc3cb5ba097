"""Labelled attacks: one module a scenario; this table is the list of them all."""

from __future__ import annotations

from seawall.simulator.attack import (
    account_takeover,
    bust_out,
    card_testing,
    compromised_merchant,
    dormant_active,
    impossible_travel,
    money_mule,
    night_burst,
    refund_abuse,
    sim_swap,
    stolen_card,
    structuring,
)
from seawall.simulator.attack.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    card_testing.SCENARIO,
    stolen_card.SCENARIO,
    impossible_travel.SCENARIO,
    compromised_merchant.SCENARIO,
    bust_out.SCENARIO,
    dormant_active.SCENARIO,
    night_burst.SCENARIO,
    refund_abuse.SCENARIO,
    account_takeover.SCENARIO,
    sim_swap.SCENARIO,
    money_mule.SCENARIO,
    structuring.SCENARIO,
)

__all__ = ["SCENARIOS", "Scenario"]
