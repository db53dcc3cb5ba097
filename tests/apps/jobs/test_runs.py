"""Runs: started, carried out, cancelled, lost with their worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone, translation

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError, DeniedError, InvalidError, ServiceError, UnknownError
from seawall.apps.jobs import running, services
from seawall.apps.jobs.models import Run
from seawall.apps.jobs.registry import JobError, Result, job
from seawall.apps.jobs.running import MOST_LINES, Task, execute
from seawall.apps.jobs.schedule import Every
from tests.apps.jobs.conftest import nothing

pytestmark = pytest.mark.django_db
MakeJob = Callable[..., str]
MakeUser = Callable[..., User]


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("root", "admin")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is written."""
    monkeypatch.setattr(running, "WRITE_EVERY", 0.0)


def carried_out(run: Run) -> Run:
    execute(run.pk)
    run.refresh_from_db()
    return run


def test_a_run_goes_from_the_button_to_its_result(
    make_job: MakeJob, admin: User, sent: list[UUID], django_capture_on_commit_callbacks: Any
) -> None:
    def work(task: Task, most: int) -> Result:
        for done in range(most + 1):
            task.progress(done, most, "%(done)s counted", done=done)
        task.say("half of %(most)s", most=most)
        return Result("%(n)s found.", {"n": 7}, "/jobs/")

    name = make_job(work)
    with django_capture_on_commit_callbacks(execute=True):
        run = services.start(admin, name, most=4)
    assert run.state == "queued"
    assert sent == [run.pk]
    carried_out(run)
    assert (run.state, run.done, run.total, run.message, run.result_url) == ("done", 4, 4, "7 found.", "/jobs/")
    assert [line[1:] for line in run.lines] == [["half of %(most)s", {"most": 4}]]
    assert run.ended_at
    assert run.started_at
    assert run.share == 1.0
    entry = Outbox.objects.get(action="job.started")
    assert (entry.object_id, entry.data) == (str(run.pk), {"job": name})


def test_a_text_is_kept_as_msgid_and_read_in_the_language_of_the_reader(make_job: MakeJob, admin: User) -> None:
    run = carried_out(services.start(admin, make_job(lambda task: Result(services.WORKER_ENDED))))
    assert run.message == "The worker ended."
    with translation.override("zh-hans"):
        assert run.message != "The worker ended."


def test_who_may_not_starts_nothing(make_job: MakeJob, make_user: MakeUser) -> None:
    name = make_job(nothing)
    with pytest.raises(DeniedError):
        services.start(make_user("a", "auditor"), name)
    assert not Run.objects.exists()


def test_a_job_takes_its_own_arguments_only(make_job: MakeJob, admin: User) -> None:
    name = make_job(nothing)
    with pytest.raises(InvalidError):
        services.start(admin, name, other=1)
    with pytest.raises(UnknownError):
        services.start(admin, "no-such-job")


def test_a_job_runs_once_at_a_time_unless_it_may_overlap(make_job: MakeJob, admin: User) -> None:
    alone, many = make_job(nothing, "alone"), make_job(nothing, "many", parallel=True)
    first = services.start(admin, alone)
    with pytest.raises(ConflictError):
        services.start(admin, alone)
    services.start(admin, many)
    services.start(admin, many)
    carried_out(first)
    assert services.start(admin, alone).pk != first.pk


def test_a_failure_says_what_kind_and_a_refusal_says_why(make_job: MakeJob, admin: User) -> None:
    def fail(task: Task) -> None:
        raise KeyError("secret")

    def refuse(task: Task) -> None:
        raise ServiceError("Two counts differ: 50% of them.")

    failed = carried_out(services.start(admin, make_job(fail, "fails")))
    assert failed.state == "failed"
    assert "KeyError" in failed.message
    assert "secret" not in failed.message
    assert str(failed.pk) in failed.message
    refused = carried_out(services.start(admin, make_job(refuse, "refuses")))
    assert (refused.state, refused.message) == ("failed", "Two counts differ: 50% of them.")


