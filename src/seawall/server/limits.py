"""What a running engine's limits and switches are: declared, set, and in force for one entity and segment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seawall.engine.engine import Engine
from seawall.engine.lists import FOREVER
from seawall.engine.settings import ENTITY, SCOPES, SEGMENT, SettingDefinition
from seawall.engine.times import format_instant

Find = Callable[[str, str], str | None]  # (space, clear value) -> the surrogate of a sensitive key that has one


def settings_of(engine: Engine, prefix: str, at_ms: int, entity: str, segment: str, find: Find) -> list[dict[str, Any]]:
    """Every setting whose name begins with `prefix`, without it, in name order.

    `value` is what is in force at `at_ms` for an entity and segment in the clear ("": for everyone else), `entry` what
    gives it (None: the default). Money in minor units. Looking leaves no trace: no key gets a surrogate.
    """
    spaces = {
        field.name: field.space
        for kind in engine.policy.pack.events.values()
        for field in kind.fields.values()
        if field.pseudonymised
    }

    def carried(field: str, clear: str) -> str | None:
        """The value as events carry it; None where the setting has no such field or no event can have had it."""
        if not field or not clear:
            return None
        return find(spaces[field], clear) if field in spaces else clear

    found = []
    for name, definition in sorted(engine.settings.definitions.items()):
        if name.startswith(prefix):
            keys = carried(definition.entity, entity), carried(definition.segment, segment)
            found.append(_described(engine, name, definition, prefix, keys, at_ms))
    return found


def _described(
    engine: Engine,
    name: str,
    definition: SettingDefinition,
    prefix: str,
    keys: tuple[str | None, str | None],
    at_ms: int,
) -> dict[str, Any]:
    store = engine.settings
    entry = store.deciding(name, *keys, at_ms)
    counts = {scope: sum(len(kept) for kept in store.keys(name, scope).values()) for scope in SCOPES}
    return {
        "name": name.removeprefix(prefix),
        "title": dict(definition.title),
        "note": dict(definition.note) or None,
        "type": definition.type,
        "entity": definition.field_of(ENTITY) or None,
        "segment": definition.field_of(SEGMENT) or None,
        "default": definition.default,
        "entries": sum(counts.values()),
        "value": definition.default if entry is None else entry.value,
        "entry": None
        if entry is None
        else {
            "entry_id": entry.entry_id,
            "scope": entry.scope,
            "reason": entry.reason,
            "source": entry.source,
            "valid_from": format_instant(entry.valid_from) if entry.valid_from else None,
            "valid_until": None if entry.valid_until >= FOREVER else format_instant(entry.valid_until),
        },
    }
