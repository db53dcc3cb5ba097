"""What the generated module holds: a function a shape of chain, compiled once, however many chains there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from numba.core.dispatcher import Dispatcher

from seawall.engine.feature.chains import ChainFunctions
from seawall.engine.feature.context import Context
from seawall.engine.feature.definition import DAY, HOUR, MINUTE, Feature, Window
from seawall.engine.feature.emit import kernel_constants, kernel_source
from seawall.engine.feature.plan import Plan, make_plan
from seawall.engine.feature.state import FeatureState

KEYS = ("customer", "card", "device")
COUNT = Feature("n", 1, ("customer",), ("pay",), "count", window=Window(last_ms=HOUR))


def plan_of(*features: Feature) -> Plan:
    return make_plan([replace(feature, name=f"f{n}") for n, feature in enumerate(features)], KEYS)


def functions(*features: Feature) -> list[str]:
    """The chain function of each feature."""
    plan = plan_of(*features)
    by_feature = {reader.feature: chain.number for chain in plan.chains for reader in chain.readers}
    chains = ChainFunctions(plan)
    return [chains.event[by_feature[index]] for index in range(len(features))]


@pytest.mark.parametrize(
    "other",
    [
        {"on": ("refund",)},
        {"entity": ("card",)},
        {"entity": ("customer", "card")},
        {"on": ("refund",), "window": Window(last_ms=MINUTE)},
        {"on": ("refund",), "where": "amount > 5"},
    ],
)
def test_chains_that_differ_in_number_share_a_function(other: dict[str, Any]) -> None:
    first, second = functions(COUNT, replace(COUNT, **other))
    assert first == second


@pytest.mark.parametrize(
    "other",
    [
        {"agg": "distinct", "of": "device"},
        {"agg": "last", "of": "amount"},
        {"on": ("refund",), "offset_ms": HOUR},
        {"on": ("refund",), "include_current": False},
        {"on": ("refund",), "resolution_ms": MINUTE},  # nodes bounded by buckets: nothing to count
        {"on": ("refund",), "default": 7},
    ],
)
def test_chains_of_another_shape_have_a_function_of_their_own(other: dict[str, Any]) -> None:
    first, second = functions(COUNT, replace(COUNT, **other))
    assert first != second


def test_a_sliding_and_a_calendar_window_expire_alike() -> None:
    hop = replace(COUNT, window=Window(last_ms=DAY), resolution_ms=MINUTE)
    plan = plan_of(hop, replace(hop, window=Window(calendar="day"), resolution_ms=1))
    assert len(ChainFunctions(plan).expiries) == 1


def test_more_chains_of_a_shape_add_no_functions() -> None:
    few, many = (
        plan_of(*[replace(COUNT, where=f"amount > {n}", window=Window(last_ms=(1 + n) * MINUTE)) for n in range(size)])
        for size in (2, 40)
    )
    assert kernel_source(many).count("def chain_") == kernel_source(few).count("def chain_") == 1
    assert kernel_source(many).count("\ndef ") == kernel_source(few).count("\ndef ")


def test_every_function_is_compiled_once(tmp_path: Path) -> None:
    """numba would compile a function again for every constant passed to it."""
    odd = [replace(COUNT, where=f"amount > {n}", window=Window(last_ms=90_001 + n)) for n in range(4)]
    kernel = FeatureState(plan_of(*odd, replace(COUNT, agg="sum", of="amount")), tmp_path).kernel
    compiled = {name: len(one.signatures) for name, one in vars(kernel).items() if isinstance(one, Dispatcher)}
    assert {name for name, count in compiled.items() if count > 1} == set()
    assert compiled["step"] == compiled["sum_push"] == 1


def test_constants_lie_where_the_context_says() -> None:
    plan = plan_of(
        COUNT,
        replace(COUNT, agg="mean", of="amount", offset_ms=HOUR),
        replace(COUNT, agg="last", of="device"),
        replace(COUNT, entity=("customer", "card"), window=Window(calendar="month")),
    )
    context, words = Context(plan), kernel_constants(plan)
    at = context.first_constant
    assert at + len(words) == context.words
    assert words[context.types - at : context.types - at + 4] == [0, 1, 2, 0]  # int, double, text: not the kernel's
    starts = [words[start - at] for start, _ in context.chains]
    shapes = ChainFunctions(plan).shapes
    assert starts == [shapes[table.chains[0].number] for table in plan.tables]
