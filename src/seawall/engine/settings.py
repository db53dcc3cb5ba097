"""Limits and switches: values people set while a policy runs, resolved for each event at its effective time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from seawall.engine.errors import EventError, StateError
from seawall.engine.lists import FOREVER
from seawall.engine.money import MAX_MINOR

LIMITS, SWITCHES = "limits.", "switches."  # a setting's name begins with one of them, as expressions write it
TYPES = ("money", "integer", "number")  # of limits; a switch is of the type "switch"
SWITCH = "switch"
ENTITY, SEGMENT, ALL = "entity", "segment", "all"
SCOPES = (ENTITY, SEGMENT, ALL)  # the first that has an entry decides
MAX_ENTRIES = 1_000_000
MAX_NUMBER = 1e15

Value = bool | int | float


@dataclass(frozen=True, slots=True)
class SettingDefinition:
    """A limit or switch as a pack declares it. `entity` and `segment` name the fields its entries may be for.

    `default` (None: missing) is in minor units of the base currency where the type is money.
    """

    name: str  # limits.NAME or switches.NAME
    type: str
    title: Mapping[str, str] = field(default_factory=dict, hash=False)
    entity: str = ""
    segment: str = ""
    default: Value | None = None
    note: Mapping[str, str] = field(default_factory=dict, hash=False)

    def field_of(self, scope: str) -> str:
        """The field whose values are the keys of a scope; "" where the scope has none."""
        return {ENTITY: self.entity, SEGMENT: self.segment}.get(scope, "")


class SettingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One journal record on a setting: added, replaced (same entry_id) or removed; valid at t when from <= t < until.

    `key` is a value of the event field `field`, as events carry it (a pseudonym where it is sensitive), "" for scope
    all; `type` is the setting's at admission; times in ms since 1970, UTC, valid_from 0: from this record on.
    """

    setting: str
    entry_id: str
    scope: str
    type: str
    value: bool | int | float
    reason: str
    source: str
    field: str = ""
    key: str = ""
    valid_from: int = 0
    valid_until: int = FOREVER
    removed: bool = False

    def holds(self, t: int) -> bool:
        """Whether it is valid at effective time t (ms)."""
        return self.valid_from <= t < self.valid_until


def check_setting(definition: SettingDefinition, entry: SettingEntry) -> None:
    """EventError, naming the field, where the entry breaks its setting's terms. For new records only."""
    if entry.scope not in SCOPES:
        raise EventError("scope", f"is one of {', '.join(SCOPES)}, not {entry.scope[:64]!r}")
    if entry.scope != ALL and not definition.field_of(entry.scope):
        raise EventError("scope", f"{entry.scope} is not declared for {definition.name}; the pack must name its field")
    if entry.scope == ALL and entry.key:
        raise EventError("key", "is for the scopes entity and segment; leave it out for all")
    if entry.scope != ALL and not entry.key:
        raise EventError("key", f"is required: the {definition.field_of(entry.scope)} that the limit is for")
    if not _is_value(definition.type, entry.value):
        raise EventError("value", f"is not {_WANTED[definition.type]}, as {definition.name} takes")
    if entry.valid_until <= entry.valid_from:
        raise EventError("valid_until", "is not after valid_from; give a later end")


def fits(definition: SettingDefinition | None, entry: SettingEntry) -> bool:
    """Whether an entry made under one policy still means the same under another policy's definition (None: gone)."""
    if definition is None or definition.type != entry.type:
        return False
    return entry.scope == ALL or definition.field_of(entry.scope) == entry.field


_WANTED = {
    "money": f"whole minor units from 0 to {MAX_MINOR:,}",
    "integer": f"a whole number from 0 to {MAX_MINOR:,}",
    "number": f"a number from 0 to {MAX_NUMBER:,.0f}",
    SWITCH: "true or false",
}


def _is_value(kind: str, value: Value) -> bool:
    if kind == SWITCH or isinstance(value, bool):
        return kind == SWITCH and isinstance(value, bool)
    if kind == "number":
        return isinstance(value, float) and 0 <= value <= MAX_NUMBER
    return isinstance(value, int) and 0 <= value <= MAX_MINOR


class Kept(NamedTuple):
    """An entry in the store and the sequence number of the record that brought it."""

    sequence: int
    entry: SettingEntry


_Keys = dict[str, list[Kept]]  # entries by key, newest first


class SettingStore:
    """The entries of every setting, as applied so far.

    Given the same records in the same order, two stores are equal. A setting without entries costs nothing.
    """

    def __init__(self, definitions: Iterable[SettingDefinition], max_entries: int = MAX_ENTRIES) -> None:
        self.definitions = {definition.name: definition for definition in definitions}
        self.max_entries = max_entries
        self.used: tuple[str, ...] = ()  # names of settings that have entries
        self._entries: dict[tuple[str, str], Kept] = {}
        self._places: dict[str, tuple[_Keys, _Keys, _Keys]] = {name: ({}, {}, {}) for name in self.definitions}

    def __len__(self) -> int:
        return len(self._entries)

    def apply(self, entry: SettingEntry, sequence: int) -> None:
        """Add, replace or remove one entry that record `sequence` brought.

        The same entry again changes nothing, not even which entry is the newest; removing an unknown one does neither.
        """
        if entry.setting not in self._places:
            raise StateError(f"unknown setting {entry.setting!r}; declare it in limits.yaml or switches.yaml")
        identity = (entry.setting, entry.entry_id)
        known = self._entries.get(identity)
        if known is not None and known.entry == entry:
            return
        if not entry.removed and known is None and len(self._entries) >= self.max_entries:
            raise StateError(f"the settings hold {self.max_entries:,} entries, the bound; remove some")
        self._discard(identity)
        if not entry.removed:
            kept = self._entries[identity] = Kept(sequence, entry)
            self._keys(entry.setting, entry.scope).setdefault(entry.key, []).insert(0, kept)
        self.used = tuple(name for name, scopes in self._places.items() if any(scopes))

    def keys(self, name: str, scope: str) -> Mapping[str, list[Kept]]:
        """The keys that have entries in a scope, each with its entries, newest first, valid or not."""
        return self._keys(name, scope)

    def deciding(self, name: str, entity: object, segment: object, t: int) -> SettingEntry | None:
        """The entry that decides at effective time t (ms) for an entity and segment (None: the event has none).

        That of the entity, else of the segment, else for all; of several in one scope the newest. None: the default.
        """
        for keys, key in zip(self._places[name], (entity, segment, ""), strict=True):
            if keys:
                for _, entry in keys.get(key, ()):  # type: ignore[call-overload]
                    if entry.valid_from <= t < entry.valid_until:
                        return entry  # type: ignore[no-any-return]
        return None

    def value(self, name: str, entity: object, segment: object, t: int) -> Value | None:
        """The value that holds then: of the deciding entry, else the default; None where it is missing."""
        entry = self.deciding(name, entity, segment, t)
        return self.definitions[name].default if entry is None else entry.value

    def __iter__(self) -> Iterator[Kept]:
        """Every entry, oldest first: what a snapshot keeps; applying them again gives an equal store."""
        return iter(sorted(self._entries.values(), key=lambda kept: kept.sequence))

    def _keys(self, name: str, scope: str) -> _Keys:
        return self._places[name][SCOPES.index(scope)]

    def _discard(self, identity: tuple[str, str]) -> None:
        kept = self._entries.pop(identity, None)
        if kept is None:
            return
        keys = self._keys(kept.entry.setting, kept.entry.scope)
        keys[kept.entry.key].remove(kept)
        if not keys[kept.entry.key]:
            del keys[kept.entry.key]
