"""Server time of the pages of lists: `python benchmarks/lists_pages.py [ENTRIES]`.

Fills one list as the follower leaves it (every fifth entry never met, some made by a person, all their ends apart),
then opens pages through Django's own request path, all middleware included. Prints of five requests the median, the
worst and the median CPU time, in ms; the last says more on a busy machine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAME, START = "watch_ips", 1_790_000_000_000
DAY = 86_400_000
PAGES = {
    "lists": "/lists/",
    "one list": "/lists/of/{name}/",
    "far back": "/lists/of/{name}/?at={far}",
    "active": "/lists/of/{name}/?state=active",
    "waiting (none)": "/lists/of/{name}/?state=waiting",
    "by a person (few)": "/lists/of/{name}/?source=person",
    "active, by a person": "/lists/of/{name}/?state=active&source=person",
    "by end": "/lists/of/{name}/?sort=valid_until",
    "by last hit": "/lists/of/{name}/?sort=-last_hit_at",
    "not met in 90 days": "/lists/of/{name}/?stale=1",
    "end within 7 days": "/lists/of/{name}/?soon=1",
    "search a value": "/lists/of/{name}/?q=10.0.0.7",
    "all lists": "/lists/entries/",
    "an entry": "/lists/entries/{entry}/",
    "imports": "/lists/imports/",
}


def fill(count: int, quiet: bool) -> None:
    """The list; `quiet`: the oldest tenth was not met for a year, else all were met lately."""
    from django.db import transaction

    from seawall.apps.lists import bulk

    now = time.time_ns() // 1_000_000
    columns = (
        "entry_id",
        "key",
        "valid_from",
        "valid_until",
        "sequence",
        "hits",
        "last_hit_at",
        "quiet_since",
        "source",
    )
    same = {"list": NAME, "kind": "ip", "reason": "proxy", "owner": "feed", "state": "active"}
    for first in range(0, count, 20_000):
        rows: list[tuple[Any, ...]] = []
        for n in range(first, min(first + 20_000, count)):
            begins = now - (400 if quiet and n < count // 10 else 40) * DAY + n
            met = begins + DAY if n % 5 else 0
            key = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
            source = "api" if n % 10_000 else "person"
            rows.append((f"f-{n}", key, begins, now + n * 60_000, n, n % 5, met, max(met, begins), source))
        with transaction.atomic(), bulk.room():
            bulk.upsert(columns, rows, same, ["hits"])


def main(count: int) -> None:
    """Fill, then measure."""
    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as made:
        folder = Path(made)
        from seawall.server.control import set_up
        from seawall.server.control.prepare import prepare

        set_up(folder)
        prepare(folder)
        from django.conf import settings
        from tests.apps.decisions.home import Live, transfer

        from seawall.apps.decisions.jobs import follow_all
        from seawall.server.control.logs import set_up_logs

        set_up_logs("ERROR")
        Live(folder).feed(transfer(1, 100))
        follow_all()
        settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
        fill(count, quiet=True)
        measure(count)


def measure(count: int) -> None:
    """Open every page."""
    from django.test import Client

    from seawall.apps.accounts.models import Assignment, User
    from seawall.apps.lists.models import Entry
    from seawall.console.keyset import Cursor

    user = User(username="bench", language="en")
    user.set_unusable_password()
    user.save()
    Assignment.objects.create(user=user, role="compliance_officer")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    first = Entry.objects.order_by("pk")[0].pk
    far = Cursor(first + count // 3, str(first + count // 3)).encode()
    print(f"{Entry.objects.count():,} entries")
    worst = 0.0
    for title, path in PAGES.items():
        took, worked = [], []
        for _ in range(5):
            began, cpu = time.perf_counter(), time.process_time()
            answer = client.get(path.format(name=NAME, entry=first, far=far))
            took.append((time.perf_counter() - began) * 1_000)
            worked.append((time.process_time() - cpu) * 1_000)
            assert answer.status_code == 200, (path, answer.status_code)
        worst = max(worst, statistics.median(worked))
        print(
            f"{title:24} {statistics.median(took):8.0f} {max(took):8.0f} {statistics.median(worked):8.0f}", flush=True
        )
    print(f"slowest median of CPU {worst:.0f} ms")


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
