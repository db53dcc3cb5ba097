"""What a home's policy lets the simulator say: an older pack does not know the fields of a newer release."""

from __future__ import annotations

from seawall.engine.journal import Journal
from seawall.server.home import Home
from seawall.server.packs import PackShelf
from seawall.server.recovery import activations
from seawall.server.snapshots import Snapshots
from seawall.simulator import FIELDS

_IMPLIED = {"event_id", "type", "event_time"}


def known_fields(home: Home) -> list[str]:
    """Fields of the simulator that the pack which decides declares wherever they are sent; [] before one decides."""
    with Journal(home.journal, read_only=True) as journal:
        found = activations(journal, Snapshots(home.snapshots))
        if not found:
            return []
        events = PackShelf(journal, home.cache).policy(found[-1].digest).pack.events
    return [
        field.name
        for field in FIELDS
        if field.name in _IMPLIED or all(field.name in events[kind].fields for kind in field.kinds if kind in events)
    ]
