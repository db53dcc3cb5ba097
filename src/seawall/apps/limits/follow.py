"""Entries from the journal into the room's table, in the follower's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.registry import register_setting_follower
from seawall.apps.limits.models import Entry
from seawall.engine.journal import ActivationRecord
from seawall.engine.lists import FOREVER
from seawall.engine.pack import Pack
from seawall.engine.settings import SettingEntry, fits


def follow(records: Sequence[tuple[int, SettingEntry | ActivationRecord]], pack: Pack | None) -> None:
    """Records in their order; `pack` is what was active before them. Nothing waits for anything outside."""
    for sequence, record in records:
        if isinstance(record, ActivationRecord):
            pack = archive().policy(record.digest).pack
            _carry(pack)
        else:
            _add(sequence, record, pack)


def register() -> None:
    """Have the follower of the journal hand over what is the room's."""
    register_setting_follower(follow)


def _add(sequence: int, entry: SettingEntry, pack: Pack | None) -> None:
    known = Entry.objects.filter(setting=entry.setting, entry_id=entry.entry_id, current=True).first()
    made = _row(sequence, entry, pack)
    if known is not None and _same(known, made):
        return  # the same record came twice: the engine keeps its place, too
    if known is not None:
        known.current = False
        known.save(update_fields=["current"])
    made.save(force_insert=True)


def _carry(pack: Pack) -> None:
    """A change of policy drops the entries of settings that it no longer declares alike, as the engine does."""
    for row in Entry.objects.filter(current=True).order_by("sequence").iterator():
        entry = SettingEntry(
            setting=row.setting, entry_id=row.entry_id, scope=row.scope, type=row.type, value=row.value,
            reason=row.reason, source=row.source, field=row.field, key=row.key,
        )  # fmt: skip
        if not fits(pack.settings.get(row.setting), entry):
            row.current = False
            row.save(update_fields=["current"])


def _row(sequence: int, entry: SettingEntry, pack: Pack | None) -> Entry:
    kinds = [kind.fields[entry.field] for kind in pack.events.values() if entry.field in kind.fields] if pack else []
    is_entity = entry.scope == "entity" and bool(kinds)
    return Entry(
        sequence=sequence, setting=entry.setting, entry_id=entry.entry_id, scope=entry.scope, field=entry.field,
        kind=(kinds[0].space or kinds[0].name) if is_entity else "", key=entry.key, type=entry.type, value=entry.value,
        valid_from=entry.valid_from, valid_until=None if entry.valid_until >= FOREVER else entry.valid_until,
        reason=entry.reason, source=entry.source, removed=entry.removed, current=not entry.removed,
    )  # fmt: skip


def _same(one: Entry, other: Entry) -> bool:
    names = ("scope", "field", "key", "type", "value", "valid_from", "valid_until", "reason", "source", "removed")
    return all(getattr(one, name) == getattr(other, name) for name in names)
