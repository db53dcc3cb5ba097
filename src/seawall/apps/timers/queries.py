"""Reading timers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from seawall.apps.timers.calendars import calendar_of, working_time_between
from seawall.apps.timers.models import Timer


def timer_of(kind: str, object_type: str, object_id: object) -> Timer | None:
    """The newest timer of that kind of an object, open or not."""
    found = Timer.objects.filter(kind=kind, object_type=object_type, object_id=str(object_id))
    return found.order_by("-id").first()


def next_due(until: datetime) -> QuerySet[Timer]:
    """Open, running timers due before an instant, the nearest first."""
    return Timer.objects.filter(fired_at=None, cancelled_at=None, paused_at=None, due_at__lt=until).order_by("due_at")


def time_left(timer: Timer, now: datetime | None = None) -> timedelta:
    """Working time until a timer is due; what was left when it was paused; none once it is over."""
    if timer.paused_at is not None:
        return timer.remaining
    if not timer.open:
        return timedelta(0)
    return working_time_between(calendar_of(timer.calendar), now or timezone.now(), timer.due_at)
