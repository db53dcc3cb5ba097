"""Background work: unit cases and cost as jobs; what the worker does every few seconds."""

from __future__ import annotations

import time

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from seawall.apps.jobs.models import Run
from seawall.apps.jobs.registry import Result, job
from seawall.apps.jobs.running import Task
from seawall.apps.policies import follow, sampling
from seawall.apps.policies.models.deployment import CHAMPION
from seawall.apps.policies.models.gate import CASES, COST
from seawall.apps.policies.services import deployments, gates, guard
from seawall.apps.policies.states import EDIT

EVERY_SECONDS = 2.0
GUARD_SECONDS = 60.0
SAMPLE = 2_000
_guarded = 0.0


@job(gates.JOBS[CASES], _("Run a policy's unit cases"), EDIT, parallel=True, idempotent=True)
def run_cases(task: Task, digest: str) -> Result:
    """Every case of tests.yaml through the engine; the report moves the version."""
    passed, summary = gates.run_cases(digest, task.progress)
    gates.note(digest, CASES, passed, summary, run=task.run_id, by=Run.objects.get(pk=task.run_id).started_by)
    values = {"cases": summary["cases"], "failed": summary["failed"]}
    return Result(gettext_noop("%(cases)s cases, %(failed)s fail."), values)


@job(gates.JOBS[COST], _("Measure what a policy costs"), EDIT, idempotent=True)
def measure_cost(task: Task, digest: str) -> Result:
    """Microseconds a decision over the newest events, with the champion beside it."""
    now = deployments.places(deployments.active())
    champion = next((one.version.digest for one in now if one.role == CHAMPION), "")
    records = sampling.newest(SAMPLE)[::-1]
    figures = gates.measure_cost(digest, champion, records, task.progress)
    gates.note(digest, COST, True, figures, against=champion, run=task.run_id)
    return Result(gettext_noop("%(candidate)s µs a decision; the champion takes %(champion)s."), {
        "candidate": figures["candidate"], "champion": figures.get("champion", "–")})  # fmt: skip


def tick() -> int:
    """What the worker calls every few seconds: deployments that wait, the journal's activations and labels, and once a
    minute the limits of the challenger. How much there was."""
    global _guarded
    done = deployments.send_waiting() + follow.take_in_activations() + follow.take_in_labels()
    if time.monotonic() - _guarded >= GUARD_SECONDS:
        _guarded = time.monotonic()
        guard.watch()
    return done
