"""The kernel against the oracle: random streams, hand-made golden vectors, any batch split, idle entities let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from seawall.engine.errors import StateError
from seawall.engine.feature.definition import DAY, HOUR, MINUTE, Feature, Window
from seawall.engine.feature.oracle import Oracle, OracleEvent
from tests.engine.feature.golden import GoldenCase, golden_cases, golden_matches
from tests.engine.feature.kernel_harness import Kernel, differences, fitting
from tests.engine.feature.streams import CODES, KEYS, WHERES, random_features, random_stream, stream_matches

TEXTS = (*KEYS, *CODES)


@cache
def some_features(seed: int) -> tuple[Feature, ...]:
    """Kernels take seconds to compile: few feature sets, many streams."""
    return tuple(fitting(random_features(Random(seed), 40, wheres=list(WHERES), overflow=True), TEXTS))


@pytest.mark.parametrize("seed", range(12))
def test_the_kernel_equals_the_oracle_on_random_streams(seed: int) -> None:
    features = some_features(100 + seed % 3)
    events = random_stream(Random(seed), 700)
    oracle = Oracle(features, stream_matches)
    expected = [oracle.step(event) for event in events]
    got = Kernel(features, TEXTS, stream_matches).run(events, split=1 + seed * 13)
    assert differences(events, got, expected) == []


@pytest.mark.parametrize("split", [1, 2, 33, 4096])
def test_any_batch_split_gives_the_same_values(split: int) -> None:
    features, events = some_features(100), random_stream(Random(77), 900)
    whole = Kernel(features, TEXTS, stream_matches).run(events, split=len(events))
    assert Kernel(features, TEXTS, stream_matches).run(events, split=split) == whole


def test_records_that_are_not_read_still_count() -> None:
    features, events = some_features(101), random_stream(Random(5), 400)
    kernel, quiet = Kernel(features, TEXTS, stream_matches), Kernel(features, TEXTS, stream_matches)
    everything = kernel.run(events)
    quiet.run(events[:-50], split=20, reads=False)
    assert quiet.run(events[-50:]) == everything[-50:]


def test_sweeping_changes_no_value_and_frees_what_is_idle() -> None:
    """Customers come once and never again: with the sweep the state stays small, without it grows."""
    features = [
        Feature("n", 1, ("customer",), ("pay",), "count", window=Window(last_ms=HOUR)),
        Feature("top", 1, ("customer",), ("pay",), "max", "amount", window=Window(last_ms=HOUR)),
        Feature("kinds", 1, ("customer",), ("pay",), "distinct", "device", window=Window(last_ms=HOUR)),
        Feature("pair", 1, ("customer", "device"), ("pay",), "count", window=Window(last_ms=HOUR), offset_ms=HOUR),
        Feature("three", 1, ("customer", "device", "card"), ("pay",), "count", window=Window(calendar="day")),
        Feature("spread", 1, ("device",), ("pay",), "std", "amount", window=Window(last_ms=HOUR)),
        Feature("opening", 1, ("device",), ("pay",), "first", "amount", window=Window(last_ms=HOUR)),
        Feature("place", 1, ("device",), ("pay",), "last", "country", window=Window(last_ms=HOUR)),
    ]
    rng = Random(1)
    events = [
        OracleEvent(
            i * 5 * MINUTE,
            "pay",
            {
                "customer": f"c{i // 3}",
                "device": f"d{rng.randrange(3) if i % 7 else i}",
                "card": f"k{i % 5}",
                "amount": rng.randrange(1000),
                "country": f"n{i // 100}",
            },
        )
        for i in range(3000)
    ]
    plain, swept = Kernel(features, TEXTS, stream_matches), Kernel(features, TEXTS, stream_matches)
    expected = plain.run(events, split=50)
    got = []
    for start in range(0, len(events), 50):
        got += swept.run(events[start : start + 50], split=50)
        swept.state.sweep(events[start + 49].t, slices=3)
    assert got == expected
    customers = swept.plan.spaces.index("customer")
    assert len(plain.state.spaces[customers].ids) == 1000
    assert len(swept.state.spaces[customers].ids) < 300  # a calendar day keeps its customers for two days
    assert swept.state.arena.bytes_used() < plain.state.arena.bytes_used() / 5


def test_the_state_stays_bounded_under_a_hop() -> None:
    """Ten thousand events of one entity leave at most one node a bucket."""
    hourly = Feature("n", 1, ("customer",), ("pay",), "sum", "amount", window=Window(last_ms=DAY), resolution_ms=HOUR)
    kernel = Kernel([hourly], TEXTS, stream_matches)
    kernel.run([OracleEvent(i * 60_000, "pay", {"customer": "c", "amount": 1}) for i in range(10_000)], split=1000)
    assert kernel.state.arena.bytes_used() <= 25 * 32


def test_a_state_past_its_bound_is_refused_with_the_way_out() -> None:
    exact = Feature("n", 1, ("customer",), ("pay",), "sum", "amount", window=Window(last_ms=30 * DAY))
    kernel = Kernel([exact], TEXTS, stream_matches, max_bytes=400_000)
    events = [OracleEvent(i, "pay", {"customer": "c", "amount": 1}) for i in range(20_000)]
    with pytest.raises(StateError, match="max_state_bytes"):
        kernel.run(events, split=1000)


# --- golden vectors ---------------------------------------------------------------------------------------------------


def _renamed(case: GoldenCase, number: int) -> list[Feature]:
    """The case's features under names of its own, so that one kernel serves all cases."""
    return [
        replace(
            feature,
            name=f"case{number}_{feature.name}",
            parts=tuple(f"case{number}_{part}" for part in feature.parts),
        )
        for feature in case.features
    ]


