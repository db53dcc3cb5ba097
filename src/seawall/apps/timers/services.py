"""Timer commands: start, pause, resume, cancel, and `run_due`, which the worker calls every few seconds.

Timers belong to the command that starts or stops them: call these inside its transaction; its ledger entry covers them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.errors import ConflictError, ServiceError
from seawall.apps.timers.calendars import ALWAYS, add_working_time, calendar_of, working_time_between
from seawall.apps.timers.handlers import handler_of
from seawall.apps.timers.models import Timer

BATCH = 200
FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(hours=1)
_OPEN = Q(fired_at=None, cancelled_at=None)
log = structlog.get_logger(__name__)


def start(
    kind: str,
    object_type: str,
    object_id: object,
    *,
    duration: timedelta | None = None,
    due_at: datetime | None = None,
    calendar: str = ALWAYS.key,
    now: datetime | None = None,
) -> Timer:
    """A new timer, due after `duration` of working time or at `due_at` (one of the two).

    ConflictError if the object has an open timer of this kind; CalendarError for an unknown calendar.
    """
    if (duration is None) == (due_at is None):
        raise ValueError("give a duration or an instant, not both and not neither")
    begun, days = now or timezone.now(), calendar_of(calendar)
    if duration is None:
        assert due_at is not None
        duration = working_time_between(days, begun, due_at)
    timer = Timer(
        kind=kind, object_type=object_type, object_id=str(object_id), calendar=days.key,
        counted_from=begun, remaining=duration, due_at=begun,
    )  # fmt: skip
    _count(timer)
    if due_at is not None:
        timer.due_at = due_at
    try:
        with transaction.atomic():
            timer.save(force_insert=True)
    except IntegrityError:
        raise ConflictError(_("This deadline is already running.")) from None
    return timer


def pause(kind: str, object_type: str, object_id: object, now: datetime | None = None) -> Timer | None:
    """Stop the clock; None where nothing runs. Pausing twice changes nothing."""
    at = now or timezone.now()
    with transaction.atomic():
        timer = _open(kind, object_type, object_id)
        if timer is not None and timer.paused_at is None:
            timer.remaining = working_time_between(calendar_of(timer.calendar), at, timer.due_at)
            timer.paused_at = at
            timer.save(update_fields=["remaining", "paused_at"])
    return timer


def resume(kind: str, object_type: str, object_id: object, now: datetime | None = None) -> Timer | None:
    """Let the clock go on with what was left; None where nothing is open."""
    with transaction.atomic():
        timer = _open(kind, object_type, object_id)
        if timer is not None and timer.paused_at is not None:
            timer.counted_from, timer.paused_at = now or timezone.now(), None
            _count(timer)
            timer.save(update_fields=["counted_from", "paused_at", "due_at", "provisional"])
    return timer


def cancel(kind: str, object_type: str, object_id: object, now: datetime | None = None) -> bool:
    """End a timer before it fires; False where none is open."""
    found = Timer.objects.filter(_OPEN, kind=kind, object_type=object_type, object_id=str(object_id))
    return found.update(cancelled_at=now or timezone.now()) > 0


def recount(calendar: str) -> int:
    """After a calendar changed: compute the provisional deadlines on it again; returns how many moved."""
    moved = 0
    with transaction.atomic():
        for timer in Timer.objects.select_for_update().filter(
            _OPEN, calendar=calendar, provisional=True, paused_at=None
        ):
            before = timer.due_at
            _count(timer)
            timer.save(update_fields=["due_at", "provisional"])
            moved += timer.due_at != before
    return moved


def run_due(now: datetime | None = None) -> int:
    """Fire what is due; returns how many fired. Each timer has a transaction of its own: its handler's effects and its
    mark are committed together or not at all, so whatever crashes, it fires exactly once.
    """
    at = now or timezone.now()
    due = _due(at).order_by("due_at", "id").values_list("id", flat=True)[:BATCH]
    return sum(_fire(timer_id, at) for timer_id in list(due))


def _due(at: datetime) -> QuerySet[Timer]:
    waited = Q(retry_at=None) | Q(retry_at__lte=at)
    return Timer.objects.filter(_OPEN, waited, paused_at=None, due_at__lte=at)


def _fire(timer_id: object, at: datetime) -> bool:
    with transaction.atomic():
        timer = _due(at).select_for_update().filter(pk=timer_id).first()
        if timer is None:
            return False  # another worker was faster, or it was paused or cancelled meanwhile
        try:
            with transaction.atomic():
                handler_of(timer.kind)(timer)
        except Exception as error:  # one timer that fails must not hold up the others
            _postpone(timer, at, error)
            return False
        timer.fired_at, timer.problem = at, ""
        timer.save(update_fields=["fired_at", "problem"])
    return True


def _postpone(timer: Timer, at: datetime, error: Exception) -> None:
    timer.attempts += 1
    timer.retry_at = at + min(FIRST_RETRY * 2 ** min(timer.attempts - 1, 10), LAST_RETRY)
    timer.problem = (str(error) if isinstance(error, ServiceError) else type(error).__name__)[:300]
    timer.save(update_fields=["attempts", "retry_at", "problem"])
    log.error("timer", kind=timer.kind, timer=str(timer.pk), attempts=timer.attempts, exc_info=error)


def _open(kind: str, object_type: str, object_id: object) -> Timer | None:
    rows = Timer.objects.select_for_update()
    return rows.filter(_OPEN, kind=kind, object_type=object_type, object_id=str(object_id)).first()


def _count(timer: Timer) -> None:
    calendar = calendar_of(timer.calendar)
    timer.due_at = add_working_time(calendar, timer.counted_from, timer.remaining)
    timer.provisional = not (calendar.covers(timer.counted_from) and calendar.covers(timer.due_at))
