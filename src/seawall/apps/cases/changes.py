"""What ledger entries say that was changed of an alert or case, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.words import action_word, actor_title, field_title
from seawall.apps.cases.models import Queue
from seawall.apps.cases.severity import severity_name
from seawall.apps.cases.states import ALERT_STATES, CASE_STATES
from seawall.console import formatting
from seawall.console.words import SEVERITIES, Text, Word

_STATES: Mapping[str, Mapping[str, Word]] = {"alert": ALERT_STATES, "case": CASE_STATES}
_ROWS: Mapping[str, Any] = {"assignee": User, "queue": Queue}


def changes_of(entry: Outbox, only: Iterable[str] = ()) -> Iterator[tuple[Text, Text, Text]]:
    """(field, before, after) of an entry in words; an entry that changed no field of the record names what was done."""
    wanted = set(only)
    changed = entry.data.get("changed", {})
    for name, (old, new) in changed.items():
        if not wanted or name in wanted:
            yield field_title(name), *(_value(entry.object_type, name, one) for one in (old, new))
    if not changed and not wanted:
        yield action_word(entry.action).title, formatting.MISSING, formatting.when(entry.created_at)


def described(entry: Outbox) -> str:
    """An entry as part of a sentence: who, what, which fields."""
    fields = [f"{name} {old} → {new}" for name, old, new in changes_of(entry)] if entry.data.get("changed") else []
    said = f"{actor_title(entry.actor)}: {action_word(entry.action).title}"
    return f"{said} ({', '.join(fields)})" if fields else said


def _value(kind: str, name: str, value: object) -> Text:
    if value is None or value == "":
        return formatting.MISSING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "severity" and isinstance(value, int):
        return SEVERITIES[severity_name(value)].title
    if name == "state" and str(value) in _STATES.get(kind, {}):
        return _STATES[kind][str(value)].title
    if name in _ROWS:
        row = _ROWS[name].objects.filter(pk=UUID(str(value)) if name == "assignee" else value).first()
        return str(row) if row else str(value)
    return str(value)
