"""The nightly job that removes what ended long ago."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from seawall.apps.jobs.registry import Result, job
from seawall.apps.jobs.running import Task
from seawall.apps.jobs.schedule import Cron
from seawall.apps.outbox import services


@job("outbox-clear", _("Remove old deliveries"), schedule=Cron("25", "3"), idempotent=True)
def clear(task: Task) -> Result:
    """Deliveries that ended more than 180 days ago."""
    return Result(gettext_noop("%(count)s old deliveries were removed."), {"count": services.clear()})
