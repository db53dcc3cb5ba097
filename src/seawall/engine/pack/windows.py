"""The span of a feature: window, offset and resolution."""

from __future__ import annotations

from seawall.engine.feature.definition import CALENDARS, EXACT, Window, default_resolution
from seawall.engine.pack.reader import Node
from seawall.engine.times import DAY, format_duration

MAX_WINDOW = 400 * DAY
_LONG_EXACT = 90 * DAY


def read_window(node: Node, zone: str) -> Window | None:
    """{last: 24h} or {calendar: day, zone}; None, with a problem, when it is neither."""
    if node.value is None or not node.members(("last", "calendar", "zone"), (), "window"):
        return None
    if node.has("last") == node.has("calendar"):
        node.problem("a window is either sliding or calendar", "{last: 24h} or {calendar: day}")
        return None
    if node.has("calendar"):
        calendar = node.choice("calendar", CALENDARS)
        return Window(calendar=calendar, zone=node.zone("zone", zone)) if calendar else None
    if node.has("zone"):
        node["zone"].problem("a sliding window has no zone", "remove it")
    last = node.duration("last")
    if last > MAX_WINDOW:
        node["last"].problem("window is longer than 400d", "shorten it")
    return Window(last_ms=last) if last else None


def read_offset(node: Node) -> int:
    """Milliseconds by which the feature's window ends before the event."""
    offset = node.duration("offset")
    if offset > MAX_WINDOW:
        node["offset"].problem("offset is longer than 400d", "shorten it")
    return offset


def read_resolution(node: Node, window: Window | None, offset: int) -> int:
    """The hop in milliseconds: as stated, else the default; it divides the window and the offset."""
    asked = node["resolution"]
    exact = asked.value == "exact"
    if window is not None and window.calendar and asked.value is not None and not exact:
        asked.problem("a calendar window is exact", "remove resolution")
    if window is None or window.calendar:
        return EXACT
    if exact:
        if window.last_ms > _LONG_EXACT:
            hint = "state a resolution such as 1h, if its values suffice"
            asked.problem("an exact window beyond 90d keeps every event that long", hint, severity="warning")
        return EXACT
    hop = node.duration("resolution") or default_resolution(window.last_ms)
    place = asked if asked.value is not None else node["window"]
    named = f"resolution {format_duration(hop)}"
    if hop > window.last_ms:
        place.problem(f"{named} is longer than the window", "shorten it, or write exact")
    elif window.last_ms % hop:
        place.problem(f"{named} does not divide the window", "choose one that does, or write exact")
    if offset % hop:
        node["offset"].problem(f"{named} does not divide the offset", "choose one that does, or write exact")
    return hop
