"""Telling people: rows that My work shows until they are read."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.cases.models import Case, Notification
from seawall.apps.cases.scopes import may_see

Kind = Notification.Kind


def notify(people: Iterable[User | None], kind: Kind, case: Case, by: User | None = None) -> int:
    """Tell each of them once, leaving out whoever caused it and whoever may not see the case; returns how many."""
    told = {one.pk: one for one in people if one is not None and (by is None or one.pk != by.pk)}
    rows = [Notification(person=one, kind=kind, case=case, by=by) for one in told.values() if may_see(one, case)]
    Notification.objects.bulk_create(rows)
    return len(rows)


def mark_read(user: User, notification_id: UUID | None = None) -> int:
    """Mark one of one's own notifications as read, or all of them; returns how many were not before."""
    rows = Notification.objects.filter(person=user, read_at=None)
    if notification_id is not None:
        rows = rows.filter(pk=notification_id)
    return rows.update(read_at=timezone.now())
