"""Importing a file into a list on a running platform: `python benchmarks/lists_import.py [LINES [LIST]]`.

Decision API, console and worker run as with `seawall up`. A file with one duplicate in ten lines and one bad line in a
hundred is taken in, checked by the worker (the dry run), confirmed, and put on the list through the decision API.
Prints how long each step took until the follower has read every record, and what each process cost: its peak memory,
and CPU time, which says more on a busy machine. LIST: watch_ips (default), or blocked_cards, of sensitive values.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

KEYS: dict[str, Callable[[int], str]] = {
    "watch_ips": lambda number: f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    "blocked_cards": lambda number: f"62220200{number:08d}",
}


def lines(count: int, key: Callable[[int], str]) -> Iterator[bytes]:
    """The file, in pieces."""
    yield b"key,reason\n"
    for first in range(0, count, 1_000):
        part = []
        for number in range(first, min(first + 1_000, count)):
            value = key(number - 1 if number % 10 == 9 else number)
            part.append(f"{value},proxy\n" if number % 100 else f"{value}\n")
        yield "".join(part).encode()


def costs(home: Path) -> dict[str, tuple[int, float]]:
    """MiB that each process of the platform has held at most, and the CPU seconds it has used."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
            words = (folder / "cmdline").read_text().split("\0")
            ticks = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        except OSError:
            continue
        if "-m" in words and any(str(home) in word for word in words) and "VmHWM" in status:
            seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
            name = words[words.index("-m") + 1].rpartition(".")[2]
            found[name] = int(status["VmHWM"].split()[0]) >> 10, seconds
    return found


def main(count: int, name: str) -> None:
    """Measure and print."""
    from tests.browser.platform import platform

    with tempfile.TemporaryDirectory(prefix="seawall-bench-") as made:
        folder = Path(made)
        with platform(folder, "payments") as running:
            os.environ["SEAWALL_API_URL"] = f"http://127.0.0.1:{running.api}"
            measure(folder, count, name)


def measure(folder: Path, count: int, name: str) -> None:
    """Through the services that pages and REST call; the worker does the work."""
    from seawall.server.control import set_up

    set_up(folder)
    from seawall.apps.accounts.models import Assignment, User
    from seawall.apps.decisions.archive import archive
    from seawall.apps.decisions.models import Position
    from seawall.apps.lists.models import Entry, Import
    from seawall.apps.lists.services import imports
    from seawall.server.control.logs import set_up_logs

    set_up_logs("ERROR")
    user = User(username="bench", language="en")
    user.set_unusable_password()
    user.save()
    Assignment.objects.create(user=user, role="compliance_officer")
    steps: dict[str, float] = {}
    began, before = time.perf_counter(), costs(folder)

    def done(title: str) -> None:
        nonlocal began
        steps[title], began = time.perf_counter() - began, time.perf_counter()

    def until(*states: str) -> Import:
        while (made := Import.objects.get(pk=key)).state not in states:
            time.sleep(0.1)
        return made

    key = imports.upload(user, name, "bench.csv", lines(count, KEYS[name]), "benchmark").pk
    done("taken in")
    made = until("checked", "failed")
    done("checked (dry run)")
    imports.confirm(user, key)
    made = until("done", "failed", "cancelled")
    done("put on the list")
    while Position.objects.get().sequence < archive().last():
        time.sleep(0.1)
    done("then followed")
    for title, seconds in steps.items():
        print(f"{title:20} {seconds:8.1f} s  {count / seconds:10,.0f} lines/s")
    print(f"{'whole':20} {sum(steps.values()):8.1f} s; written {made.added / steps['put on the list']:,.0f} entries/s")
    print(f"{made.state}: new {made.fresh:,}, double {made.duplicates:,}, bad {made.bad:,}, added {made.added:,}, "
          f"refused {made.refused:,}; {Entry.objects.filter(list=name, state='active').count():,} active")  # fmt: skip
    for process, (size, seconds) in costs(folder).items():
        spent = seconds - before.get(process, (0, 0.0))[1]
        print(f"{process:20} {spent:8.1f} s of CPU, peak memory {size:,} MiB")


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "watch_ips")
