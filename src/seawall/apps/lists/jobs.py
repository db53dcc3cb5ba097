"""Background work: checking and importing files, and what time does to entries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from seawall.apps.errors import ServiceError
from seawall.apps.jobs.registry import Result, job
from seawall.apps.jobs.running import CancelledError, Task, WorkerEndsError
from seawall.apps.jobs.schedule import Every
from seawall.apps.lists.models import Import
from seawall.apps.lists.services import expiry, importing, imports
from seawall.apps.lists.services.entries import EDIT
from seawall.apps.lists.states import CANCELLED, FAILED

EVERY = 60


@job(imports.CHECK_JOB, _("Check a file for a list"), EDIT, parallel=True, idempotent=True)
def check_file(task: Task, import_id: str) -> Result:
    """The dry run."""
    made = Import.objects.get(pk=import_id)
    with _ending(made):
        importing.check_file(made, task.progress)
    text = gettext_noop("%(fresh)s new, %(duplicates)s double, %(present)s already there, %(bad)s bad lines.")
    counts = {name: f"{getattr(made, name):,}" for name in ("fresh", "duplicates", "present", "bad")}
    return Result(text, counts, _page(made))


@job(imports.RUN_JOB, _("Import into a list"), EDIT, parallel=True, idempotent=True)
def put_on_list(task: Task, import_id: str) -> Result:
    """Everything new, to the engine."""
    made = Import.objects.select_related("author", "checker").get(pk=import_id)
    with _ending(made):
        importing.put_on_list(made, task.progress)
    text = gettext_noop("%(added)s entries added, %(refused)s refused.")
    return Result(text, {"added": f"{made.added:,}", "refused": f"{made.refused:,}"}, _page(made))


@job("lists-expiry", _("Expire entries of lists"), schedule=Every(EVERY), idempotent=True)
def follow_time(task: Task) -> Result:
    """Ends, and ends that come soon; lines of imports that nobody ended."""
    ended, told = expiry.expire(), expiry.tell_authors()
    imports.forget_old()
    return Result(gettext_noop("%(ended)s ended, %(told)s end soon."), {"ended": ended, "told": told})


@contextmanager
def _ending(made: Import) -> Iterator[None]:
    """An import never stays `running` when its job does not; one that the worker lost begins anew."""
    try:
        yield
    except WorkerEndsError:
        raise
    except CancelledError:
        imports.stopped(UUID(str(made.pk)), CANCELLED)
        raise
    except Exception as error:
        imports.stopped(UUID(str(made.pk)), FAILED, str(error) if isinstance(error, ServiceError) else "")
        raise


def _page(made: Import) -> str:
    return reverse("lists:import", args=[made.pk])
