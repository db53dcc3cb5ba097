"""links.yaml: what members share, and the features that read it."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.engine.event import EventType
from seawall.engine.feature.definition import Feature, Window
from seawall.engine.graph.definition import (
    BUCKETS,
    DEFAULT_HOPS,
    DISTANCE,
    GROWTH,
    KINDS,
    MAX_GROWTH_WINDOWS,
    MAX_HOPS,
    MAX_HUB,
    MAX_SHARED,
    SIZE,
    Links,
    SharedKey,
)
from seawall.engine.pack.events import Settings
from seawall.engine.pack.model import Place
from seawall.engine.pack.reader import Node, did_you_mean
from seawall.engine.pack.windows import MAX_WINDOW, read_window
from seawall.engine.times import DAY, HOUR

DEFAULT_HUB = 20
MAX_PERIOD = 30 * DAY  # unless stated
_MAX_DEFAULT = 2**53
_Places = dict[tuple[str, ...], Place]


def read_links(root: Node, settings: Settings, places: _Places) -> Links | None:
    """The links of a pack, with every problem noted; None where it has none."""
    if root.value is None or not root.members(("links",), ("links",), "links.yaml"):
        return None
    node = root["links"]
    if not node.members(("member", "within", "period", "shared", "marks"), ("member", "within", "shared"), "links"):
        return None
    member = node.known("member", _keys(settings.events), "key field")
    shared = _shared(node["shared"], member, settings, places)
    marked_by, marks = _marks(node["marks"], [member, *(one.key for one in shared)], settings)
    within = _span(node, "within", 0)
    period = _span(node, "period", min(within, MAX_PERIOD))
    if within and period > within:
        node["period"].problem("the period is longer than links last", "shorten it, or raise within")
    if not member or not shared or not within or not period:
        return None
    return Links(member, within, period, shared, marked_by, marks)


def _span(node: Node, key: str, default: int) -> int:
    span = node.duration(key, default)
    if span and not HOUR <= span <= MAX_WINDOW:
        node[key].problem(f"{key} must lie between 1h and 400d", "90d and a period of 30d are a good start")
        return 0
    if span % 1000:
        node[key].problem(f"{key} is not whole seconds", "links are seen to the second")
    return span


def _shared(root: Node, member: str, settings: Settings, places: _Places) -> tuple[SharedKey, ...]:
    found: dict[str, SharedKey] = {}
    items = root.items()
    if not 1 <= len(items) <= MAX_SHARED and root.value is not None:
        root.problem(f"members share 1 to {MAX_SHARED} keys, not {len(items)}", "keep the ones that identify")
    for node in items:
        if not node.members(("key", "on", "where", "hub", "title"), ("key", "on", "title"), "shared key"):
            continue
        key = node.known("key", _keys(settings.events), "key field")
        on = node.known_words("on", settings.events, "event type")
        if node.has("on") and not on:
            node["on"].problem("on names no event type", "name one")
        if key and key in (member, *found):
            node["key"].problem(f"{key} stands twice", "a key is the member's or shared, once")
            continue
        for source in on:
            for name in filter(None, (member, key)):
                if name not in _keys({source: settings.events[source]}):
                    node["on"].problem(f"{source} has no key {name}", f"leave it out, or add {name} to its fields")
        if key:
            places["link", key] = node.place
            where = node.expression("where") if node.has("where") else None
            if where is not None:
                places["link", key, "where"] = where.place
            hub = node.integer("hub", 2, MAX_HUB, DEFAULT_HUB)
            found[key] = SharedKey(key, on, hub, where.text if where is not None else "", node.title())
    return tuple(found.values())


def _marks(node: Node, keys: list[str], settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if node.value is None or not node.members(("labels", "keys"), ("labels", "keys"), "marks"):
        return (), ()
    labels = node.known_words("labels", settings.labels, "label")
    marks = node.known_words("keys", keys, "key of the links")
    for label in labels:
        for index, key in enumerate(marks):
            if key not in settings.labels[label].keys:
                hint = f"add it to the keys of label {label} in events.yaml"
                node["keys"][index].problem(f"label {label} does not carry {key}", hint)
    return tuple(f"label.{label}" for label in labels), marks


def _keys(events: Mapping[str, EventType]) -> set[str]:
    """Key fields, also derived ones, of some of the event types."""
    return {one.name for kind in events.values() for one in kind.columns().values() if one.type == "key"}


# --- features ---------------------------------------------------------------------------------------------------------

LINK_KEYS = ("name", "version", "title", "link", "entity", "by", "hops", "window", "current", "default")
LINK_REQUIRED = ("name", "version", "title", "link", "entity")


def read_link_feature(node: Node, name: str, links: Links | None, zone: str) -> Feature:
    """A feature of the links around an entity, with every problem noted."""
    kind = node.choice("link", KINDS)
    if links is None:
        node["link"].problem("the pack declares no links", "add links.yaml")
    entity = node.known("entity", links.keys, "key of the links") if links is not None else ""
    return Feature(
        name=name,
        version=node.integer("version", 1, 10_000, 1),
        entity=(entity,) if entity else (),
        window=_growth_window(node, kind, links, zone),
        include_current=node.choice("current", ("include", "exclude"), "") != "exclude",
        default=_default(node, kind),
        title=node.title(),
        link=kind,
        by=_by(node, kind, links),
        hops=_hops(node, kind),
    )


def check_growth(features: Mapping[str, Feature], node: Node) -> None:
    """Note where growth is asked for over too many different windows: each costs memory in every component."""
    windows = {one.window.last_ms for one in features.values() if one.link == GROWTH and one.window is not None}
    if len(windows) > MAX_GROWTH_WINDOWS:
        message = f"component_growth over {len(windows)} different windows; {MAX_GROWTH_WINDOWS} are the most"
        node.problem(message, "let features share windows")


def _growth_window(node: Node, kind: str, links: Links | None, zone: str) -> Window | None:
    if kind != GROWTH:
        if node.has("window"):
            node["window"].problem(
                f"{kind or 'a link feature'} has no window", "links last as links.yaml says: remove it"
            )
        return None
    if not node.has("window"):
        node.problem("component_growth needs window", "window: {last: 24h}")
        return None
    window = read_window(node["window"], zone)
    if window is None:
        return None
    if window.calendar:
        node["window"].problem("component_growth has a sliding window", "window: {last: 24h}")
        return None
    if window.last_ms % (1000 * BUCKETS):
        node["window"].problem(f"the window is not {BUCKETS} buckets of whole seconds", "take whole hours")
    if links is not None and window.last_ms > links.period_ms:
        message = "the window is longer than the period of components"
        node["window"].problem(message, "shorten it, or raise period in links.yaml")
    return window


def _by(node: Node, kind: str, links: Links | None) -> tuple[str, ...]:
    if not node.has("by"):
        return ()
    if kind in (SIZE, GROWTH):
        node["by"].problem("a component is by all shared keys", "remove by")
        return ()
    shared = [one.key for one in links.shared] if links is not None else []
    by = node.known_words("by", shared, "shared key")
    if not node["by"].value:
        node["by"].problem("by names no shared key", did_you_mean("", shared) or "name one")
    return by


def _hops(node: Node, kind: str) -> int:
    if kind != DISTANCE:
        if node.has("hops"):
            node["hops"].problem("hops belongs to distance", "remove it")
        return 0
    return node.integer("hops", 1, MAX_HOPS, DEFAULT_HOPS)


def _default(node: Node, kind: str) -> int | None:
    """What stands for "nothing marked is near"; every other kind has a value always."""
    default = node.number("default")
    if default is None:
        return None
    if kind != DISTANCE:
        node["default"].problem("default belongs to distance", "remove it: without links the value is a number, too")
    if not isinstance(default, int) or abs(default) > _MAX_DEFAULT:
        node["default"].problem("default is not a whole number up to 2**53", "9 reads well: further than any hops")
        return None
    return default
