"""Pages and API of jobs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from seawall.apps.jobs import services
from seawall.apps.jobs.models import Run
from seawall.apps.jobs.queue import FILE, queue
from seawall.apps.jobs.registry import jobs
from seawall.apps.jobs.running import Task
from tests.apps.jobs.conftest import nothing

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
MakeJob = Callable[..., str]


def test_the_list_has_every_job_with_its_schedule(signed_in: SignedIn, make_job: MakeJob) -> None:
    make_job(nothing)
    page = signed_in("admin").get(reverse("jobs:jobs")).content.decode()
    for job in jobs():
        assert escape(str(job.title)) in page
    assert "daily at 02:30" in page
    assert "Start now" in page
    assert "Start now" not in signed_in("auditor").get(reverse("jobs:jobs")).content.decode()


def test_start_follow_and_cancel_by_hand(signed_in: SignedIn, make_job: MakeJob) -> None:
    client = signed_in("admin")
    answer = client.post(reverse("jobs:start", args=[make_job(nothing)]))
    run = Run.objects.get()
    assert answer["Location"] == reverse("jobs:run", args=[run.pk])
    page = client.get(answer["Location"]).content.decode()
    assert reverse("jobs:progress", args=[run.pk]) in page
    assert "Cancel the run" in page
    fragment = client.get(reverse("jobs:progress", args=[run.pk]))
    assert "HX-Refresh" not in fragment
    client.post(reverse("jobs:cancel", args=[run.pk]))
    assert client.get(reverse("jobs:progress", args=[run.pk]))["HX-Refresh"] == "true"
    page = client.get(reverse("jobs:run", args=[run.pk])).content.decode()
    assert "Cancelled before it began." in page
    assert "Cancel the run" not in page
    assert str(run.pk)[:4] in client.get(reverse("jobs:runs")).content.decode()


def test_a_fragment_shows_how_far_a_run_is(signed_in: SignedIn, make_job: MakeJob) -> None:
    client = signed_in("admin")
    run = services.start(client_user(client), make_job(nothing))
    Run.objects.filter(pk=run.pk).update(state="running", done=25, total=200, lines=[[0, "at %(n)s", {"n": 3}]])
    page = client.get(reverse("jobs:progress", args=[run.pk])).content.decode()
    assert "25 of 200 (12.5%)" in page
    assert "at 3" in page
    assert 'max="200" value="25"' in page


def client_user(client: Client) -> services.User:
    return services.User.objects.get(pk=client.session["_auth_user_id"])


def test_the_api_starts_lists_and_cancels(signed_in: SignedIn, make_job: MakeJob) -> None:
    def counts(task: Task, most: int = 1) -> None:
        task.progress(0, most)

    client, name = signed_in("admin"), make_job(counts)
    assert name in [one["name"] for one in client.get("/api/v1/jobs").json()]
    body = json.dumps({"arguments": {"most": 3}})
    answer = client.post(f"/api/v1/jobs/{name}/runs", body, content_type="application/json")
    assert (answer.status_code, answer.json()["arguments"]) == (202, {"most": 3})
    again = client.post(f"/api/v1/jobs/{name}/runs", body, content_type="application/json")
    assert again.status_code == 409
    run_id = answer.json()["id"]
    assert client.post(f"/api/v1/jobs/runs/{run_id}/cancel").json()["state"] == "cancelled"
    assert client.get(f"/api/v1/jobs/runs/{run_id}").json()["state"] == "cancelled"
    assert [one["id"] for one in client.get(f"/api/v1/jobs/runs?job={name}&state=cancelled").json()] == [run_id]
    assert client.get(f"/api/v1/jobs/runs?job={name}&state=done").json() == []


def test_the_queue_is_the_owners_alone_and_holds_data_only(settings: object) -> None:
    from django.conf import settings as current

    from seawall.apps.ids import uuid7
    from seawall.apps.jobs.queue import put

    run_id = uuid7()
    put(run_id)
    path = current.HOME.folder / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    waiting = queue().storage.enqueued_items()
    assert any(json.loads(item)[6] == [str(run_id)] for item in waiting)
    queue().flush()
