"""The feature contract, executed literally: the judge of every faster way to compute the same values.

It keeps the events of each entity in a list, and answers each read by scanning that list. All arithmetic is in exact
integers and rationals; doubles appear only where the contract divides or rounds.

Which events are in a window, seen from t' = t - offset where t is the effective time of the reading event:

* Sliding window of length w, resolution r: with b(x) = x // r and b' = b(t) - offset / r, the events in the buckets
  b' - w/r + 1 ... b'. At r = 1 ms (exact) this is (t' - w, t']. At a wider r, an offset larger than 0 lets in the
  whole bucket of t', so also events later than t' in it.
* Calendar window: [start of the period that holds t', t'], exact at any resolution.
* Events of equal effective time are in the order of their sequence: those before the reading event can be in its
  window, those after it cannot. The reading event itself is in it only with current: include, an offset that lets
  it in, and a type, `where` and `of` that count. first, last and time_since never include it.
* A record later than the lateness bound reads, but enters no window: not its own one either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from graphlib import TopologicalSorter
from math import isqrt, ldexp

from seawall.engine.feature.calendar import period_start
from seawall.engine.feature.definition import AGGREGATIONS, ALWAYS_EXCLUDE, Feature

INT64_MAX = 2**63 - 1

Value = int | float | str | None


@dataclass(frozen=True)
class OracleEvent:
    """One record of the sequence: an event or a label.

    t: effective time, ms since 1970-01-01 UTC; never earlier than that of the record before.
    type: an event type (`payment.card`) or a label (`label.fraud`).
    fields: keys and codes as str, amounts, times and counts as int; an absent name and None both mean missing.
    enters: False for a record later than the lateness bound.
    """

    t: int
    type: str
    fields: Mapping[str, object] = field(default_factory=dict)
    enters: bool = True


@dataclass(frozen=True)
class Entry:
    """One counted event in the history of one entity, for one feature."""

    sequence: int
    t: int
    value: object  # of the feature's `of` column; None where it names none


def refuse_where(where: str, event: OracleEvent) -> bool:
    """The default of `Oracle.matches`: an oracle that was given no reader of expressions cannot judge them."""
    raise ValueError(f"the oracle was given no way to evaluate where {where!r}: pass matches=")


class Oracle:
    """Evaluates `features` record by record; features with a `value` expression are left out.

    matches(where, event): whether the non-empty expression is true of the event's own fields; missing is not true.
    trim: forget what no window can reach any more; it changes no value, only time and memory.
    Raises ValueError for a definition outside the contract, such as a resolution that does not divide its window.
    """

    def __init__(
        self,
        features: Sequence[Feature],
        matches: Callable[[str, OracleEvent], bool] = refuse_where,
        trim: bool = True,
    ) -> None:
        self._features = {feature.name: feature for feature in features if not feature.value}
        if len(self._features) != sum(not feature.value for feature in features):
            raise ValueError("two features have the same name")
        for feature in self._features.values():
            _check(feature, self._features)
        parts_first = TopologicalSorter({name: feature.parts for name, feature in self._features.items()})
        self._order = tuple(parts_first.static_order())
        self._matches = matches
        self._trim = trim
        self._histories: dict[tuple[str, tuple[object, ...]], list[Entry]] = {}
        self._sequence = 0
        self._clock = 0

    def step(self, event: OracleEvent, read: bool = True) -> dict[str, Value]:
        """Take the next record; with `read`, return every feature's value as seen by it, else an empty dict.

        None is missing. Any type of record reads; a feature whose entity has a key missing in it is missing.
        Raises ValueError where effective time goes back, TypeError where a number is not an int.
        """
        if event.t < self._clock:
            raise ValueError(f"effective time goes back from {self._clock} to {event.t}")
        self._clock = event.t
        self._sequence += 1
        if event.enters:
            for feature in self._features.values():
                if self._counts(feature, event):
                    entry = Entry(self._sequence, event.t, event.fields.get(feature.of))
                    self._histories.setdefault((feature.name, _entity(feature, event)), []).append(entry)
        if not read:
            return {}
        values: dict[str, Value] = {}
        for name in self._order:
            values[name] = self._read(self._features[name], event, values)
        return {name: values[name] for name in self._features}

    def _counts(self, feature: Feature, event: OracleEvent) -> bool:
        if feature.agg == "ratio" or event.type not in feature.on or None in _entity(feature, event):
            return False
        if feature.where and not self._matches(feature.where, event):
            return False
        if not feature.of:
            return True
        value = event.fields.get(feature.of)
        if feature.agg in _NUMERIC and value is not None and type(value) is not int:
            raise TypeError(f"feature {feature.name}: {feature.of} must be an int, not {value!r}")
        return value is not None

    def _read(self, feature: Feature, event: OracleEvent, values: Mapping[str, Value]) -> Value:
        if None in _entity(feature, event):
            return None
        if feature.agg == "ratio":
            return _ratio(feature, values)
        window = self._window(feature, event)
        if not window and feature.default is not None:
            return feature.default
        result = _AGGREGATES[feature.agg](window, event.t - feature.offset_ms)
        if result is not None and feature.scale > 1 and feature.agg in _SCALED:
            return float(result) / float(feature.scale)
        return result

    def _window(self, feature: Feature, event: OracleEvent) -> list[Entry]:
        """The counted events of the entity that are in the window the record sees, oldest first."""
        place = (feature.name, _entity(feature, event))
        oldest, newest = span(feature, event.t)
        if self._trim and place in self._histories:
            self._histories[place] = [entry for entry in self._histories[place] if entry.t >= oldest]
        upto = self._sequence if _includes_current(feature) else self._sequence - 1
        history = self._histories.get(place, [])
        return [entry for entry in history if oldest <= entry.t <= newest and entry.sequence <= upto]


def span(feature: Feature, t: int) -> tuple[int, int]:
    """Earliest and latest effective time (ms, both inclusive) in the window of `feature` seen by a record at `t`."""
    window = feature.window
    assert window is not None, "every aggregation but ratio has a window"
    if window.calendar:
        seen_from = t - feature.offset_ms
        return period_start(seen_from, window.calendar, window.zone), seen_from
    r = feature.resolution_ms
    newest_bucket = t // r - feature.offset_ms // r
    oldest_bucket = newest_bucket - window.last_ms // r + 1
    return oldest_bucket * r, newest_bucket * r + r - 1


def _includes_current(feature: Feature) -> bool:
    return feature.include_current and feature.agg not in ALWAYS_EXCLUDE


def _entity(feature: Feature, event: OracleEvent) -> tuple[object, ...]:
    return tuple(event.fields.get(key) for key in feature.entity)


def _check(feature: Feature, known: Mapping[str, Feature]) -> None:
    name, r = feature.name, feature.resolution_ms
    if feature.agg not in AGGREGATIONS:
        raise ValueError(f"feature {name}: unknown aggregation {feature.agg!r}")
    if feature.agg == "ratio":
        if len(feature.parts) != 2 or not set(feature.parts) <= set(known):
            raise ValueError(f"feature {name}: a ratio names two features of the set, not {feature.parts}")
        return
    if feature.window is None:
        raise ValueError(f"feature {name}: {feature.agg} needs a window")
    if bool(feature.of) != (feature.agg not in ("count", "time_since")):
        raise ValueError(f"feature {name}: `of` is for every aggregation but count, time_since and ratio")
    if feature.offset_ms < 0 or r < 1 or feature.scale < 1:
        raise ValueError(f"feature {name}: offset is at least 0 ms, resolution at least 1 ms, scale at least 1")
    if feature.window.last_ms and (feature.window.last_ms < r or feature.window.last_ms % r or feature.offset_ms % r):
        raise ValueError(f"feature {name}: resolution {r} ms must divide the window and the offset")


def _ratio(feature: Feature, values: Mapping[str, Value]) -> Value:
    """float(numerator) / float(denominator): missing where a part is, the default where the denominator is 0."""
    numerator, denominator = (values[part] for part in feature.parts)
    if numerator is None or denominator is None:
        return None
    return feature.default if denominator == 0 else float(numerator) / float(denominator)


# Aggregations: (entries of the window, oldest first; t') -> value before `scale`. `default` is dealt with before.


def _count(window: list[Entry], seen_from: int) -> Value:
    """0 when empty."""
    return len(window)


def _sum(window: list[Entry], seen_from: int) -> Value:
    """0 when empty; missing when its absolute value passes 2**63 - 1."""
    total = sum(_integers(window))
    return total if abs(total) <= INT64_MAX else None


def _mean(window: list[Entry], seen_from: int) -> Value:
    """float(sum) / float(n): two conversions and one division; missing when empty or where the sum is."""
    total = _sum(window, seen_from)
    return float(total) / float(len(window)) if window and total is not None else None


def _std(window: list[Entry], seen_from: int) -> Value:
    """Population deviation: the double nearest to sqrt(n * sum(x^2) - sum(x)^2) / n; missing as the mean is."""
    if not window or _sum(window, seen_from) is None:
        return None
    n, values = len(window), _integers(window)
    return nearest_sqrt(Fraction(n * sum(x * x for x in values) - sum(values) ** 2, n * n))


def _min(window: list[Entry], seen_from: int) -> Value:
    return min(_integers(window), default=None)


def _max(window: list[Entry], seen_from: int) -> Value:
    return max(_integers(window), default=None)


def _distinct(window: list[Entry], seen_from: int) -> Value:
    """0 when empty."""
    return len({entry.value for entry in window})


def _first(window: list[Entry], seen_from: int) -> Value:
    return _int_or_str(window[0].value) if window else None


def _last(window: list[Entry], seen_from: int) -> Value:
    return _int_or_str(window[-1].value) if window else None


def _time_since(window: list[Entry], seen_from: int) -> Value:
    """t' less the newest event's own effective time, ms: below 0 where the bucket of t' holds a later event."""
    return seen_from - window[-1].t if window else None


_AGGREGATES: dict[str, Callable[[list[Entry], int], Value]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "min": _min,
    "max": _max,
    "std": _std,
    "distinct": _distinct,
    "first": _first,
    "last": _last,
    "time_since": _time_since,
}
_NUMERIC = frozenset({"sum", "mean", "min", "max", "std"})
_SCALED = _NUMERIC | {"first", "last"}


def _integers(window: list[Entry]) -> list[int]:
    return [entry.value for entry in window if isinstance(entry.value, int)]


def _int_or_str(value: object) -> int | str:
    assert isinstance(value, int | str), "columns hold integers and strings"
    return value


def nearest_sqrt(x: Fraction) -> float:
    """The double nearest to the square root of `x` (0 or more), ties to even: one rounding from the exact value."""
    if x == 0:
        return 0.0
    # Scale by 4**k so that the integer root keeps at least 64 bits, then let its last bit say "and a bit more".
    k = max(0, 64 + (x.denominator.bit_length() - x.numerator.bit_length()) // 2 + 1)
    scaled = x * 4**k
    root = isqrt(scaled.numerator // scaled.denominator)
    inexact = root * root != scaled
    return ldexp(float(2 * root + inexact), -k - 1)
