"""Commands: start a job, cancel a run, and what the worker does about schedules and about runs that it lost."""

from __future__ import annotations

import inspect
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.jobs.models import CANCELLED, FAILED, QUEUED, RUNNING, Run, Schedule
from seawall.apps.jobs.queue import put, queue
from seawall.apps.jobs.registry import Job, job_of, jobs

WORKER_ENDED = gettext_noop("The worker ended.")
CANCELLED_WAITING = gettext_noop("Cancelled before it began.")
FORGOTTEN = timedelta(seconds=10)  # a run that waits longer is put into the queue once more
KEPT = timedelta(days=90)
_MOST = 500
log = structlog.get_logger(__name__)


def start(user: User, name: str, **arguments: Any) -> Run:
    """Queue a run of a job. DeniedError without its permission; ConflictError while one of its runs is not over;
    UnknownError for no such job; InvalidError for arguments that it does not take.
    """
    job = _known(name)
    check(user, job.permission)
    try:
        inspect.signature(job.function).bind(None, **arguments)
    except TypeError:
        raise InvalidError(_("The job %(job)s does not take these arguments.") % {"job": job.title}) from None
    with transaction.atomic():
        run = _queued(job, arguments, user)
        if run is None:
            raise ConflictError(_("This job waits or runs already; wait until it is over, or cancel it."))
        record(user, "job.started", "run", run.pk, {"job": name})
    return run


def cancel(user: User, run_id: UUID) -> Run:
    """Ask a run to stop: one that waits is over at once, one that runs stops at its next step."""
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownError(_("There is no such run."))
        job = job_of(run.job)
        check(user, job.permission if job else "jobs.run")
        if not run.active:
            raise ConflictError(_("This run is over already."))
        run.cancel_asked = True
        if run.state == QUEUED:
            run.state, run.ended_at, run.text = CANCELLED, timezone.now(), CANCELLED_WAITING
        run.save(update_fields=["cancel_asked", "state", "ended_at", "text"])
        record(user, "job.cancelled", "run", run.pk, {"job": run.job})
    return run


def run_schedules(now: datetime | None = None) -> int:
    """Queue what is due; how many runs. A job whose run is not over yet is left out this time."""
    at, queued = now or timezone.now(), 0
    for job in jobs():
        if job.schedule is None:
            continue
        with transaction.atomic():
            known = Schedule.objects.select_for_update().filter(pk=job.name).first()
            if known is not None and known.next_at > at:
                continue
            if known is not None:
                queued += _queued(job, {}, None) is not None
            Schedule.objects.update_or_create(job=job.name, defaults={"next_at": job.schedule.after(at)})
    return queued


def recover() -> int:
    """When a worker starts: what its predecessor was at has failed, and begins anew once where its job allows."""
    lost = list(Run.objects.filter(state=RUNNING).order_by("queued_at")[:_MOST])
    for run in lost:
        lose(run.pk)
    return len(lost)


def lose(run_id: UUID) -> None:
    """The worker ended in the middle of a run."""
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id, state=RUNNING).first()
        if run is None:
            return
        job = job_of(run.job)
        run.state, run.ended_at, run.text, run.values = FAILED, timezone.now(), WORKER_ENDED, {}
        run.save(update_fields=["state", "ended_at", "text", "values"])
        if job and job.idempotent and run.retry_of_id is None and not run.cancel_asked:
            _queued(job, run.arguments, run.started_by, retry_of=run)
    log.warning("run lost", job=run.job, run=str(run.pk))


def put_forgotten(now: datetime | None = None) -> int:
    """Put runs into an empty queue that wait longer than usual: their message was lost. A doubled one does no harm."""
    if queue().pending_count():
        return 0
    before = (now or timezone.now()) - FORGOTTEN
    waiting = Run.objects.filter(state=QUEUED, queued_at__lt=before).order_by("queued_at")
    found = list(waiting.values_list("pk", flat=True)[:_MOST])
    for run_id in found:
        put(run_id)
    return len(found)


def remove_old(now: datetime | None = None) -> int:
    """Remove runs that ended long ago; how many."""
    rows = Run.objects.filter(ended_at__lt=(now or timezone.now()) - KEPT)
    return rows.delete()[0]


def _known(name: str) -> Job:
    found = job_of(name)
    if found is None:
        raise UnknownError(_("There is no such job."))
    return found


def _queued(job: Job, arguments: dict[str, Any], user: User | None, retry_of: Run | None = None) -> Run | None:
    """A new run, put into the queue once it is committed; None where the job has one that is not over."""
    run = Run(job=job.name, arguments=arguments, started_by=user, retry_of=retry_of)
    run.slot = str(run.pk) if job.parallel else job.name
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return None
    transaction.on_commit(lambda: _put_soon(run.pk), robust=True)
    return run


def _put_soon(run_id: UUID) -> None:
    try:
        put(run_id)
    except Exception as error:  # the worker finds the run without its message
        log.error("queue", problem=type(error).__name__)
