"""What shares what in memory, and how long anything must be remembered."""

from __future__ import annotations

from itertools import pairwise

import pytest

from seawall.engine.feature.definition import DAY, HOUR, Feature, Window
from seawall.engine.feature.plan import DOUBLE, INT, TEXT, Plan, make_plan

PAY = ("pay",)
ALWAYS = {("pay", "amount")}


def plan(*features: Feature) -> Plan:
    return make_plan(features, {"customer", "card", "device", "country"}, ALWAYS)


def feature(name: str, agg: str, of: str = "", last: int = DAY, **more: object) -> Feature:
    entity = more.pop("entity", ("customer",))
    return Feature(name, 1, entity, PAY, agg, of, window=Window(last_ms=last), **more)  # type: ignore[arg-type]


def test_windows_and_aggregations_of_one_column_share_a_chain() -> None:
    made = plan(feature("a", "sum", "amount"), feature("b", "mean", "amount", HOUR), feature("c", "std", "amount"))
    assert [(chain.windows, chain.squares) for chain in made.chains] == [([HOUR, DAY], True)]


def test_a_count_rides_on_a_column_that_is_never_absent() -> None:
    assert len(plan(feature("n", "count"), feature("s", "sum", "amount")).chains) == 1
    assert len(plan(feature("n", "count"), feature("s", "sum", "items")).chains) == 2


@pytest.mark.parametrize(
    "other",
    [
        feature("b", "sum", "amount", entity=("card",)),
        feature("b", "sum", "amount", where="amount > 0"),
        feature("b", "sum", "amount", resolution_ms=HOUR),
        feature("b", "sum", "amount", offset_ms=HOUR),
        feature("b", "max", "amount"),
    ],
    ids=["entity", "where", "resolution", "offset", "kind"],
)
def test_what_differs_does_not_share(other: Feature) -> None:
    assert len(plan(feature("a", "sum", "amount"), other).chains) == 2


def test_features_stand_in_name_order_with_their_types() -> None:
    made = plan(feature("z", "count"), feature("a", "mean", "amount"), feature("m", "last", "country"))
    assert [(one.name, kind) for one, kind in zip(made.features, made.types, strict=True)] == [
        ("a", DOUBLE), ("m", TEXT), ("z", INT),
    ]  # fmt: skip


def test_a_value_is_remembered_as_long_as_anything_can_still_find_it() -> None:
    made = plan(
        feature("kinds", "distinct", "device", last=7 * DAY),
        feature("own", "count", last=HOUR, entity=("device",)),
        feature("pair", "count", last=2 * DAY, entity=("customer", "device"), offset_ms=9 * DAY),
    )
    reach = dict(zip(made.spaces, made.reach, strict=True))
    assert reach["device"] >= 11 * DAY
    assert reach["customer"] >= 11 * DAY


def test_records_are_whole_cache_lines() -> None:
    made = plan(feature("a", "sum", "amount"), feature("b", "distinct", "device"), feature("c", "first", "amount"))
    assert all(table.words % 8 == 0 for table in made.tables)
    spans = sorted((chain.word, chain.word + chain.words) for chain in made.chains)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
