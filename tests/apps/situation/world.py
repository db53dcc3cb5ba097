"""Decisions in the control database without a journal: what the room's figures are made of."""

from __future__ import annotations

from seawall.apps.decisions.models import DecisionRow, HourCount, HourRule
from seawall.apps.ids import uuid7

HOUR = 3_600_000


def decided(at: int, outcome: str, amount: int = 0, sequence: int | None = None, subject: str = "") -> DecisionRow:
    """One decision row at an instant (ms)."""
    return DecisionRow.objects.create(
        sequence=sequence, decision_id=uuid7(), event_id=f"e-{at}", event_type="payment.card", outcome=outcome,
        score=50, policy="p@1", effective_at=at, received_at=at, base_amount=amount, currency="CNY" if amount else "",
        subject_kind="customer" if subject else "", subject=subject,
    )  # fmt: skip


def counted(hour: int, outcome: str, decisions: int, amount: int = 0) -> None:
    """A cell of the roll-up."""
    HourCount.objects.create(
        hour=hour - hour % HOUR, event_type="payment.card", outcome=outcome, decisions=decisions, amount=amount
    )


def fired(hour: int, rule: str, decisions: int) -> None:
    """A cell of the rules' roll-up."""
    HourRule.objects.create(hour=hour - hour % HOUR, rule=rule, decisions=decisions)
