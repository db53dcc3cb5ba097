"""Limits and switches over columns: the value of each row, by the same rules as `SettingStore.value`."""

from __future__ import annotations

import numpy as np

from .columns import MISSING, Block, Ints, TextColumn
from .language import Type
from .policy import CompiledPolicy
from .settings import ALL, ENTITY, SEGMENT, Kept, SettingStore, Value


def fill_settings(rows: Ints, block: Block, times: Ints, policy: CompiledPolicy, store: SettingStore) -> None:
    """Put the values of all settings that the policy reads into their slots; `times` are effective, ascending."""
    for name, look in policy.settings.items():
        definition = store.definitions[name]
        target = rows[:, look.slot]
        target[:] = _word(definition.default, look.type)
        if name not in store.used:
            continue
        for_all = store.keys(name, ALL).get("")
        if for_all:
            _override(target, np.arange(len(times)), times, for_all, look.type)
        for scope in (SEGMENT, ENTITY):
            column = block.columns.get(definition.field_of(scope))
            if isinstance(column, TextColumn):
                keys = store.keys(name, scope)
                order = np.argsort(column.codes, kind="stable")
                codes = [code for code in column.used() if column.texts[code] in keys] if keys else []
                starts, stops = (np.searchsorted(column.codes[order], codes, side) for side in ("left", "right"))
                for code, start, stop in zip(codes, starts, stops, strict=True):
                    _override(target, order[start:stop], times, keys[column.texts[code]], look.type)


def _override(target: Ints, chosen: Ints, times: Ints, entries: list[Kept], kind: Type) -> None:
    """Where one of the entries (newest first) holds at the time of a chosen row, its value."""
    edges = sorted({bound for kept in entries for bound in (kept.entry.valid_from, kept.entry.valid_until)})
    found = [next((one.entry for one in entries if one.entry.holds(edge)), None) for edge in edges]
    words = np.array([0, *(0 if entry is None else _word(entry.value, kind) for entry in found)], np.int64)
    holds = np.array([False, *(entry is not None for entry in found)], bool)
    spans = np.searchsorted(np.array(edges, np.int64), times[chosen], side="right")
    held = holds[spans]
    target[chosen[held]] = words[spans[held]]


def _word(value: Value | None, kind: Type) -> int:
    """A value as rows hold it."""
    if kind is Type.DOUBLE:
        return int(np.float64(np.nan if value is None else value).view(np.int64))
    return MISSING if value is None else int(value)
