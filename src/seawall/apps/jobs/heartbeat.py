"""The worker's loops: each goes round by itself, says so in a heartbeat row, and survives its own failures."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from seawall.apps.jobs.models import LONGEST_TEXT, Heartbeat

WRITE_SECONDS = 2.0
PAUSE_AFTER_FAILURE = 5.0
log = structlog.get_logger(__name__)


@dataclass
class Loop:
    """`work` is called again at once while it returns True (there is more), else after `every` seconds.

    `speaks`: failures whose text was written for people; of others only the name is shown.
    """

    name: str
    every: float
    work: Callable[[], bool]
    speaks: tuple[type[Exception], ...] = ()
    problem: str = ""
    rounds: int = 0
    seen_at: datetime = field(default_factory=timezone.now)

    def once(self) -> bool:
        """One round; whether there is more at once. Failures are kept as `problem`, never raised."""
        try:
            more = bool(self.work())
            self.problem = ""
        except Exception as error:
            close_old_connections()
            text = str(error) if isinstance(error, self.speaks) else type(error).__name__
            if text != self.problem:
                log.error("loop", loop=self.name, exc_info=error)
            self.problem, more = text[:LONGEST_TEXT], False
        self.rounds += 1
        self.seen_at = timezone.now()
        return more

    def run(self, stop: threading.Event) -> None:
        """Until stopped."""
        while not stop.is_set():
            if not self.once():
                stop.wait(max(self.every, PAUSE_AFTER_FAILURE) if self.problem else self.every)
        connection.close()


def beat(loops: Sequence[Loop], started_at: datetime) -> None:
    """Write down how the loops are doing; rows of loops that are no more go away."""
    rows = [
        Heartbeat(
            name=loop.name, pid=os.getpid(), started_at=started_at, seen_at=loop.seen_at, every=loop.every,
            rounds=loop.rounds, problem=loop.problem,
        )
        for loop in loops
    ]  # fmt: skip
    fields = ["pid", "started_at", "seen_at", "every", "rounds", "problem"]
    Heartbeat.objects.bulk_create(rows, update_conflicts=True, unique_fields=["name"], update_fields=fields)
    Heartbeat.objects.exclude(name__in=[loop.name for loop in loops]).delete()


def run_loops(loops: Sequence[Loop], stop: threading.Event, alive: Callable[[], bool] = lambda: True) -> None:
    """Run each loop in a thread of its own until `stop` is set or `alive` says no; then wait for their rounds."""
    threads = [threading.Thread(target=loop.run, args=(stop,), name=loop.name, daemon=True) for loop in loops]
    started_at, written = timezone.now(), 0.0
    for thread in threads:
        thread.start()
    while not stop.wait(0.25) and alive():
        if time.monotonic() - written >= WRITE_SECONDS:
            written = time.monotonic()
            try:
                beat(loops, started_at)
            except DatabaseError as error:
                close_old_connections()
                log.error("heartbeat", problem=type(error).__name__)
    stop.set()
    for thread in threads:
        thread.join(10)
