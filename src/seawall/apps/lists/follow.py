"""Entries from the journal into the room's table, in the follower's transaction: those of other ways, too."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from seawall.apps.accounts.models import User
from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import ListRow
from seawall.apps.decisions.registry import SettingRecord, register_list_follower, register_setting_follower
from seawall.apps.lists import bulk
from seawall.apps.lists.models import Entry
from seawall.apps.lists.origin import origin
from seawall.apps.lists.states import ACTIVE, EXPIRED, REMOVED
from seawall.engine.journal import ActivationRecord
from seawall.engine.lists import FOREVER
from seawall.engine.pack import Pack

_COLUMNS = ("list", "entry_id", "kind", "key", "reason", "owner", "approved_by", "valid_from", "valid_until",
            "quiet_since", "state", "sequence", "source", "source_ref", "author_id", "ended_at")  # fmt: skip
_KEPT = ["key", "kind", "reason", "owner", "approved_by", "valid_from", "valid_until", "state", "sequence", "sealed",
         "problem", "ended_at", "told_at"]  # fmt: skip
# A row that an import has written whole, or that bears a newer record, stays; one without its key waits for it.
_IS_BEHIND = "{table}.sequence IS NULL OR {table}.sequence < excluded.sequence OR {table}.batch_id IS NULL"
_IS_BEHIND += " OR {table}.key = ''"


def follow(rows: Sequence[ListRow]) -> None:
    """Records of lists in their order; the newest of an entry counts."""
    newest = {(row.list, row.entry_id): row for row in rows}
    people = _people(row.owner for row in newest.values())
    at = time.time_ns() // 1_000_000
    ended = datetime.fromtimestamp(at / 1000, UTC)
    made = [_entry(row, at, ended, people) for row in newest.values()]
    bulk.upsert(_COLUMNS, made, {}, _KEPT, _IS_BEHIND)


def follow_policy(records: Sequence[SettingRecord], pack: Pack | None) -> None:
    """A change of policy drops the entries of lists that it no longer declares, as the engine does."""
    for _sequence, record in records:
        if isinstance(record, ActivationRecord):
            declared = set(archive().policy(record.digest).pack.lists)
            known = set(Entry.objects.order_by().values_list("list", flat=True).distinct())
            gone = Entry.objects.filter(list__in=known - declared, state=ACTIVE)
            gone.update(state=REMOVED, ended_at=datetime.fromtimestamp(record.at / 1000, UTC))


def register() -> None:
    """Have the follower of the journal hand over what is the room's."""
    register_list_follower(follow)
    register_setting_follower(follow_policy)


def _entry(row: ListRow, at: int, ended: datetime, people: dict[str, User]) -> tuple[Any, ...]:
    until = FOREVER if row.valid_until is None else row.valid_until
    state = REMOVED if row.removed else EXPIRED if until <= at else ACTIVE
    author = people.get(row.owner)
    return (
        row.list, row.entry_id, row.kind, row.key, row.reason, row.owner, row.approved_by, row.valid_from, until,
        row.valid_from, state, row.sequence, *origin(row.entry_id), author.pk if author else None,
        None if state == ACTIVE else ended,
    )  # fmt: skip


def _people(owners: object) -> dict[str, User]:
    """The people whom the journal names as owners."""
    found: dict[str, UUID] = {}
    for owner in set(owners):  # type: ignore[call-overload]
        try:
            found[owner] = UUID(owner.removeprefix("user:"))
        except ValueError:
            continue
    users = User.objects.in_bulk(list(found.values())) if found else {}
    return {owner: users[key] for owner, key in found.items() if key in users}
