"""What time does to entries: they end in the engine by themselves; here their state follows, and authors are told."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.lists.models import Entry
from seawall.apps.lists.states import ACTIVE, step

SOON = timedelta(days=7)
BATCH = 5_000


def expire(now: datetime | None = None) -> int:
    """Mark what has ended; how many. One ledger entry a list and batch."""
    at, total = now or timezone.now(), 0
    limit = int(at.timestamp() * 1000)
    while True:
        with transaction.atomic():
            due = Entry.objects.select_for_update().filter(state=ACTIVE, valid_until__lte=limit)
            found = list(due.order_by("valid_until").values_list("pk", "list")[:BATCH])
            _update(found, state=step("expire", ACTIVE), ended_at=at)
            for name, count in sorted(Counter(name for _key, name in found).items()):
                record(SYSTEM, "list_entries.expired", "list", name, {"count": count})
        total += len(found)
        if len(found) < BATCH:
            return total


def tell_authors(now: datetime | None = None) -> int:
    """Note which entries end within SOON: their authors see them in a banner until they act; how many are new."""
    at, total = now or timezone.now(), 0
    first, last = (int(one.timestamp() * 1000) for one in (at, at + SOON))
    while True:
        with transaction.atomic():
            soon = Entry.objects.filter(state=ACTIVE, valid_until__gt=first, valid_until__lte=last, told_at=None)
            found = list(soon.order_by("valid_until").values_list("pk", "list", "author")[:BATCH])
            _update([(key, name) for key, name, _author in found], told_at=at)
            told = Counter((author, name) for _key, name, author in found if author)
            for (author, name), count in told.items():
                about = {"person": str(author), "count": count}
                record(SYSTEM, "list_entries.ending", "list", name, about)
        total += len(found)
        if len(found) < BATCH:
            return total


def _update(found: list[tuple[int, str]], **values: object) -> None:
    for start in range(0, len(found), 500):
        Entry.objects.filter(pk__in=[key for key, _name in found[start : start + 500]]).update(**values)
