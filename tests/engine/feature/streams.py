"""Seeded random feature sets and record streams, to hold a fast implementation against the oracle.

    rng = random.Random(7)
    features, stream = random_features(rng, 40), random_stream(rng, 2_000)

The same seed gives the same set and stream on every machine. Everything generated is valid: resolutions divide windows
and offsets, entities name KEYS, `of` names a column of the right kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random

from seawall.engine.feature.definition import CALENDARS, DAY, EXACT, HOUR, MINUTE, SECOND, Feature, Window
from seawall.engine.feature.oracle import OracleEvent

TYPES = ("payment.card", "payment.transfer", "login.web", "label.fraud")
KEYS = ("customer", "card", "device")
AMOUNTS = ("amount", "items")  # int; |amount| <= 10**15, 0 <= items <= 5
CODES = ("country", "channel")  # str
HUGE = "huge"  # int up to 2**62 in size: a few of them pass int64, so only where `overflow` is asked for
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
WHERES: Mapping[str, Callable[[Mapping[str, object]], bool]] = {
    'channel == "web"': lambda fields: fields.get("channel") == "web",
    "amount > 0": lambda fields: isinstance(amount := fields.get("amount"), int) and amount > 0,
}
# Clock changes, month-ends, leap days and year-ends, in order: the stream crowds around some of them.
ANCHORS = tuple(
    round(datetime.fromisoformat(text).timestamp() * 1_000)
    for text in (
        "1988-04-16T18:00:00Z",  # Shanghai, 02:00 -> 03:00
        "1991-09-14T17:00:00Z",  # Shanghai, 02:00 -> 01:00, for the last time
        "2000-02-29T23:00:00Z",
        "2018-11-04T03:00:00Z",  # Sao Paulo, 00:00 -> 01:00: a day without midnight
        "2024-01-31T23:00:00Z",
        "2024-02-28T23:00:00Z",
        "2024-02-29T15:59:00Z",
        "2024-03-10T07:00:00Z",  # New York, 02:00 -> 03:00
        "2024-03-31T01:00:00Z",  # Berlin, 02:00 -> 03:00
        "2024-04-06T15:00:00Z",  # Lord Howe, 02:00 -> 01:30
        "2024-06-30T15:59:00Z",
        "2024-10-05T15:30:00Z",  # Lord Howe, 02:00 -> 02:30
        "2024-10-27T01:00:00Z",  # Berlin, 03:00 -> 02:00
        "2024-11-03T06:00:00Z",  # New York, 02:00 -> 01:00
        "2024-12-31T23:59:59Z",
        "2025-02-28T23:59:00Z",
        "2100-02-28T20:00:00Z",  # no leap year
    )
)

_LENGTHS = (1, 2, SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY)
_RESOLUTIONS = (EXACT, 997, SECOND, 7 * SECOND, MINUTE, HOUR, DAY)
_ENTITIES = (("customer",), ("card",), ("device",), ("customer", "device"), ("card", "customer", "device"))
_OF = {
    "count": ("",),
    "time_since": ("",),
    "sum": AMOUNTS,
    "mean": AMOUNTS,
    "min": AMOUNTS,
    "max": AMOUNTS,
    "std": AMOUNTS,
    "distinct": (*AMOUNTS, *CODES, *KEYS),
    "first": (*AMOUNTS, *CODES, *KEYS),
    "last": (*AMOUNTS, *CODES, *KEYS),
}
_OVERFLOWING = ("sum", "mean", "min", "max")


def random_features(
    rng: Random, n: int, *, wheres: Sequence[str] = (), overflow: bool = False, calendars: bool = True
) -> list[Feature]:
    """`n` features named f0, f1, …: each aggregation in turn, all other properties at random; parts before ratios.

    wheres: expressions (keys of WHERES) that a third of the features get one of. overflow: let sum, mean, min and max
    read HUGE as well. calendars: with False, sliding windows only.
    """
    features: list[Feature] = []
    aggregations = list(_OF)
    for i in range(n):
        numeric = [f for f in features if f.agg not in ("first", "last", "ratio")]
        if numeric and rng.random() < 0.1:
            features.append(_random_ratio(rng, f"f{i}", numeric))
            continue
        agg = aggregations[i % len(aggregations)]
        columns = (*_OF[agg], HUGE) if overflow and agg in _OVERFLOWING else _OF[agg]
        features.append(_random_windowed(rng, f"f{i}", agg, rng.choice(columns), wheres, calendars))
    return features


def stream_matches(where: str, event: OracleEvent) -> bool:
    """The oracle's `matches` for the expressions of WHERES."""
    return WHERES[where](event.fields)


