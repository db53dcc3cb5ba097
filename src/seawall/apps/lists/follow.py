"""Entries from the journal into the room's table, in the follower's transaction: those of other ways, too."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from seawall.apps.accounts.models import User
from seawall.apps.decisions.archive import archive
from seawall.apps.decisions.models import ListRow
from seawall.apps.decisions.registry import SettingRecord, register_list_follower, register_setting_follower
from seawall.apps.lists.models import Entry
from seawall.apps.lists.states import ACTION, ACTIVE, API, EXPIRED, REMOVED
from seawall.engine.journal import ActivationRecord
from seawall.engine.lists import FOREVER
from seawall.engine.pack import Pack

_KEPT = ["key", "kind", "reason", "owner", "approved_by", "valid_from", "valid_until", "state", "sequence", "sealed",
         "problem", "ended_at", "told_at"]  # fmt: skip
_BATCH = 500


def follow(rows: Sequence[ListRow]) -> None:
    """Records of lists in their order; the newest of an entry counts."""
    newest = {(row.list, row.entry_id): row for row in rows}
    people = _people(row.owner for row in newest.values())
    at = time.time_ns() // 1_000_000
    made = [_entry(row, at, people) for row in newest.values()]
    Entry.objects.bulk_create(
        made, batch_size=_BATCH, update_conflicts=True, unique_fields=["list", "entry_id"], update_fields=_KEPT
    )


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


def _entry(row: ListRow, at: int, people: dict[str, User]) -> Entry:
    until = FOREVER if row.valid_until is None else row.valid_until
    state = REMOVED if row.removed else EXPIRED if until <= at else ACTIVE
    is_action = row.entry_id.startswith("action-")
    return Entry(
        list=row.list, entry_id=row.entry_id, kind=row.kind, key=row.key, reason=row.reason, owner=row.owner,
        approved_by=row.approved_by, valid_from=row.valid_from, valid_until=until, state=state, sequence=row.sequence,
        source=ACTION if is_action else API, source_ref=row.entry_id.removeprefix("action-")[:80] if is_action else "",
        author=people.get(row.owner), ended_at=None if state == ACTIVE else datetime.now(UTC),
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