def test_cancel_stops_a_waiting_run_at_once_and_a_running_one_at_its_next_step(make_job: MakeJob, admin: User) -> None:
    waiting = services.start(admin, make_job(nothing, "waits"))
    assert services.cancel(admin, waiting.pk).state == "cancelled"
    assert carried_out(waiting).state == "cancelled"
    reached = []

    def work(task: Task) -> None:
        for step in range(5):
            reached.append(step)
            if step == 2:
                services.cancel(admin, task.run_id)
            task.progress(step, 5)

    stopped = carried_out(services.start(admin, make_job(work, "works")))
    assert (stopped.state, reached, stopped.done) == ("cancelled", [0, 1, 2], 2)
    with pytest.raises(ConflictError):
        services.cancel(admin, stopped.pk)
    assert Outbox.objects.filter(action="job.cancelled").count() == 2


def test_the_log_is_bounded(make_job: MakeJob, admin: User) -> None:
    def work(task: Task) -> None:
        for number in range(MOST_LINES + 5):
            task.say("line %(n)s", n=number)

    run = carried_out(services.start(admin, make_job(work)))
    assert len(run.lines) == MOST_LINES
    assert run.lines[-1][2] == {"n": MOST_LINES + 4}


def test_a_doubled_message_runs_once(make_job: MakeJob, admin: User) -> None:
    called: list[Task] = []
    run = services.start(admin, make_job(called.append))
    carried_out(run)
    carried_out(run)
    assert len(called) == 1


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_run_lost_with_its_worker_failed_and_begins_anew_once_if_it_may(
    make_job: MakeJob, admin: User, idempotent: bool
) -> None:
    run = services.start(admin, make_job(nothing, idempotent=idempotent))
    Run.objects.filter(pk=run.pk).update(state="running", started_at=timezone.now())
    assert services.recover() == 1
    run.refresh_from_db()
    assert (run.state, run.message) == ("failed", "The worker ended.")
    second = Run.objects.filter(retry_of=run).first()
    assert (second is not None) == idempotent
    if second is not None:
        assert second.started_by == admin
        Run.objects.filter(pk=second.pk).update(state="running")
        assert services.recover() == 1
        assert Run.objects.count() == 2
    assert services.recover() == 0


def test_a_worker_that_stops_gives_its_run_back(
    make_job: MakeJob, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(task: Task) -> None:
        running.stopping.set()
        task.progress(3, 9)

    run = services.start(admin, make_job(work, idempotent=True))
    try:
        carried_out(run)
    finally:
        running.stopping.clear()
    assert (run.state, run.done) == ("failed", 3)
    assert Run.objects.get(retry_of=run).state == "queued"


def test_a_run_whose_message_was_lost_is_put_again(make_job: MakeJob, admin: User, sent: list[UUID]) -> None:
    run = services.start(admin, make_job(nothing))
    sent.clear()
    now = timezone.now()
    assert services.put_forgotten(now) == 0
    assert services.put_forgotten(now + timedelta(minutes=1)) == 1
    assert sent == [run.pk]


def test_old_runs_are_removed(make_job: MakeJob, admin: User) -> None:
    old, new = (carried_out(services.start(admin, make_job(nothing, name))) for name in ("old", "new"))
    Run.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(days=91))
    assert services.remove_old() == 1
    assert list(Run.objects.all()) == [new]


def test_schedules_queue_what_is_due_and_leave_out_what_is_not_over(make_job: MakeJob, sent: list[UUID]) -> None:
    name, now = make_job(nothing, schedule=Every(60)), timezone.now()
    services.run_schedules(now)
    assert not Run.objects.filter(job=name).exists()  # a new job begins with its first time
    services.run_schedules(now + timedelta(seconds=30))
    assert not Run.objects.filter(job=name).exists()
    services.run_schedules(now + timedelta(seconds=60))
    run = Run.objects.get(job=name)
    assert run.started_by is None
    services.run_schedules(now + timedelta(seconds=120))
    assert Run.objects.filter(job=name).count() == 1
    carried_out(run)
    services.run_schedules(now + timedelta(seconds=180))
    assert Run.objects.filter(job=name).count() == 2


def test_a_job_names_a_permission_that_exists_and_its_name_is_its_own(make_job: MakeJob) -> None:
    with pytest.raises(JobError, match=r"jobs\.fly"):
        make_job(nothing, "flies", permission="jobs.fly")
    make_job(nothing, "mine")
    with pytest.raises(JobError, match="two functions"):
        job("mine", "Mine")(lambda task: None)
