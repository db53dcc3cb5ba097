from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import nextafter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.engine.feature.definition import AGGREGATIONS, DAY, HOUR, MINUTE, SECOND, Feature, Window
from seawall.engine.feature.oracle import Oracle, OracleEvent, nearest_sqrt, span

from .golden import GoldenCase, golden_cases, golden_matches
from .streams import ANCHORS, CODES, KEYS, WHERES, random_features, random_stream, stream_matches

CASES = golden_cases()


@pytest.mark.parametrize("trim", [True, False])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_golden(case: GoldenCase, trim: bool) -> None:
    oracle = Oracle(case.features, matches=golden_matches, trim=trim)
    for place, (event, expected) in enumerate(zip(case.events, case.expected, strict=True)):
        values = oracle.step(event)
        seen = {name: (type(values[name]), values[name]) for name in expected}
        assert seen == {name: (type(value), value) for name, value in expected.items()}, f"event {place}"


def test_golden_cases_cover_every_aggregation_and_option() -> None:
    features = [feature for case in CASES for feature in case.features]
    assert {feature.agg for feature in features} == set(AGGREGATIONS)
    assert {feature.window.calendar for feature in features if feature.window} >= {"", "day", "week", "month"}
    assert any(feature.offset_ms and feature.resolution_ms > 1 for feature in features)
    assert any(not event.enters for case in CASES for event in case.events)


def feature(name: str = "f", agg: str = "count", **options: Any) -> Feature:
    usual: dict[str, Any] = {"entity": ("customer",), "on": ("payment.card",), "window": Window(last_ms=HOUR)}
    return Feature(name=name, version=1, agg=agg, **(usual | options))


def paid(t: int, **fields: object) -> OracleEvent:
    return OracleEvent(t, "payment.card", {"customer": "c1"} | fields)


# Random streams


def run(features: Sequence[Feature], events: Sequence[OracleEvent], trim: bool = True) -> list[dict[str, Any]]:
    oracle = Oracle(features, matches=stream_matches, trim=trim)
    return [oracle.step(event) for event in events]


@pytest.mark.parametrize("seed", range(4))
def test_trimming_changes_no_value(seed: int) -> None:
    features = random_features(Random(seed), 40, wheres=tuple(WHERES), overflow=True)
    events = random_stream(Random(seed), 250)
    assert run(features, events) == run(features, events, trim=False)


def test_reading_changes_no_value() -> None:
    features = random_features(Random(5), 40)
    events = random_stream(Random(5), 200)
    always = run(features, events)
    oracle = Oracle(features)
    for i, event in enumerate(events):
        values = oracle.step(event, read=i % 3 == 0)
        assert values == (always[i] if i % 3 == 0 else {})


def test_the_order_of_features_changes_no_value() -> None:
    features = random_features(Random(6), 40)
    events = random_stream(Random(6), 100)
    assert run(features[::-1], events) == run(features, events)


def test_streams_are_seeded_and_hold_what_they_promise() -> None:
    events = random_stream(Random(3), 2_000)
    assert events == random_stream(Random(3), 2_000)
    assert events != random_stream(Random(4), 2_000)
    gaps = [later.t - earlier.t for earlier, later in pairwise(events)]
    assert min(gaps) == 0
    assert max(gaps) > 365 * DAY
    assert 50 < sum(not event.enters for event in events) < 200
    assert all(any(abs(event.t - anchor) < 2 * HOUR for event in events) for anchor in ANCHORS)
    assert {event.fields.get("amount") for event in events} >= {None, 10**15, -(10**15)}
    assert any("customer" not in event.fields for event in events)
    assert any(event.fields.get("customer", "") is None for event in events)


def test_random_features_are_seeded_and_cover_the_contract() -> None:
    features = random_features(Random(3), 400, wheres=tuple(WHERES))
    assert features == random_features(Random(3), 400, wheres=tuple(WHERES))
    Oracle(features, matches=stream_matches)  # valid
    assert {f.agg for f in features} == set(AGGREGATIONS)
    assert {f.where for f in features} == {"", *WHERES}
    assert {f.window.calendar for f in features if f.window} == {"", "day", "week", "month", "quarter", "year"}
    assert any(f.resolution_ms > 1 and f.offset_ms for f in features)
    assert any(f.resolution_ms > 1 and f.window and f.window.last_ms == f.resolution_ms for f in features)
    assert {len(f.entity) for f in features} >= {1, 2, 3}
    assert not any(f.scale > 1 and f.of in (*KEYS, *CODES) for f in features)
    assert not any(f.window and f.window.calendar for f in random_features(Random(3), 100, calendars=False))


def test_random_runs_reach_values_and_missing_of_every_aggregation() -> None:
    features = random_features(Random(8), 60, overflow=True)
    rows = run(features, random_stream(Random(8), 400))
    for agg in AGGREGATIONS:
        seen = [row[f.name] for row in rows for f in features if f.agg == agg]
        assert any(value is None for value in seen), agg
        assert len(set(seen)) > 3, agg


# Windows, by definition


