"""What risk tips did: customers who were shown one against customers drawn to be shown none.

Without a draw it is a comparison of two groups, not an effect: those shown a tip were the riskier ones to begin with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from seawall.analytics.feedback.interval import LEVEL, Interval, wilson


@dataclass(frozen=True, slots=True)
class Effect:
    """Shares of customers something happened to, such as a fraud or a payment given up.

    `interval`: of shown less withheld, Newcombe's hybrid of Wilson's intervals. `avoided`: customers it did not happen
    to because of the tip, shown × −difference, and its interval; negative where the tip made it more common.
    """

    shown: float
    withheld: float
    difference: float
    interval: Interval
    avoided: float
    avoided_interval: Interval

    @property
    def direction(self) -> int:
        """-1 where a tip makes it clearly rarer, 1 where more common, 0 where the interval leaves it open."""
        return int(self.interval.low > 0.0) - int(self.interval.high < 0.0)

    @property
    def relative(self) -> float | None:
        """difference / withheld; None where it never happened without a tip."""
        return self.difference / self.withheld if self.withheld else None


def effect(shown_hits: int, shown: int, withheld_hits: int, withheld: int, level: float = LEVEL) -> Effect | None:
    """From counts of customers; None where one group is empty. One look only: for many looks use Proportions."""
    a, b = wilson(shown_hits, shown, level), wilson(withheld_hits, withheld, level)
    if not shown or not withheld:
        return None
    p, q = shown_hits / shown, withheld_hits / withheld
    low = p - q - math.hypot(p - a.low, b.high - q)
    high = p - q + math.hypot(a.high - p, q - b.low)
    return Effect(p, q, p - q, Interval(low, high), shown * (q - p), Interval(-shown * high, -shown * low))
