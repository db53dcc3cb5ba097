"""Reading jobs, runs and heartbeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.errors import UnknownError
from seawall.apps.jobs.models import ACTIVE, Heartbeat, Run, Schedule
from seawall.apps.jobs.registry import Job, jobs

_GRACE = 10.0  # seconds that a loop may be late before it counts as standing still


@dataclass(frozen=True)
class Listed:
    """A job with when it comes next and how its last run went."""

    job: Job
    next_at: datetime | None
    last: Run | None

    @property
    def id(self) -> str:
        """Its name."""
        return self.job.name


def listed() -> list[Listed]:
    """Every job, by title."""
    nexts = dict(Schedule.objects.values_list("job", "next_at"))
    newest = Run.objects.values("job").annotate(newest=Max("queued_at")).values_list("job", "newest")
    last: dict[str, Run] = {}
    for name, at in newest:
        found = Run.objects.filter(job=name, queued_at=at).order_by("-id").first()
        if found:
            last[name] = found
    rows = [Listed(job, nexts.get(job.name) if job.schedule else None, last.get(job.name)) for job in jobs()]
    return sorted(rows, key=lambda row: str(row.job.title))


def runs() -> QuerySet[Run]:
    """All runs that are kept."""
    return Run.objects.select_related("started_by")


def get_run(run_id: UUID) -> Run:
    """One run. UnknownError where there is none (any more)."""
    found = runs().filter(pk=run_id).first()
    if found is None:
        raise UnknownError(_("There is no such run; runs are kept for 90 days."))
    return found


def active_runs() -> int:
    """How many wait or run."""
    return Run.objects.filter(state__in=ACTIVE).count()


def heartbeats() -> list[Heartbeat]:
    """The worker's loops by name; empty before the first worker."""
    return list(Heartbeat.objects.order_by("name"))


def standing(heart: Heartbeat, now: datetime | None = None) -> bool:
    """Whether a loop has not come round when it should have."""
    late = timedelta(seconds=heart.every + _GRACE)
    return (now or timezone.now()) - heart.seen_at > late
