"""Allow, deny and watch lists: entries with a validity, looked up by key at an effective time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from seawall.engine.errors import EventError, StateError
from seawall.engine.times import format_duration

LIST_KINDS = ("allow", "deny", "watch")
MAX_ENTRIES = 2_000_000
FOREVER = 2**62  # valid_until of an entry that has no end


@dataclass(frozen=True, slots=True)
class ListDefinition:
    """A list and what its entries must satisfy. `legal`: required by law, so that no allow entry lifts its outcome."""

    name: str
    kind: str
    key: str
    title: Mapping[str, str] = field(default_factory=dict, hash=False)
    four_eyes: bool = False
    max_validity_ms: int = 0  # 0: entries may be open-ended
    outcome: str = ""
    reason: str = ""
    legal: bool = False


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One journal record on a list: added, replaced (same entry_id) or removed; valid at t when from <= t < until.

    `key` is the value as events carry it (a pseudonym where the key is sensitive); times in ms since 1970, UTC.
    """

    list: str
    entry_id: str
    key: str
    reason: str
    owner: str
    valid_from: int
    valid_until: int = FOREVER
    removed: bool = False
    approved_by: str = ""


def check_entry(definition: ListDefinition, entry: ListEntry) -> None:
    """EventError when the entry breaks its list's terms. For new records: history applies as it was journaled."""
    if entry.valid_until <= entry.valid_from:
        raise EventError("valid_until", "is not after valid_from; give a later end")
    if definition.four_eyes and not entry.approved_by:
        raise EventError("approved_by", f"is required: list {definition.name} needs a second person's approval")
    if definition.four_eyes and entry.approved_by == entry.owner:
        raise EventError("approved_by", f"is the maker {entry.owner!r}; another person must approve")
    bound = definition.max_validity_ms
    if bound and not entry.removed and entry.valid_until - entry.valid_from > bound:
        limit = format_duration(bound)
        raise EventError("valid_until", f"is more than {limit} after valid_from, the bound of list {definition.name}")


class ListStore:
    """The entries of every list, as applied so far.

    `hits` costs one look-up for a key on no list. Given the same records in the same order, two stores are equal.
    """

    def __init__(self, definitions: Iterable[ListDefinition], max_entries: int = MAX_ENTRIES) -> None:
        self.definitions = {definition.name: definition for definition in definitions}
        self.max_entries = max_entries
        self._entries: dict[tuple[str, str], ListEntry] = {}
        self._by_key: dict[str, dict[str, list[ListEntry]]] = {name: {} for name in self.definitions}

    def __len__(self) -> int:
        return len(self._entries)

    def declare(self, names: Iterable[str]) -> None:
        """Take entries of these lists too."""
        for name in names:
            self._by_key.setdefault(name, {})

    def apply(self, entry: ListEntry) -> None:
        """Add, replace or remove one entry. Removing an unknown entry changes nothing (it may have expired)."""
        if entry.list not in self._by_key:
            raise StateError(f"unknown list {entry.list!r}; declare it in lists.yaml")
        identity = (entry.list, entry.entry_id)
        if not entry.removed and identity not in self._entries and len(self._entries) >= self.max_entries:
            raise StateError(f"the lists hold {self.max_entries:,} entries, the bound; expire or remove some")
        self._discard(identity)
        if entry.removed:
            return
        self._entries[identity] = entry
        kept = self._by_key[entry.list].setdefault(entry.key, [])
        kept.append(entry)
        kept.sort(key=_entry_id)

    def hits(self, name: str, key: str, t: int) -> list[str]:
        """Sorted entry ids on the list for the key that are valid at effective time t (ms)."""
        kept = self._by_key[name].get(key)
        if kept is None:
            return []
        return [entry.entry_id for entry in kept if entry.valid_from <= t < entry.valid_until]

    def keys(self, name: str) -> Mapping[str, list[ListEntry]]:
        """The keys on a list with their entries, valid or not."""
        return self._by_key[name]

    def expire(self, t: int) -> int:
        """Forget entries that ended at or before t; effective time never goes back, so no answer changes. Count."""
        ended = [identity for identity, entry in self._entries.items() if entry.valid_until <= t]
        for identity in ended:
            self._discard(identity)
        return len(ended)

    def __iter__(self) -> Iterator[ListEntry]:
        """Every entry, by list and entry id: what a snapshot keeps; applying them again gives an equal store."""
        return iter([self._entries[identity] for identity in sorted(self._entries)])

    def _discard(self, identity: tuple[str, str]) -> None:
        entry = self._entries.pop(identity, None)
        if entry is None:
            return
        keys = self._by_key[entry.list]
        keys[entry.key].remove(entry)
        if not keys[entry.key]:
            del keys[entry.key]


def _entry_id(entry: ListEntry) -> str:
    return entry.entry_id
