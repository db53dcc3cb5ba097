"""The entries of every limit and switch on a sequence, whichever policy declares them; a store for each declaration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from .settings import Kept, SettingDefinition, SettingEntry, SettingStore, fits


class SettingLog:
    """What the sequence has set. Stores made by `store` follow; policies with equal declarations share one."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Kept] = {}
        self._stores: list[SettingStore] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Kept]:
        """Every entry, oldest first: what a snapshot keeps; applying them again gives an equal log."""
        return iter(sorted(self._entries.values(), key=lambda kept: kept.sequence))

    def apply(self, entry: SettingEntry, sequence: int) -> None:
        """Add, replace or remove the entry that record `sequence` brought; the same entry again changes nothing."""
        identity = (entry.setting, entry.entry_id)
        known = self._entries.get(identity)
        if known is not None and known.entry == entry:
            return
        if entry.removed:
            self._entries.pop(identity, None)
        else:
            self._entries[identity] = Kept(sequence, entry)
        for store in self._stores:
            definition = store.definitions.get(entry.setting)
            if definition is not None:  # where it does not fit, it ends the entry that it replaces
                is_fitting = fits(definition, entry)
                store.apply(entry if is_fitting else msgspec.structs.replace(entry, removed=True), sequence)

    def store(self, definitions: Mapping[str, SettingDefinition]) -> SettingStore:
        """The entries that fit these declarations, now and from now on."""
        wanted = dict(definitions)
        found = next((store for store in self._stores if store.definitions == wanted), None)
        if found is None:
            found = SettingStore(wanted.values())
            for sequence, entry in self:
                if fits(wanted.get(entry.setting), entry):
                    found.apply(entry, sequence)
            self._stores.append(found)
        return found

    def keep(self, stores: list[SettingStore]) -> None:
        """Only these stores follow from now on."""
        self._stores = [store for store in self._stores if any(store is one for one in stores)]