@cache
def _golden_features() -> tuple[tuple[Feature, ...], tuple[str, ...]]:
    cases = golden_cases()
    features = [feature for number, case in enumerate(cases) for feature in _renamed(case, number)]
    texts = {
        name
        for case in cases
        for event in case.events
        for name, value in event.fields.items()
        if isinstance(value, str)
    } | {key for feature in features for key in feature.entity}
    return tuple(fitting(features, sorted(texts))), tuple(sorted(texts))


@pytest.mark.parametrize("number", range(len(golden_cases())), ids=[case.name for case in golden_cases()])
def test_golden_vectors(number: int) -> None:
    case = golden_cases()[number]
    features, texts = _golden_features()
    got = Kernel(features, texts, golden_matches).run(case.events)
    own: list[dict[str, object]] = [
        {name.removeprefix(f"case{number}_"): value for name, value in row.items() if name.startswith(f"case{number}_")}
        for row in got
    ]
    wrong = [
        f"event {index}: {name} is {row[name]!r}, by hand {value!r}"
        for index, (row, values) in enumerate(zip(own, case.expected, strict=True))
        for name, value in values.items()
        if row[name] != value
    ]
    assert wrong == []


def test_every_aggregation_has_a_golden_vector() -> None:
    used: Sequence[str] = [feature.agg for case in golden_cases() for feature in case.features]
    assert set(used) >= {
        "count",
        "sum",
        "mean",
        "min",
        "max",
        "std",
        "distinct",
        "first",
        "last",
        "time_since",
        "ratio",
    }


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_the_kernel_stays_inside_its_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checked build raises IndexError at the first load or store outside them."""
    monkeypatch.setenv("SEAWALL_KERNEL_CHECKS", "1")
    features = tuple(fitting(random_features(Random(9), 12, wheres=list(WHERES)), TEXTS))
    kernel = Kernel(features, TEXTS, stream_matches)
    events = random_stream(Random(9), 1500)
    oracle = Oracle(features, stream_matches)
    assert differences(events, kernel.run(events, split=64), [oracle.step(event) for event in events]) == []
    kernel.state.sweep(events[-1].t + 1000 * DAY, slices=4)


def hot(agg: str, of: str, offset: int = 0) -> tuple[Kernel, list[OracleEvent]]:
    """One customer with an event a second and a chain of at most 50 nodes, then a pause, then quiet traffic."""
    feature = Feature(
        "f",
        1,
        ("customer",),
        ("pay",),
        agg,
        of,
        window=Window(last_ms=100_000),
        offset_ms=offset,
        include_current=False,
    )
    kernel = Kernel([feature], TEXTS, stream_matches, max_nodes=50)
    times = [*range(1_000, 81_000, 1_000), *range(400_000, 440_000, 1_000)]
    fields = [{"customer": "c", "amount": 200_000 - i, "device": f"d{i}"} for i in range(len(times))]
    return kernel, [OracleEvent(t, "pay", one) for t, one in zip(times, fields, strict=True)]


@pytest.mark.parametrize(
    ("agg", "of"), [("sum", "amount"), ("max", "amount"), ("distinct", "device"), ("first", "amount")]
)
@pytest.mark.parametrize("offset", [0, 5_000])
def test_a_hot_entity_is_degraded_never_wrong(agg: str, of: str, offset: int) -> None:
    kernel, events = hot(agg, of, offset)
    oracle = Oracle(kernel.plan.features)
    expected = [oracle.step(event)["f"] for event in events]
    got, marked = [], []
    for event in events:
        got.append(kernel.run([event])[0]["f"])
        marked.append(bool(kernel.last_degraded))
    right = [one == other for one, other in zip(got, expected, strict=True)]
    assert all(ok or (value is None and mark) for ok, value, mark in zip(right, got, marked, strict=True))
    assert any(marked)
    assert not any(marked[-40:])
    assert right[-40:] == [True] * 40
