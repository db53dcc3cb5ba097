"""When a challenger must stop: limits on how far it may stray from the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .comparison import Side, alert_share, approval, loss_rate, two_proportion_z

Z = 3.0
RULE = (
    "Each minute, over all decisions since the deployment: stop where both sides have at least `decisions` decisions, "
    "the difference passes its limit, and a two-proportion z-test against no difference gives |z| >= 3. Loss: at least "
    "`labels` labelled frauds that the challenger approved, and the loss rate above the champion's by the limit. The "
    "test is repeated without correction, so the error level of one look does not hold for all of them."
)


@dataclass(frozen=True)
class Limits:
    """How far a challenger may stray. 0 switches a limit off.

    `approval_points`: percentage points of the approval rate, up or down; `alert_ratio`: alerts per decision as a
    multiple of the champion's; `loss_points`: percentage points of loss by amount above the champion's.
    """

    decisions: int = 500
    approval_points: float = 3.0
    alert_ratio: float = 1.5
    loss_points: float = 0.0
    labels: int = 10

    def __post_init__(self) -> None:
        if not 30 <= self.decisions <= 10_000_000:
            raise ValueError("decisions must be between 30 and 10,000,000")
        if not 0 <= self.approval_points <= 100 or not 0 <= self.loss_points <= 100:
            raise ValueError("percentage points must be between 0 and 100")
        if self.alert_ratio and not 1 < self.alert_ratio <= 1000:
            raise ValueError("the alert ratio must be above 1 (or 0 for none) and at most 1000")
        if not 1 <= self.labels <= 1_000_000:
            raise ValueError("labels must be between 1 and 1,000,000")


class Reason(NamedTuple):
    """Which limit was passed: `limit` names it; the two sides' figures, the bound, and z (0 for loss)."""

    limit: str
    champion: float
    challenger: float
    bound: float
    z: float


def check(champion: Side, challenger: Side, limits: Limits) -> Reason | None:
    """The first limit that the challenger has passed, by RULE; None while it may go on."""
    if min(champion.decisions, challenger.decisions) >= limits.decisions:
        found = _approval(champion, challenger, limits) or _alerts(champion, challenger, limits)
        if found is not None:
            return found
    return _loss(champion, challenger, limits)


def _approval(champion: Side, challenger: Side, limits: Limits) -> Reason | None:
    a, b = approval(champion), approval(challenger)
    z = _z(champion, challenger)
    if limits.approval_points and 100 * abs(b - a) >= limits.approval_points and abs(z) >= Z:
        return Reason("approval_points", a, b, limits.approval_points, z)
    return None


def _alerts(champion: Side, challenger: Side, limits: Limits) -> Reason | None:
    a, b = alert_share(champion), alert_share(challenger)
    z = -_z(champion, challenger)
    if limits.alert_ratio and b > a and b >= limits.alert_ratio * a and z >= Z:
        return Reason("alert_ratio", a, b, limits.alert_ratio, z)
    return None


def _loss(champion: Side, challenger: Side, limits: Limits) -> Reason | None:
    a, b = loss_rate(champion), loss_rate(challenger)
    if limits.loss_points and challenger.frauds >= limits.labels and 100 * (b - a) >= limits.loss_points:
        return Reason("loss_points", a, b, limits.loss_points, 0.0)
    return None


def _z(champion: Side, challenger: Side) -> float:
    """z of the challenger's approvals against the champion's."""
    return two_proportion_z(
        champion.outcomes.get("approve", 0), champion.decisions, challenger.outcomes.get("approve", 0),
        challenger.decisions,
    )  # fmt: skip
