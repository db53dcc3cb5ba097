"""The worker as a process of its own: `python -m seawall.server.control.worker HOME`.

It follows the journal, fires deadlines, delivers what waits, and carries out jobs. Killed at any instant it loses
nothing: each loop commits what it did with the mark that it was done.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.engine.errors import SeawallError
from seawall.server.control.prepare import prepare, set_up
from seawall.server.home import HomeError
from seawall.server.process import BAD_START

if TYPE_CHECKING:
    from seawall.apps.jobs.heartbeat import Loop

LOCK_FILE = "worker.lock"
THREADS = 2  # jobs at the same time
FOLLOW_SECONDS = 0.5
TIMER_SECONDS = 1.0
SCHEDULE_SECONDS = 1.0
QUEUE_SECONDS = 5.0
_JOB_SECONDS = 8.0  # that a job has to reach its next step when the worker stops


def main(folder: Path) -> int:
    """Work until SIGTERM or until the parent is gone; the exit status. Trouble is one line on standard error."""
    parent = os.getppid()
    try:
        set_up(folder)
        with _only_one(folder):
            _run(folder, parent)
    except (SeawallError, OSError) as error:
        print(f"seawall: worker: {error}", file=sys.stderr, flush=True)
        return BAD_START
    return 0


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """One worker a home: the lock is the process's and goes with it, however it ends."""
    handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise HomeError(f"another worker serves {folder}; stop it first") from None
    try:
        yield
    finally:
        os.close(handle)


def _run(folder: Path, parent: int) -> None:
    from django.conf import settings

    from seawall.apps.jobs import services
    from seawall.apps.jobs.heartbeat import run_loops
    from seawall.ledger import LedgerError
    from seawall.server.control.logs import set_up_logs

    set_up_logs(settings.SEAWALL_OPTIONS.log_level)
    logging.getLogger("huey").setLevel(logging.WARNING)
    try:
        prepare(folder)
    except LedgerError as error:  # the database is up to date by then; the outbox loop tries again and says so
        logging.getLogger(__name__).error("ledger: %s", error)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    services.recover()
    with _consumer():
        run_loops(loops(), stop, alive=lambda: os.getppid() == parent)


@contextmanager
def _consumer() -> Iterator[None]:
    """huey's threads; at the end, jobs stop at their next step and what does not is left to the next worker."""
    from seawall.apps.jobs.queue import queue
    from seawall.apps.jobs.running import stopping

    consumer: Any = queue().create_consumer(workers=THREADS, periodic=False, max_delay=1.0)
    consumer._set_signal_handlers = lambda: None  # the worker has its own
    consumer.start()
    try:
        yield
    finally:
        stopping.set()
        consumer.shutdown_timeout = _JOB_SECONDS
        consumer.stop(graceful=True)


def loops() -> list[Loop]:
    """What goes round, and how often."""
    from seawall.apps.audit import jobs as audit
    from seawall.apps.challenges import jobs as challenges
    from seawall.apps.decisions import jobs as decisions
    from seawall.apps.decisions.archive import ArchiveError
    from seawall.apps.errors import ServiceError
    from seawall.apps.jobs import services
    from seawall.apps.jobs.heartbeat import Loop
    from seawall.apps.outbox import jobs as deliveries
    from seawall.apps.outbox.channels import channels
    from seawall.apps.policies import jobs as policies
    from seawall.apps.timers.services import run_due
    from seawall.ledger import LedgerError

    speaks = (ArchiveError, decisions.FollowError, ServiceError, LedgerError)

    def checkpoints() -> bool:
        decisions.checkpoint_journal()
        audit.checkpoint()
        return False

    def schedules() -> bool:
        services.run_schedules()
        return False

    return [
        Loop("follower", FOLLOW_SECONDS, _more(decisions.follow_once), speaks),
        Loop("challenges", FOLLOW_SECONDS, _more(challenges.follow_once), speaks),
        Loop("timers", TIMER_SECONDS, _more(run_due), speaks),
        Loop("ledger", audit.DRAIN_EVERY_SECONDS, _more(audit.drain), speaks),
        *(
            Loop(f"outbox-{one.key}", deliveries.EVERY_SECONDS, _more(partial(deliveries.deliver, one.key)), speaks)
            for one in channels()
        ),
        Loop("policies", policies.EVERY_SECONDS, _more(policies.tick), speaks),
        Loop("checkpoints", audit.CHECKPOINT_EVERY_SECONDS, checkpoints, speaks),
        Loop("schedules", SCHEDULE_SECONDS, schedules, speaks),
        Loop("queue", QUEUE_SECONDS, lambda: services.put_forgotten() < 0, speaks),
    ]


def _more(work: Callable[[], int]) -> Callable[[], bool]:
    """A function that returns how much it did, as one that says whether to call it again at once."""
    return lambda: work() > 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
