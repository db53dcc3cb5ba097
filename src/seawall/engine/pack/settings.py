"""limits.yaml and switches.yaml: values people set while a policy runs, and what they may be set for."""

from __future__ import annotations

from seawall.engine.event import ADDED, IMPLIED
from seawall.engine.money import EXPONENTS, MoneyError, parse_major
from seawall.engine.pack.events import Settings
from seawall.engine.pack.model import Place
from seawall.engine.pack.reader import Node
from seawall.engine.settings import LIMITS, MAX_NUMBER, SWITCH, SWITCHES, TYPES, SettingDefinition, Value

MAX_SETTINGS = 500
_LIMIT = ("title", "type", "entity", "segment", "default", "note")
_SWITCH = ("title", "default", "note")
_Places = dict[tuple[str, ...], Place]


def read_settings(limits: Node, switches: Node, events: Settings, places: _Places) -> dict[str, SettingDefinition]:
    """Limits and switches by their full names, limits.NAME and switches.NAME, with every problem noted."""
    found: dict[str, SettingDefinition] = {}
    for name, node in _named(limits, "limits", LIMITS, places):
        if node.members(_LIMIT, ("title", "type"), "limit"):
            found[name] = _limit(name, node, events)
    for name, node in _named(switches, "switches", SWITCHES, places):
        if node.members(_SWITCH, ("title",), "switch"):
            note = node.title("note")
            found[name] = SettingDefinition(name, SWITCH, node.title(), default=node.boolean("default"), note=note)
    return found


def _named(root: Node, key: str, prefix: str, places: _Places) -> list[tuple[str, Node]]:
    """The members under `key` whose names are good, with their full names."""
    if root.value is None or not root.members((key,), (key,), f"{key}.yaml"):
        return []
    members = list(root[key].entries())
    if len(members) > MAX_SETTINGS:
        root[key].problem(f"{len(members)} {key}; a pack may have {MAX_SETTINGS}", "split the pack")
    found = []
    for word, node in members:
        if node.as_name(f"name of {key}", word):
            places["setting", prefix + word] = node.place
            found.append((prefix + word, node))
    return found


def _limit(name: str, node: Node, events: Settings) -> SettingDefinition:
    kind = node.choice("type", TYPES)
    return SettingDefinition(
        name=name,
        type=kind or TYPES[0],
        title=node.title(),
        entity=node.known("entity", _fields(events, ("key",)), "entity key"),
        segment=node.known("segment", _fields(events, ("key", "code")), "key or code field"),
        default=_default(node, kind, EXPONENTS[events.base_currency]),
        note=node.title("note"),
    )


def _fields(events: Settings, types: tuple[str, ...]) -> set[str]:
    """Fields, also derived ones, that some event type carries in the clear or as a pseudonym."""
    columns = (one for kind in events.events.values() for one in kind.columns().values())
    implied = {*IMPLIED, *ADDED}
    return {one.name for one in columns if one.type in types and not one.sealed and one.name not in implied}


def _default(node: Node, kind: str, exponent: int) -> Value | None:
    """The value without any entry: of money as text in major units, like the language's money("50000")."""
    value = node["default"].value
    if value is None or not kind:
        return None
    if kind == "money":
        if not isinstance(value, str):
            node["default"].problem(
                "a default of money is text in major units", f'write "{value}" for money("{value}")'
            )
            return None
        try:
            minor = parse_major(value, exponent)
        except MoneyError as error:
            node["default"].problem(f"default {value[:64]!r} {error}")
            return None
        if minor < 0:
            node["default"].problem("a limit is 0 or more")
        return minor
    if kind == "integer":
        return node.integer("default", 0, 10**15)
    number = node.number("default")
    if number is None or not 0 <= number <= MAX_NUMBER:
        node["default"].problem(f"default must lie between 0 and {MAX_NUMBER:,.0f}")
        return None
    return float(number)
