"""A threshold that follows precision and backlog, in small steps, between bounds that people approved.

A value is a whole number, such as score points or minor units; raising it gives fewer alerts. Where measurements ask
for nothing, or not clearly, it stays: the target has a dead band, the backlog two marks, and moves a time of rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seawall.analytics.feedback.interval import LEVEL, Interval, wilson


class Cause(StrEnum):
    """Why a value moved or stayed."""

    OUT_OF_BOUNDS = "out_of_bounds"
    BACKLOG = "backlog"
    IMPRECISE = "imprecise"
    ROOM = "room"
    RESTING = "resting"
    TOO_FEW_LABELS = "too_few_labels"
    IN_BAND = "in_band"
    AT_BOUND = "at_bound"


@dataclass(frozen=True, slots=True)
class Approved:
    """What people have approved for one value.

    `low` to `high`: it never leaves them. `step`: largest move at once, a multiple of `grain`. `target`: precision of
    its alerts, `band` to either side of it left alone. `capacity`: alerts that analysts close in a period; a backlog
    above `backlog_high` periods of work raises the value, and only one below `backlog_low` lets it be lowered. `rest`:
    periods from one move to the next. `least_labels`: labelled alerts before precision counts.
    """

    low: int
    high: int
    step: int
    target: float
    capacity: int
    band: float = 0.02
    grain: int = 1
    backlog_high: float = 2.0
    backlog_low: float = 0.5
    rest: int = 1
    least_labels: int = 50
    level: float = LEVEL

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        if not 1 <= self.grain <= self.step or self.step % self.grain:
            raise ValueError("the step must be a multiple of the grain, and both above 0")
        if not 0.0 < self.target < 1.0 or not 0.0 <= self.band < min(self.target, 1.0 - self.target):
            raise ValueError("the target must be between 0 and 1, with its band inside")
        if self.capacity < 1 or not 0.0 <= self.backlog_low < self.backlog_high <= 1000.0:
            raise ValueError("capacity must be 1 or more, and backlog_low below backlog_high, from 0 to 1,000")
        if self.rest < 1 or self.least_labels < 1:
            raise ValueError("rest and least_labels must be 1 or more")
        if not 0.0 < self.level < 1.0:
            raise ValueError("the level must be between 0 and 1")


@dataclass(frozen=True, slots=True)
class Measured:
    """known_hits: labelled alerts since the value last moved; caught: frauds among them; backlog: alerts open now.

    since_move: periods since the value last moved; None where it never has.
    """

    known_hits: int
    caught: int
    backlog: int
    since_move: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.caught <= self.known_hits or self.backlog < 0 or (self.since_move or 0) < 0:
            raise ValueError("counts must be 0 or more, and caught at most known_hits")


@dataclass(frozen=True, slots=True)
class Move:
    """What was decided, with the figures it rests on: for the journal. `backlog`: in periods of work."""

    before: int
    after: int
    cause: Cause
    precision: Interval
    backlog: float

    @property
    def moved(self) -> bool:
        """Whether the value changed."""
        return self.after != self.before


def decide(approved: Approved, value: int, measured: Measured) -> Move:
    """The value for the next period. A value outside its bounds, as after a new approval, goes to the nearer one."""
    precision = wilson(measured.caught, measured.known_hits, approved.level)
    backlog = measured.backlog / approved.capacity
    inside = _within(approved, value)
    if inside != value:
        return Move(value, inside, Cause.OUT_OF_BOUNDS, precision, backlog)
    cause, change = _wanted(approved, measured, precision, backlog)
    after = _within(approved, value + change)
    if change and after == value:
        cause = Cause.AT_BOUND
    return Move(value, after, cause, precision, backlog)


def _wanted(approved: Approved, measured: Measured, precision: Interval, backlog: float) -> tuple[Cause, int]:
    """Cause and signed change, first of what applies; the bounds are not looked at here."""
    if measured.since_move is not None and measured.since_move < approved.rest:
        return Cause.RESTING, 0
    if backlog > approved.backlog_high:
        return Cause.BACKLOG, _size(approved, backlog / approved.backlog_high - 1.0)
    if measured.known_hits < approved.least_labels:
        return Cause.TOO_FEW_LABELS, 0
    if precision.high < approved.target - approved.band:
        return Cause.IMPRECISE, _size(approved, 2.0 * (approved.target - precision.high) / approved.target)
    if precision.low > approved.target + approved.band and backlog < approved.backlog_low:
        return Cause.ROOM, -_size(approved, 2.0 * (precision.low - approved.target) / (1.0 - approved.target))
    return Cause.IN_BAND, 0


def _size(approved: Approved, share: float) -> int:
    """A share of the step, in whole grains: one at least, the step at most."""
    grains = int(approved.step // approved.grain * min(share, 1.0))
    return max(grains, 1) * approved.grain


def _within(approved: Approved, value: int) -> int:
    return min(max(value, approved.low), approved.high)
