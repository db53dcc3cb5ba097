"""Drives the kernel with the oracle's events, so that one stream can judge both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from seawall.engine.columns import MISSING
from seawall.engine.feature.definition import Feature
from seawall.engine.feature.oracle import OracleEvent
from seawall.engine.feature.plan import BITS_PER_WORD, DOUBLE, MAX_NODES, TEXT, Plan, make_plan
from seawall.engine.feature.state import DEFAULT_MAX_BYTES, ENTERS, READS, FeatureState

Matches = Callable[[str, OracleEvent], bool]


def fitting(features: Sequence[Feature], keys: Sequence[str]) -> list[Feature]:
    """The features with defaults of their own type, as the pack loader guarantees them."""
    plan = make_plan(features, keys)
    types = dict(zip((feature.name for feature in plan.features), plan.types, strict=True))

    def fit(feature: Feature) -> Feature:
        if feature.default is None or types[feature.name] == TEXT:
            return replace(feature, default=None)
        whole = types[feature.name] != DOUBLE
        return replace(feature, default=int(feature.default) if whole else float(feature.default))

    return [fit(feature) for feature in features]


def row_of(state: FeatureState, event: OracleEvent, matches: Matches, reads: bool = True) -> list[int]:
    plan = state.plan
    words = [0] * plan.condition_words
    for index, condition in enumerate(plan.conditions):
        if event.type in condition.on and (not condition.where or matches(condition.where, event)):
            words[index // BITS_PER_WORD] |= 1 << index % BITS_PER_WORD
    row = [event.t, (ENTERS if event.enters else 0) | (READS if reads else 0), *words]
    for space, name in zip(state.spaces, plan.spaces, strict=True):
        value = event.fields.get(name)
        row.append(-1 if value is None else space.number(value))
    row += [MISSING if event.fields.get(name) is None else int(event.fields[name]) for name in plan.values]
    return row + state.calendars_at(event.t)


def values_of(plan: Plan, state: FeatureState, out: np.ndarray) -> dict[str, object]:
    doubles = out.view(np.float64)
    values: dict[str, object] = {}
    for index, (feature, kind) in enumerate(zip(plan.features, plan.types, strict=True)):
        if kind == DOUBLE:
            value: object = float(doubles[index])
            value = None if value != value else value
        else:
            value = None if out[index] == MISSING else int(out[index])
            if kind == TEXT and value is not None:
                value = state.spaces[plan.text_space[index]].values[int(value)]
        values[feature.name] = value
    return values


class Kernel:
    """The kernel with the oracle's interface; `split` says how many events each call takes."""

    def __init__(
        self,
        features: Sequence[Feature],
        keys: Sequence[str],
        matches: Matches,
        max_nodes: int = MAX_NODES,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        self.plan = make_plan(features, keys, max_nodes=max_nodes)
        self.state = FeatureState(self.plan, max_bytes=max_bytes)
        self.matches = matches
        self.last_degraded: list[int] = []  # words of the last event

    def run(self, events: Sequence[OracleEvent], split: int = 1, reads: bool = True) -> list[dict[str, object]]:
        results = []
        for start in range(0, len(events), split):
            batch = events[start : start + split]
            rows = np.array([row_of(self.state, event, self.matches, reads) for event in batch], np.int64)
            out = np.zeros((len(rows), self.state.width), np.int64)
            self.state.step(rows, out)
            self.last_degraded = [int(word) for word in out[-1, len(self.plan.features) :] if word]
            results += [values_of(self.plan, self.state, row) for row in out]
        return results


def differences(events: Sequence[OracleEvent], got: list, expected: list[Mapping[str, object]]) -> list[str]:
    return [
        f"event {index} at {events[index].t}: {name} is {one[name]!r}, the oracle says {other[name]!r}"
        for index, (one, other) in enumerate(zip(got, expected, strict=True))
        for name in other
        if one[name] != other[name] or type(one[name]) is not type(other[name])
    ]
