"""Reading limits and switches: what is declared, what is in force, what was set, who asked for what."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from seawall.apps.errors import UnknownError
from seawall.apps.limits.declared import definition, definitions, is_switch
from seawall.apps.limits.models import Change, Entry
from seawall.engine.settings import ALL, SWITCHES, SettingDefinition

MOST_CHANGES = 50
MOST_ENTRIES = 50


@dataclass(frozen=True)
class Shown:
    """A limit or switch of the active policy. `value` is in force for everyone else, `entry` what gives it."""

    name: str
    definition: SettingDefinition
    value: Any
    entry: Entry | None
    entries: int

    @property
    def is_switch(self) -> bool:
        """Whether it is a switch."""
        return is_switch(self.name)


@dataclass(frozen=True)
class On:
    """A switch that is on, and who turned it on where that was done here."""

    name: str
    entry: Entry
    change: Change | None


def now_ms() -> int:
    """The time that validity is judged at, in ms."""
    return time.time_ns() // 1_000_000


def settings() -> list[Shown]:
    """Everything the active policy declares: switches first, then limits, in the pack's order."""
    declared = definitions()
    counts = dict(Entry.objects.filter(current=True).values_list("setting").annotate(n=Count("sequence")))
    for_all = _for_all()
    found = []
    for name, one in declared.items():
        entry = for_all.get(name)
        found.append(Shown(name, one, one.default if entry is None else entry.value, entry, counts.get(name, 0)))
    return sorted(found, key=lambda shown: not shown.is_switch)


def setting(name: str) -> Shown:
    """One of them. UnknownError."""
    one = definition(name)
    entry = _deciding(Entry.objects.filter(setting=name, scope=ALL, current=True))
    count = Entry.objects.filter(setting=name, current=True).count()
    return Shown(name, one, one.default if entry is None else entry.value, entry, count)


def entries() -> QuerySet[Entry]:
    """Every entry the journal has, current or not."""
    return Entry.objects.all()


def current_entries(name: str) -> list[Entry]:
    """The newest current entries of a setting."""
    return list(Entry.objects.filter(setting=name, current=True).order_by("-sequence")[:MOST_ENTRIES])


def in_force(declared: SettingDefinition, scope: str, key: str) -> Any:
    """What a scope's own entry says now, else what holds for all, else the default."""
    rows = Entry.objects.filter(setting=declared.name, current=True)
    own = _deciding(rows.filter(scope=scope, key=key)) if scope != ALL else None
    entry = own or _deciding(rows.filter(scope=ALL))
    return declared.default if entry is None else entry.value


def switches_on() -> list[On]:
    """The switches that are on by an entry, for the banner: one query while none is."""
    found = [entry for name, entry in _for_all(SWITCHES).items() if entry.value is True]
    if not found:
        return []
    declared = definitions()
    ids = [_change_id(entry.source) for entry in found]
    changes = Change.objects.select_related("maker").in_bulk([one for one in ids if one])
    return [
        On(one.setting, one, changes.get(key)) for one, key in zip(found, ids, strict=True) if one.setting in declared
    ]


def changes_of(name: str) -> list[Change]:
    """What people asked for on one setting, the newest first."""
    rows = Change.objects.filter(setting=name).select_related("maker", "checker", "request")
    return list(rows.order_by("-created_at", "-id")[:MOST_CHANGES])


def change(change_id: UUID) -> Change:
    """One change. UnknownError."""
    found = Change.objects.select_related("maker", "checker").filter(pk=change_id).first()
    if found is None:
        raise UnknownError(_("There is no such change."))
    return found


def _for_all(prefix: str = "") -> dict[str, Entry]:
    """The deciding entry for all of each setting that has one."""
    rows = Entry.objects.filter(current=True, scope=ALL)
    rows = rows.filter(setting__startswith=prefix) if prefix else rows
    at, found = now_ms(), dict[str, Entry]()
    for row in rows.order_by("-sequence"):
        if row.setting not in found and row.holds(at):
            found[row.setting] = row
    return found


def _deciding(rows: QuerySet[Entry]) -> Entry | None:
    at = now_ms()
    return next((row for row in rows.order_by("-sequence").iterator() if row.holds(at)), None)


def _change_id(source: str) -> UUID | None:
    """The change that an entry came from, where it was made in the console."""
    try:
        return UUID(source.removeprefix("console:")) if source.startswith("console:") else None
    except ValueError:
        return None