def random_stream(rng: Random, n: int) -> list[OracleEvent]:
    """`n` records in order of sequence: bursts, ties, exact window lengths, long gaps and jumps to ANCHORS.

    One in twenty is too late to enter windows; each key and column is now and then absent or None.
    """
    anchors = sorted(rng.sample(ANCHORS, min(len(ANCHORS), 1 + n // 40)))
    events = []
    t = 0
    for i in range(n):
        turn = i * len(anchors) // n
        following = anchors[min(turn + 1, len(anchors) - 1)]
        gap = _random_gap(rng)
        if t < following < t + gap:  # a long gap must not jump over an anchor whose turn is yet to come
            gap = rng.randrange(5 * SECOND)
        t = max(t + gap, anchors[turn] - rng.randrange(2 * HOUR))
        events.append(OracleEvent(t, _random_type(rng), _random_fields(rng), enters=rng.random() >= 0.05))
    return events


def _random_windowed(rng: Random, name: str, agg: str, of: str, wheres: Sequence[str], calendars: bool) -> Feature:
    if calendars and rng.random() < 0.3:
        window = Window(calendar=rng.choice(CALENDARS), zone=rng.choice(ZONES))
        resolution = EXACT
        offset = rng.choice((0, 0, HOUR, DAY, 7 * DAY))
    else:
        resolution = rng.choice((EXACT, rng.choice(_RESOLUTIONS)))
        length = rng.choice(_LENGTHS) if resolution == EXACT else resolution * rng.choice((1, 2, 3, 7, 24, 60))
        window = Window(last_ms=length)
        shift = (
            rng.choice((1, SECOND, HOUR, DAY, length)) if resolution == EXACT else resolution * rng.choice((1, 2, 9))
        )
        offset = rng.choice((0, 0, shift))
    integer_result = agg not in ("count", "distinct", "time_since", "std") and (of in AMOUNTS or of == HUGE)
    return Feature(
        name=name,
        version=1,
        entity=rng.choice(_ENTITIES),
        on=tuple(sorted(rng.sample(TYPES, rng.choice((1, 2, 4))))),
        agg=agg,
        of=of,
        where=rng.choice(wheres) if wheres and rng.random() < 1 / 3 else "",
        window=window,
        offset_ms=offset,
        resolution_ms=resolution,
        include_current=rng.random() < 0.5,
        default=rng.choice((None, 0, -1, 2.5)),
        scale=rng.choice((1, 1, 100, 1_000)) if integer_result or agg == "std" else 1,
    )


def _random_ratio(rng: Random, name: str, numeric: list[Feature]) -> Feature:
    numerator = rng.choice(numeric)
    denominator = rng.choice([f for f in numeric if f.entity == numerator.entity])
    return Feature(
        name=name,
        version=1,
        entity=numerator.entity,
        agg="ratio",
        parts=(numerator.name, denominator.name),
        default=rng.choice((None, 0, -1)),
    )


def _random_gap(rng: Random) -> int:
    kind = rng.random()
    if kind < 0.25:
        return 0
    if kind < 0.45:
        return rng.randrange(1, 5 * SECOND)
    if kind < 0.65:  # an edge of a window, hit or missed by 1 ms
        return rng.choice(_LENGTHS[:-3]) + rng.choice((-1, 0, 0, 1))
    if kind < 0.95:
        return rng.randrange(10 * MINUTE)
    return rng.choice((rng.randrange(DAY), rng.randrange(40 * DAY)))


def _random_type(rng: Random) -> str:
    return rng.choices(TYPES, (6, 2, 2, 1))[0]


def _random_fields(rng: Random) -> dict[str, object]:
    """Half of the records are of one hot customer, card and device; the rest spread over idle ones."""
    fields: dict[str, object] = {key: key + _random_member(rng) for key in KEYS}
    fields["amount"] = _random_amount(rng)
    fields["items"] = rng.randrange(6)
    fields["country"] = rng.choice(("CN", "DE", "NO", "US"))
    fields["channel"] = rng.choice(("web", "app"))
    fields[HUGE] = rng.choice((-1, 1, 1, 1)) * rng.randrange(2**60, 2**62)
    for name in list(fields):
        lot = rng.random()
        if lot < 0.04:
            del fields[name]
        elif lot < 0.08:
            fields[name] = None
    return fields


def _random_member(rng: Random) -> str:
    return "0" if rng.random() < 0.6 else str(rng.randrange(1, 12))


def _random_amount(rng: Random) -> int:
    kind = rng.random()
    if kind < 0.1:
        return rng.choice((-(10**15), 10**15, 10**15 - 1))
    if kind < 0.2:
        return 0
    if kind < 0.3:
        return -rng.randrange(100_000)
    return rng.choice((100, 2_500, rng.randrange(1, 1_000_000)))
