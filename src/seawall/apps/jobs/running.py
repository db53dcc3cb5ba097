"""Carrying out a run in the worker: progress, log lines, cancel, its end."""

from __future__ import annotations

import threading
import time
from typing import Any
from uuid import UUID

import structlog
from django.db import close_old_connections
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from seawall.apps.errors import ServiceError
from seawall.apps.jobs import services
from seawall.apps.jobs.models import CANCELLED, DONE, FAILED, LONGEST_TEXT, QUEUED, RUNNING, Run
from seawall.apps.jobs.registry import Job, Result, job_of

MOST_LINES = 200
WRITE_EVERY = 0.5  # seconds between two writes of progress
stopping = threading.Event()  # set when the worker is to end: runs stop at their next step
log = structlog.get_logger(__name__)


class CancelledError(Exception):
    """Somebody cancelled the run."""


class WorkerEndsError(Exception):
    """The worker was told to stop."""


class Task:
    """What a job's function is given. Texts are English msgids marked for translation (`gettext_noop`).

    `progress` and `say` are the steps at which a run can be cancelled; call one of them at least every few seconds.
    """

    def __init__(self, run: Run) -> None:
        self.run_id = run.pk
        self._lines: list[list[Any]] = list(run.lines)
        self._written = 0.0
        self._changes: dict[str, Any] = {}

    def progress(self, done: int, total: int = 0, text: str = "", /, **values: Any) -> None:
        """How far it is; `total` 0 where nobody knows. Raises CancelledError or WorkerEndsError where it is to stop."""
        self._changes |= {"done": max(0, done), "total": max(0, total)}
        if text:
            self._changes |= {"text": text[:LONGEST_TEXT], "values": values}
        self._step(at_once=0 < total <= done)

    def say(self, text: str, /, **values: Any) -> None:
        """A line for the log; the newest MOST_LINES are kept. Raises as `progress` does."""
        self._lines = [*self._lines, [int(time.time() * 1000), text[:LONGEST_TEXT], values]][-MOST_LINES:]
        self._changes["lines"] = self._lines
        self._step()

    def flush(self) -> None:
        """Write what was not written yet."""
        if self._changes:
            Run.objects.filter(pk=self.run_id).update(**self._changes)
            self._changes = {}
        self._written = time.monotonic()

    def _step(self, at_once: bool = False) -> None:
        if stopping.is_set():
            self.flush()
            raise WorkerEndsError
        if not at_once and time.monotonic() - self._written < WRITE_EVERY:
            return
        self.flush()
        if Run.objects.filter(pk=self.run_id, cancel_asked=True).exists():
            raise CancelledError


def execute(run_id: UUID) -> None:
    """Carry out a queued run; nothing where it is not queued (any more). Never raises."""
    close_old_connections()
    try:
        claimed = Run.objects.filter(pk=run_id, state=QUEUED)
        if not stopping.is_set() and claimed.update(state=RUNNING, started_at=timezone.now()):
            _carry_out(Run.objects.get(pk=run_id))
    except Exception as error:  # the database: the next worker finds the run as it was left
        log.error("run", run=str(run_id), exc_info=error)
    finally:
        close_old_connections()


def _carry_out(run: Run) -> None:
    task, job = Task(run), job_of(run.job)
    try:
        result = _called(job, task, run.arguments)
    except WorkerEndsError:
        services.lose(run.pk)
    except CancelledError:
        task.flush()
        _end(run, CANCELLED, gettext_noop("Cancelled."), {})
    except ServiceError as error:
        task.flush()
        _end(run, FAILED, "%(problem)s", {"problem": str(error)})
    except Exception as error:
        log.error("job", job=run.job, run=str(run.pk), exc_info=error)
        task.flush()
        text = gettext_noop("It failed: %(problem)s. The worker's log has more under run %(run)s.")
        _end(run, FAILED, text, {"problem": type(error).__name__, "run": str(run.pk)})
    else:
        task.flush()
        _end(run, DONE, result.text, dict(result.values), result.url)


def _called(job: Job | None, task: Task, arguments: dict[str, Any]) -> Result:
    if job is None:
        raise ServiceError(_("This version of the program has no such job."))
    return job.call(task, arguments) or Result()


def _end(run: Run, state: str, text: str, values: dict[str, Any], url: str = "") -> None:
    values = {name: value[:LONGEST_TEXT] if isinstance(value, str) else value for name, value in values.items()}
    Run.objects.filter(pk=run.pk, state=RUNNING).update(
        state=state, ended_at=timezone.now(), text=text[:LONGEST_TEXT], values=values, result_url=url[:LONGEST_TEXT]
    )
