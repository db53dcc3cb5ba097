"""Champion and challenger compared: shares, scores, alerts, loss; and when a challenger must stop.

Pure functions of counts. Nothing here is a sequential test: see `stop.RULE`.
"""

from .comparison import Side, alert_share, approval, loss_rate, psi, two_proportion_z
from .stop import Limits, Reason, check

__all__ = [
    "Limits",
    "Reason",
    "Side",
    "alert_share",
    "approval",
    "check",
    "loss_rate",
    "psi",
    "two_proportion_z",
]
