"""features.yaml: windowed aggregations, ratios and value features, checked against the event types they read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seawall.engine.event import EventType, Field, LabelType
from seawall.engine.feature.definition import AGGREGATIONS, ALWAYS_EXCLUDE, Feature
from seawall.engine.graph.definition import Links
from seawall.engine.money import EXPONENTS
from seawall.engine.pack.events import Settings
from seawall.engine.pack.links import LINK_KEYS, LINK_REQUIRED, check_growth, read_link_feature
from seawall.engine.pack.model import Place
from seawall.engine.pack.reader import Node, did_you_mean
from seawall.engine.pack.windows import read_offset, read_resolution, read_window

MAX_FEATURES = 2_000
_MAX_DEFAULT = 2**53
_MAX_ENTITY = 4

_NUMBERS = ("int", "money", "decimal", "time")
_VALUES = (*_NUMBERS, "key", "code", "string", "currency")


@dataclass(frozen=True, slots=True)
class _Needs:
    """What an aggregation takes: the types of `of` (() = none), and whether `unit` and mixed currencies matter."""

    of: tuple[str, ...]
    arithmetic: bool = False


_NEEDS: Mapping[str, _Needs] = {
    "count": _Needs(()),
    "sum": _Needs(_NUMBERS, True),
    "mean": _Needs(_NUMBERS, True),
    "min": _Needs(_NUMBERS, True),
    "max": _Needs(_NUMBERS, True),
    "std": _Needs(_NUMBERS, True),
    "distinct": _Needs(_VALUES),
    "first": _Needs(_VALUES),
    "last": _Needs(_VALUES),
    "time_since": _Needs(()),
}
_COMMON = ("name", "version", "title")
_WINDOWED = (
    *_COMMON, "entity", "on", "where", "agg", "of", "window", "offset", "resolution", "current", "default", "unit",
)  # fmt: skip
_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # shape -> allowed, required
    "windowed": (_WINDOWED, (*_COMMON, "entity", "on", "agg", "window")),
    "ratio": ((*_COMMON, "agg", "of", "default"), (*_COMMON, "agg", "of")),
    "value": ((*_COMMON, "value"), (*_COMMON, "value")),
    "link": (LINK_KEYS, LINK_REQUIRED),
}


def read_features(
    root: Node, settings: Settings, places: dict[tuple[str, ...], Place], links: Links | None = None
) -> dict[str, Feature]:
    """Features by name, with every problem noted; those with a broken name are left out."""
    if root.value is None or not root.members(("features",), ("features",), "features.yaml"):
        return {}
    items = root["features"].items()
    if len(items) > MAX_FEATURES:
        root["features"].problem(f"{len(items):,} features; a pack may have {MAX_FEATURES:,}", "split the pack")
    features: dict[str, Feature] = {}
    ratios: list[tuple[Node, Feature]] = []
    for node in items:
        shape = _shape(node)
        if not node.members(*_KEYS[shape], "feature"):
            continue
        name = node.name("name")
        if not name or not _is_free(node, name, features, settings):
            continue
        places["feature", name] = node.place
        if shape == "link":
            feature = read_link_feature(node, name, links, settings.zone)
        else:
            feature = _READERS[shape](node, name, settings)
        for key in ("where", "value"):
            if node.has(key):
                places["feature", name, key] = node[key].place
        features[name] = feature
        if shape == "ratio":
            ratios.append((node, feature))
    for node, ratio in ratios:
        _check_parts(node, ratio, features)
    check_growth(features, root["features"])
    return features


def _shape(node: Node) -> str:
    for shape in ("value", "link"):
        if node.has(shape):
            return shape
    return "ratio" if node["agg"].value == "ratio" else "windowed"


def _is_free(node: Node, name: str, features: Mapping[str, Feature], settings: Settings) -> bool:
    if name in features:
        node["name"].problem(f"feature {name!r} stands twice", "rename one")
        return False
    for event_type in settings.events.values():
        if event_type.column(name) is not None:
            node["name"].problem(f"{name!r} is a field of {event_type.name} as well", "rename the feature")
            return False
    return True


def _windowed(node: Node, name: str, settings: Settings) -> Feature:
    sources: dict[str, EventType | LabelType] = dict(settings.events)
    sources |= {f"label.{name}": label for name, label in settings.labels.items()}
    on = node.known_words("on", sources, "event type")
    if node.has("on") and node["on"].value == []:
        node["on"].problem("on names no event type", "name one")
    columns = [columns_of(sources[source]) for source in on]
    agg = node.choice("agg", AGGREGATIONS)
    where = node.expression("where").text if node.has("where") else ""
    window = read_window(node["window"], settings.zone)
    offset = read_offset(node)
    of = _of(node, agg, columns, on)
    return Feature(
        name=name,
        version=node.integer("version", 1, 10_000, 1),
        entity=_entity(node, columns, on),
        on=on,
        agg=agg,
        of=of.name if of else "",
        where=where,
        window=window,
        offset_ms=offset,
        resolution_ms=read_resolution(node, window, offset),
        include_current=_include_current(node, agg),
        default=_default(node, agg, of),
        scale=_scale(node, agg, of, where, settings.base_currency),
        title=node.title(),
    )


def _ratio(node: Node, name: str, settings: Settings) -> Feature:
    parts = tuple(part.value for part in node["of"].items() if part.is_text("part of a ratio"))
    if node.has("of") and len(parts) != 2:
        node["of"].problem("a ratio is of two features", "of: [numerator, denominator]")
    return Feature(
        name=name,
        version=node.integer("version", 1, 10_000, 1),
        agg="ratio",
        parts=parts,
        default=_default(node, "ratio", None),
        title=node.title(),
    )


def _value(node: Node, name: str, settings: Settings) -> Feature:
    text = node.expression("value").text
    return Feature(name=name, version=node.integer("version", 1, 10_000, 1), value=text, title=node.title())


_READERS = {"windowed": _windowed, "ratio": _ratio, "value": _value}


def _check_parts(node: Node, ratio: Feature, features: Mapping[str, Feature]) -> None:
    for index, part in enumerate(ratio.parts):
        if part not in features:
            node["of"][index].problem(f"unknown feature {part!r}", did_you_mean(part, features))
        elif not features[part].agg or features[part].window is None:
            node["of"][index].problem(f"{part} has no window", "a ratio is of two windowed features; else use value")


def columns_of(source: EventType | LabelType) -> dict[str, Field]:
    """What a record of an event type or label offers to features."""
    if isinstance(source, EventType):
        return source.columns()
    return {key: Field(key, "key", False, "internal", "risk", {}) for key in source.keys}


# --- one check a key --------------------------------------------------------------------------------------------------


def _entity(node: Node, columns: list[dict[str, Field]], on: tuple[str, ...]) -> tuple[str, ...]:
    single = isinstance(node["entity"].value, str)
    members = [node["entity"]] if single else node["entity"].items()
    if node.has("entity") and not 1 <= len(members) <= _MAX_ENTITY:
        node["entity"].problem(f"an entity is 1 to {_MAX_ENTITY} keys, not {len(members)}")
    keys: list[str] = []
    for member in members:
        if not member.is_text("entity"):
            continue
        if member.value in keys:
            member.problem(f"entity key {member.value!r} stands twice", "keep one")
            continue
        keys.append(member.value)
        for source, offered in zip(on, columns, strict=True):
            known = [name for name, column in offered.items() if column.type == "key"]
            if member.value not in offered:
                member.problem(f"unknown entity {member.value!r} in {source}", did_you_mean(member.value, known))
            elif member.value not in known:
                message = f"{member.value} is {_a(offered[member.value].type)}, not a key, in {source}"
                member.problem(message, did_you_mean(member.value, known))
    return tuple(keys)


def _of(node: Node, agg: str, columns: list[dict[str, Field]], on: tuple[str, ...]) -> Field | None:
    needs = _NEEDS.get(agg)
    if needs is None:
        return None
    if not needs.of:
        if node.has("of"):
            node["of"].problem(f"{agg} takes no of", "remove it, or use distinct or sum")
        return None
    if not node.has("of"):
        node.problem(f"{agg} needs of", "of: the field to aggregate")
        return None
    name = node.text("of")
    found: Field | None = None
    for source, offered in zip(on, columns, strict=True):
        column = offered.get(name)
        if column is None:
            node["of"].problem(f"unknown field {name!r} in {source}", did_you_mean(name, offered))
        elif column.sealed:
            node["of"].problem(f"{name} is sealed: no feature reads it", "derive a clear code from it at the door")
        elif column.type not in needs.of:
            node["of"].problem(f"{agg} cannot take {name}, {_a(column.type)}", _of_hint(column.type, needs))
        else:
            found = column
    return found


def _of_hint(kind: str, needs: _Needs) -> str:
    if kind == "number":
        return "declare it decimal(scale): its sums are exact"
    return f"of must be one of: {', '.join(needs.of)}"


def _include_current(node: Node, agg: str) -> bool:
    current = node.choice("current", ("include", "exclude"), "")
    if agg not in ALWAYS_EXCLUDE:
        return current != "exclude"
    if current == "include":
        node["current"].problem(f"{agg} never counts the current event", "remove current")
    return False


def _default(node: Node, agg: str, of: Field | None) -> int | float | None:
    default = node.number("default")
    if default is None:
        return None
    if abs(default) > _MAX_DEFAULT:
        node["default"].problem("default is beyond 2**53", "choose a smaller one")
    if agg in ("first", "last") and of is not None and of.type not in _NUMBERS:
        node["default"].problem(f"{agg} of {of.name} is text; a default is a number", "remove it, or use has()")
    return default


def _scale(node: Node, agg: str, of: Field | None, where: str, base_currency: str) -> int:
    unit = node.choice("unit", ("minor", "major"), "")
    if of is None:
        return 1
    numeric = agg in ("first", "last") or (agg in _NEEDS and _NEEDS[agg].arithmetic)
    if unit and (of.type != "money" or not numeric):
        node["unit"].problem(f"unit belongs to money; this is {agg} of {of.name}, {_a(of.type)}", "remove it")
    if of.type == "decimal" and numeric:
        return int(10**of.scale)
    if of.type != "money" or not numeric:
        return 1
    currency = base_currency if of.name == "base_amount" else currency_pinned(where)
    if not currency and (_NEEDS[agg].arithmetic or unit == "major"):
        message = f"{agg} of {of.name} would mix currencies"
        node["of"].problem(message, 'take base_amount, or state where: currency == "CNY"')
        return 1
    return int(10 ** EXPONENTS.get(currency, 0)) if unit == "major" else 1


_STRINGS = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_PIN = re.compile(r"currency\s*==\s*(?:\"([A-Z]{3})\"|'([A-Z]{3})')|(?:\"([A-Z]{3})\"|'([A-Z]{3})')\s*==\s*currency")


def currency_pinned(where: str) -> str:
    """The one currency that `where` admits: it is a conjunction with `currency == "X"`; "" when it is not."""
    hidden = _STRINGS.sub(lambda match: "s" * len(match[0]), where)  # same length, no operators inside
    depth, start, parts = 0, 0, []
    for index, char in enumerate(hidden):
        depth += (char in "([") - (char in ")]")
        if depth < 0:
            return ""
        if depth == 0 and (char == "?" or hidden.startswith("||", index)):
            return ""
        if depth == 0 and hidden.startswith("&&", index):
            parts.append(where[start:index])
            start = index + 2
    for part in (*parts, where[start:]):
        text = part.strip()
        if match := _PIN.fullmatch(text):
            code = next(group for group in match.groups() if group)
            return code if code in EXPONENTS else ""
        if text.startswith("(") and text.endswith(")") and (code := currency_pinned(text[1:-1])):
            return code
    return ""


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
