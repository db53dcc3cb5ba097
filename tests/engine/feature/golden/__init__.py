"""Golden vectors: stories small enough to check by hand, run against every implementation of the feature contract.

Each `*.yaml` here is a list of cases:

    - name: what the case shows
      features: [{name, entity, on, agg, of, where, window, offset, resolution, current, default, scale, parts}]
      events: [{at, type, late, expect, …fields}]

As in a pack, but for shortness: `entity` is customer and `on` is [payment.card] unless stated; an event is a
payment.card of customer c1 unless stated; resolution is exact unless stated. A time (`at`) is an ISO instant with its
offset, or a duration since 1970-01-01T00:00Z such as 90s; durations are a whole number and ms, s, m, h or d.
`late: true` is a record beyond the lateness bound. `expect` gives features as that record reads them, null for missing;
`2` is an integer and `2.0` a double. Every expected value was derived by hand, never copied from a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from seawall.engine.feature.definition import DAY, EXACT, HOUR, MINUTE, SECOND, Feature, Window
from seawall.engine.feature.oracle import OracleEvent

_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_EVENT_WORDS = ("at", "type", "late", "expect")


@dataclass(frozen=True)
class GoldenCase:
    """expected[i] is what events[i] must read: only the features named there are judged; None is missing."""

    name: str
    features: tuple[Feature, ...]
    events: tuple[OracleEvent, ...]
    expected: tuple[Mapping[str, int | float | str | None], ...]


def golden_cases() -> list[GoldenCase]:
    """All cases of this folder, by file and place; a case's name starts with its file's."""
    return [
        _case(path.stem, case)
        for path in sorted(Path(__file__).parent.glob("*.yaml"))
        for case in yaml.load(path.read_text(encoding="utf-8"), Loader=_CoreLoader)
    ]


def golden_matches(where: str, event: OracleEvent) -> bool:
    """Whether the `where` of a golden case is true of the event; there is only one expression in use."""
    assert where == 'currency == "CNY"', where
    return event.fields.get("currency") == "CNY"


class _CoreLoader(yaml.SafeLoader):
    """YAML 1.2 core types: `on` and `NO` are strings, a time stays text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute


_CORE_TYPES = {
    "bool": (r"true|false", "tf"),
    "int": (r"[-+]?[0-9]+", "-+0123456789"),
    "float": (r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-+0123456789"),
    "null": (r"null", "n"),
}
for _name, (_pattern, _starts) in _CORE_TYPES.items():
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_starts))


def _case(topic: str, case: dict[str, Any]) -> GoldenCase:
    features = tuple(_feature(row) for row in case.pop("features"))
    rows = case.pop("events")
    name = f"{topic}: {case.pop('name')}"
    assert not case, f"{name}: unknown entries {sorted(case)}"
    expected = tuple(row.get("expect", {}) for row in rows)
    assert any(expected), f"{name}: a case expects something"
    for row in expected:
        assert row.keys() <= {feature.name for feature in features}, f"{name}: {row} names a feature of the case"
    return GoldenCase(name, features, tuple(_event(row) for row in rows), expected)


def _feature(row: dict[str, Any]) -> Feature:
    row = dict(row)
    agg = row.pop("agg")
    parts = tuple(row.pop("parts", ()))
    on = () if parts else tuple(row.pop("on", ("payment.card",)))
    entity = row.pop("entity", "customer")
    current = row.pop("current", "include")
    assert current in ("include", "exclude"), current
    resolution = row.pop("resolution", "exact")
    window = row.pop("window", None)
    feature = Feature(
        name=row.pop("name"),
        version=1,
        entity=(entity,) if isinstance(entity, str) else tuple(entity),
        on=on,
        agg=agg,
        of=row.pop("of", ""),
        where=row.pop("where", ""),
        window=None if window is None else _window(window),
        offset_ms=_duration(row.pop("offset", "0s")),
        resolution_ms=EXACT if resolution == "exact" else _duration(resolution),
        include_current=current == "include",
        default=row.pop("default", None),
        scale=row.pop("scale", 1),
        parts=parts,
    )
    assert not row, f"{feature.name}: unknown entries {sorted(row)}"
    return feature


def _window(row: dict[str, str]) -> Window:
    if "last" in row:
        return Window(last_ms=_duration(row["last"]))
    return Window(calendar=row["calendar"], zone=row["zone"])


def _event(row: dict[str, Any]) -> OracleEvent:
    fields = {"customer": "c1"} | {name: value for name, value in row.items() if name not in _EVENT_WORDS}
    return OracleEvent(_instant(row["at"]), row.get("type", "payment.card"), fields, enters=not row.get("late", False))


def _instant(text: str) -> int:
    if "T" not in text:
        return _duration(text)
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None, f"{text}: an instant states its offset"
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _duration(text: str) -> int:
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    assert match, f"{text}: a duration is a whole number and ms, s, m, h or d"
    return int(match[1]) * _UNITS[match[2]]
