"""What a feature is: the definition that the kernel, the oracle and the documentation share."""

from __future__ import annotations

from dataclasses import dataclass, field

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
AGGREGATIONS = ("count", "sum", "mean", "min", "max", "std", "distinct", "first", "last", "time_since", "ratio")
ALWAYS_EXCLUDE = ("first", "last", "time_since")
CALENDARS = ("day", "week", "month", "quarter", "year")
EXACT = 1  # a resolution of one millisecond: every event stands for itself


@dataclass(frozen=True, slots=True)
class Window:
    """The span a feature looks back over, seen from t' = t - offset.

    Sliding (`last_ms` > 0): (t' - last_ms, t'].
    Calendar (`calendar` one of CALENDARS): from the start, in `zone`, of the period that holds t', up to t'.
    """

    last_ms: int = 0
    calendar: str = ""
    zone: str = "UTC"

    def __post_init__(self) -> None:
        assert bool(self.last_ms) != bool(self.calendar), "a window is either sliding or calendar"


@dataclass(frozen=True, slots=True)
class Feature:
    """One value computed over an entity's history (contract: docs/reference/features.md).

    `on` names event types (`payment.card`) and labels (`label.fraud`); an event counts when its type is in `on`,
    every key of `entity` is present, `where` (an expression over the event's own fields) is true, and `of` is present.
    `of` is an integer column (money in minor units, decimal(scale) as scaled integer, int, time in ms) for
    sum/mean/min/max/std; any key, code, string or integer for distinct/first/last; empty for count and time_since.
    `scale` divides the result (10**exponent for `unit: major` and decimal fields); 1 leaves integers alone.
    `ratio` takes two features by name in `parts` instead; it is `default` when the denominator is 0.
    `value` (an expression over fields and other features) makes a feature without a window.
    `link` (one of graph.definition.KINDS) makes a feature of the entity's links, through the shared keys `by` (empty:
    all), at most `hops` away.
    `default` replaces the result when the entity is present and the window is empty; None leaves it missing.
    """

    name: str
    version: int
    entity: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    agg: str = ""
    of: str = ""
    where: str = ""
    window: Window | None = None
    offset_ms: int = 0
    resolution_ms: int = EXACT
    include_current: bool = True
    default: float | int | None = None
    scale: int = 1
    parts: tuple[str, ...] = ()
    value: str = ""
    title: dict[str, str] = field(default_factory=dict, hash=False)
    link: str = ""
    by: tuple[str, ...] = ()
    hops: int = 0


def default_resolution(last_ms: int) -> int:
    """Milliseconds of one bucket where the pack states none: exact to 1 h, then 1 min to a day, then 1 h."""
    if last_ms <= HOUR:
        return EXACT
    return MINUTE if last_ms <= DAY else HOUR
