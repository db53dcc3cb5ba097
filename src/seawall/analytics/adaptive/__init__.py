"""Thresholds moved by what was measured, tests that may be looked at any time, effects of tips with intervals."""

from seawall.analytics.adaptive.controller import Approved, Cause, Measured, Move, decide
from seawall.analytics.adaptive.effect import Effect, effect
from seawall.analytics.adaptive.sequential import Means, Moments, Proportions

__all__ = [
    "Approved",
    "Cause",
    "Effect",
    "Means",
    "Measured",
    "Moments",
    "Move",
    "Proportions",
    "decide",
    "effect",
]
