"""Jobs that keep the control plane in order: checks at night, old rows out."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.jobs import clear_sessions as clear
from seawall.apps.audit.services import SYSTEM
from seawall.apps.audit.services import verify as verify_entries
from seawall.apps.decisions.jobs import check_rollups as rollups_agree
from seawall.apps.errors import ServiceError
from seawall.apps.jobs import services
from seawall.apps.jobs.registry import Result, job
from seawall.apps.jobs.running import Task
from seawall.apps.jobs.schedule import Cron


class FoundError(ServiceError):
    """A check found something that a person must look at."""


@job("ledger-verify", _("Verify the ledger"), "ledger.verify", schedule=Cron("30", "2"), idempotent=True)
def verify_ledger(task: Task) -> Result:
    """Every byte of the ledger against its hashes and checkpoints."""
    task.say(gettext_noop("Reading every entry."))
    report = verify_entries(SYSTEM)
    if not report.ok:
        first, count = report.findings[0], len(report.findings) + report.more
        says = gettext("%(count)s findings, the first at %(place)s: %(message)s")
        raise FoundError(says % {"count": count, "place": first.place, "message": first.message})
    return Result(gettext_noop("%(entries)s entries are as they were written."), {"entries": f"{report.entries:,}"},
                  reverse("audit:entries"))  # fmt: skip


@job("decisions-check", _("Check the decision counts"), schedule=Cron("0", "3"), idempotent=True)
def check_rollups(task: Task) -> Result:
    """The hourly counts against the decisions they stand for."""
    if not rollups_agree():
        raise FoundError(gettext("The hourly counts differ from the decisions; the worker's log has both numbers."))
    return Result(gettext_noop("The hourly counts agree with the decisions."))


@job("sessions-clear", _("Remove ended sessions"), schedule=Cron("15", "3"), idempotent=True)
def clear_sessions(task: Task) -> Result:
    """Sessions whose time is over."""
    clear()
    return Result(gettext_noop("Ended sessions were removed."))


@job("runs-clear", _("Remove old runs"), schedule=Cron("20", "3"), idempotent=True)
def clear_runs(task: Task) -> Result:
    """Runs that ended more than 90 days ago."""
    return Result(gettext_noop("%(count)s old runs were removed."), {"count": services.remove_old()})
