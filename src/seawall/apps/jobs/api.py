"""REST: jobs and their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.etag import conditional, tagged, unchanged
from seawall.apps.jobs import queries, services
from seawall.apps.jobs.models import Run

router = Router(tags=["jobs"])


class JobOut(Schema):
    """A job. `schedule`: when it starts by itself, as people read it; "" where it does not."""

    name: str
    title: str
    schedule: str
    next_at: datetime | None
    permission: str


class StartIn(Schema):
    """What to start it with."""

    arguments: dict[str, Any] = Field(default_factory=dict)


class RunOut(Schema):
    """A run. `total` 0: nobody knows how much it is."""

    id: UUID
    job: str
    state: str
    done: int
    total: int
    message: str
    arguments: dict[str, Any]
    result_url: str
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@router.get("", response=list[JobOut])
@api_requires("jobs.view")
def list_jobs(request: HttpRequest) -> list[JobOut]:
    """Every job."""
    return [
        JobOut(
            name=row.id, title=str(row.job.title), schedule=str(row.job.schedule or ""), next_at=row.next_at,
            permission=row.job.permission,
        )
        for row in queries.listed()
    ]  # fmt: skip


@router.get("/runs", response=list[RunOut])
@api_requires("jobs.view")
def list_runs(
    request: HttpRequest, job: str = "", state: str = "", before: datetime | None = None, limit: int = 100
) -> list[Run]:
    """Runs, the newest first; `before` is the last queued_at of the page before."""
    wanted = {"job": job, "state": state, "queued_at__lt": before}
    rows = queries.runs().filter(**{name: value for name, value in wanted.items() if value})
    return list(rows.order_by("-queued_at", "-id")[: max(1, min(limit, 200))])


@router.get("/runs/{run_id}", response=RunOut)
@api_requires("jobs.view")
def get_run(request: HttpRequest, response: HttpResponse, run_id: UUID) -> Any:
    """One run."""
    return tagged(request, response, queries.get_run(run_id), RunOut, about=[("run", run_id)])


@router.post("/{name}/runs", response={202: RunOut})
@api_requires("jobs.run")
def start(request: HttpRequest, name: str, given: StartIn) -> Status[Run]:
    """Queue a run."""
    return Status(202, services.start(person(request), name, **given.arguments))


@router.post("/runs/{run_id}/cancel", response=RunOut)
@api_requires("jobs.run")
@conditional(required=False)
def cancel(request: HttpRequest, response: HttpResponse, run_id: UUID) -> Any:
    """Ask a run to stop. A run moves on by itself, so If-Match is not asked for; it is obeyed where it comes."""
    about = [("run", run_id)]
    with unchanged(request, lambda: queries.get_run(run_id), RunOut, about=about, required=False):
        stopped = services.cancel(person(request), run_id)
    return tagged(request, response, stopped, RunOut, about=about)
