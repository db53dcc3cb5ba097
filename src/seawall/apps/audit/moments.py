"""Ledger entries as lines of a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.words import action_word, actor_title
from seawall.console.pages import Moment


def moments_of(entries: Iterable[Outbox]) -> list[Moment]:
    """Each entry with its words and who caused it, in the order given; one query for the names of all."""
    rows = list(entries)
    names = people_of(rows)
    return [moment_of(one, names) for one in rows]


def moment_of(entry: Outbox, people: Mapping[str, str], text: str = "") -> Moment:
    """One entry; `people` as of `people_of`. The system's own doing has no name beside it."""
    one = action_word(entry.action)
    by = "" if entry.actor == "system" else str(actor_title(entry.actor, people))
    return Moment(entry.created_at, one.title, text, by, one.icon, one.tone, entry.ledger_index)


def people_of(entries: Iterable[Outbox]) -> dict[str, str]:
    """`user:ID` → name of the people who caused some entries, in one query."""
    keys = {one.actor.removeprefix("user:") for one in entries if one.actor.startswith("user:")}
    return {f"user:{one.pk}": str(one) for one in User.objects.filter(pk__in=[UUID(key) for key in keys])}