@given(
    t=st.integers(0, 10**13), r=st.sampled_from([1, 7, 997, MINUTE, HOUR]), k=st.integers(1, 50), j=st.integers(0, 50)
)
def test_a_hop_window_is_whole_buckets_that_hold_all_but_one_bucket_of_the_exact_one(
    t: int, r: int, k: int, j: int
) -> None:
    oldest, newest = span(feature(window=Window(last_ms=k * r), offset_ms=j * r, resolution_ms=r), t)
    seen_from = t - j * r
    assert oldest % r == 0
    assert newest - oldest + 1 == k * r
    assert newest - r < seen_from <= newest
    if r == 1:
        assert (oldest, newest) == (seen_from - k + 1, seen_from)


def test_resolution_does_not_touch_calendar_windows() -> None:
    window = Window(calendar="day", zone="UTC")
    assert span(feature(window=window, resolution_ms=HOUR, offset_ms=SECOND), DAY + MINUTE) == (DAY, DAY + 59 * SECOND)


# Exact numbers


def nearest(x: Fraction, root: float) -> bool:
    """Whether no double is nearer to the root of x: by comparing squares of the midpoints to its neighbours."""
    below = (Fraction(root) + Fraction(nextafter(root, 0.0))) / 2
    above = (Fraction(root) + Fraction(nextafter(root, float("inf")))) / 2
    return below**2 <= x <= above**2


@given(st.integers(0, 10**36), st.integers(1, 10**12))
def test_nearest_sqrt_is_nearest(numerator: int, denominator: int) -> None:
    x = Fraction(numerator, denominator**2)
    assert nearest(x, nearest_sqrt(x))


@given(st.integers(0, 2**53))
def test_nearest_sqrt_of_a_square_is_exact(root: int) -> None:
    assert nearest_sqrt(Fraction(root**2)) == root
    assert nearest_sqrt(Fraction(root**2, 2**20)) == root / 2**10


def test_nearest_sqrt_breaks_ties_to_even() -> None:
    assert nearest_sqrt(Fraction((2**53 + 1) ** 2)) == 2**53
    assert nearest_sqrt(Fraction((2**53 + 3) ** 2)) == 2**53 + 4
    assert nearest_sqrt(Fraction((2**53 + 1) ** 2 + 1)) == 2**53 + 2


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=30))
def test_std_agrees_with_long_decimals(amounts: list[int]) -> None:
    oracle = Oracle([feature(agg="std", of="amount")])
    for i, amount in enumerate(amounts):
        value = oracle.step(paid(i, amount=amount))["f"]
    with localcontext() as context:
        context.prec = 100
        mean = sum(map(Decimal, amounts), Decimal()) / len(amounts)
        variance = sum(((Decimal(amount) - mean) ** 2 for amount in amounts), Decimal()) / len(amounts)
        assert value == float(variance.sqrt().quantize(Decimal(10) ** -60))


# What is refused


def test_where_needs_a_reader() -> None:
    oracle = Oracle([feature(where="amount > 0")])
    with pytest.raises(ValueError, match="no way to evaluate where 'amount > 0'"):
        oracle.step(paid(1))
    assert oracle.step(OracleEvent(2, "login.web", {"customer": "c1"})) == {"f": 0}


def test_value_features_are_left_out() -> None:
    assert Oracle([feature(), Feature(name="v", version=1, value="f * 2")]).step(paid(1)) == {"f": 1}


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([feature(), feature()], "same name"),
        ([feature(agg="median", of="amount")], "unknown aggregation 'median'"),
        ([feature(agg="count", of="amount")], "`of` is for every aggregation but"),
        ([feature(agg="sum")], "`of` is for every aggregation but"),
        ([feature(window=None)], "count needs a window"),
        ([feature(resolution_ms=MINUTE, window=Window(last_ms=90 * SECOND))], "must divide the window"),
        ([feature(resolution_ms=MINUTE, offset_ms=SECOND)], "must divide the window and the offset"),
        ([feature(resolution_ms=2 * HOUR)], "must divide the window"),
        ([feature(resolution_ms=0)], "resolution at least 1 ms"),
        ([feature(offset_ms=-1)], "offset is at least 0"),
        ([feature(scale=0)], "scale at least 1"),
        ([feature(agg="ratio", parts=("f", "g"), window=None)], "a ratio names two features of the set"),
        ([feature(), feature("g", agg="ratio", parts=("f",), window=None)], "a ratio names two features"),
    ],
)
def test_definitions_outside_the_contract_are_refused(features: list[Feature], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Oracle(features)


def test_ratios_of_ratios_are_evaluated_and_circles_refused() -> None:
    half = feature("half", agg="ratio", parts=("quarter", "f"), window=None)
    quarter = feature("quarter", agg="ratio", parts=("f", "total"), window=None)
    oracle = Oracle([half, quarter, feature(), feature("total", agg="sum", of="amount")])
    assert oracle.step(paid(1, amount=4)) == {"half": 0.25, "quarter": 0.25, "f": 1, "total": 4}
    circle = feature("quarter", agg="ratio", parts=("half", "f"), window=None)
    with pytest.raises(ValueError, match="cycle"):
        Oracle([half, circle, feature()])


def test_time_may_stand_but_not_go_back() -> None:
    oracle = Oracle([feature()])
    oracle.step(paid(5))
    oracle.step(paid(5))
    with pytest.raises(ValueError, match="goes back from 5 to 4"):
        oracle.step(paid(4))


@pytest.mark.parametrize("amount", [1.0, "1", True])
def test_numbers_are_integers(amount: object) -> None:
    with pytest.raises(TypeError, match="amount must be an int"):
        Oracle([feature(agg="sum", of="amount")]).step(paid(1, amount=amount))
