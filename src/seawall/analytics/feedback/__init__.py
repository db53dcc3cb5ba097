"""What labels say about rules: precision and recall with intervals, decay, proposed retirements."""

from seawall.analytics.feedback.decay import Baseline, Decay, overdispersion, threshold
from seawall.analytics.feedback.interval import Interval, wilson
from seawall.analytics.feedback.performance import Performance, performance
from seawall.analytics.feedback.retirement import Proposal, Reason, Terms, proposals
from seawall.analytics.feedback.tally import Block, Tally

__all__ = [
    "Baseline",
    "Block",
    "Decay",
    "Interval",
    "Performance",
    "Proposal",
    "Reason",
    "Tally",
    "Terms",
    "overdispersion",
    "performance",
    "proposals",
    "threshold",
    "wilson",
]
