"""Importing into a list, and its pages over a million entries: `python benchmarks/lists_import.py [LINES [ENTRIES]]`.

A file with one duplicate in ten lines and one bad line in a hundred is taken in, checked, put on a list; the decision
API is a stub that answers at once: the figure is what console and worker add. Then the list is filled up to
ENTRIES, and pages are opened through Django's own request path, all middleware included: the median of five, in ms.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGES = {
    "lists": "/lists/",
    "one list": "/lists/of/{name}/",
    "active": "/lists/of/{name}/?state=active",
    "waiting (none)": "/lists/of/{name}/?state=waiting",
    "by a person (none)": "/lists/of/{name}/?source=person",
    "active, by a person": "/lists/of/{name}/?state=active&source=person",
    "by end": "/lists/of/{name}/?sort=valid_until",
    "by last hit": "/lists/of/{name}/?sort=-last_hit_at",
    "not met in 90 days": "/lists/of/{name}/?stale=1",
    "end within 7 days": "/lists/of/{name}/?soon=1",
    "search a value": "/lists/of/{name}/?q=10.0.0.7",
    "an entry": "/lists/entries/{entry}/",
}


class Stub:
    """A decision API that numbers what it is sent."""

    sequence = 0

    def post(self, path: str, body: Any) -> dict[str, Any]:
        Stub.sequence += 1
        return {"sequence": Stub.sequence}


def address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def lines(count: int) -> Iterator[bytes]:
    """The file, in pieces."""
    yield b"key,reason\n"
    for first in range(0, count, 1_000):
        part = []
        for number in range(first, min(first + 1_000, count)):
            key = address(number - 1 if number % 10 == 9 else number)
            part.append(f"{key},proxy\n" if number % 100 else f"{key}\n")
        yield "".join(part).encode()


def fill(name: str, entries: int) -> None:
    """The list up to so many entries, as the follower leaves them."""
    from seawall.apps.lists.models import Entry

    at = 1_790_000_000_000
    for first in range(Entry.objects.count(), entries, 10_000):
        Entry.objects.bulk_create([
            Entry(list=name, entry_id=f"f-{n}", kind="ip", key=address(n), reason="proxy", owner="feed", source="api",
                  valid_from=at - (n % 200) * 86_400_000, valid_until=at + n * 60_000 + 10**10, state="active",
                  sequence=n, hits=n % 5, last_hit_at=at + n if n % 5 else 0)
            for n in range(first, min(first + 10_000, entries))
        ], batch_size=2_000)  # fmt: skip


def main(count: int, entries: int) -> None:
    """Measure and print."""
    folder = tempfile.TemporaryDirectory(prefix="seawall-bench-")
    from seawall.server.control import set_up
    from seawall.server.control.prepare import prepare

    set_up(Path(folder.name))
    prepare(Path(folder.name))
    from django.conf import settings
    from django.test import Client
    from tests.apps.decisions.home import Live, transfer

    from seawall.apps.accounts.models import Assignment, User
    from seawall.apps.decisions.jobs import follow_all
    from seawall.apps.lists.models import Entry, Import
    from seawall.apps.lists.services import importing, imports
    from seawall.apps.outbox import engine

    Live(Path(folder.name)).feed(transfer(1, 100))
    follow_all()
    engine.client = lambda timeout=0: Stub()  # type: ignore[assignment]
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    settings.ALLOWED_HOSTS = ["*"]
    user = User(username="bench", language="en")
    user.set_unusable_password()
    user.save()
    Assignment.objects.create(user=user, role="compliance_officer")
    name, steps = "watch_ips", {}

    def timed(title: str, work: Any) -> Any:
        began = time.perf_counter()
        result = work()
        steps[title] = time.perf_counter() - began
        return result

    made = timed("taken in", lambda: imports.upload(user, name, "bench.csv", lines(count), "benchmark"))
    made = Import.objects.get(pk=made.pk)
    timed("checked", lambda: importing.check_file(made, lambda done, total: None))
    imports.confirm(user, made.pk)
    made = Import.objects.get(pk=made.pk)
    timed("put on the list", lambda: importing.put_on_list(made, lambda done, total: None))
    for title, seconds in steps.items():
        print(f"{title:24} {seconds:8.1f} s  {count / seconds:10,.0f} lines/s")
    print(f"new {made.fresh:,}, double {made.duplicates:,}, bad {made.bad:,}, added {made.added:,}; "
          f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10:,} MiB")  # fmt: skip
    fill(name, entries)
    client = Client()
    client.force_login(user)
    print(f"{Entry.objects.count():,} entries")
    for title, path in PAGES.items():
        url, took = path.format(name=name, entry=Entry.objects.first().pk), []
        for _ in range(5):
            began = time.perf_counter()
            answer = client.get(url)
            took.append((time.perf_counter() - began) * 1_000)
            assert answer.status_code == 200, (url, answer.status_code)
        print(f"{title:24} {statistics.median(took):8.0f} ms")


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    main(*(int(one) for one in sys.argv[1:3] or ("100000", "1000000")))
