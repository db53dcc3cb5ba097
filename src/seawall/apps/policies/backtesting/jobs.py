"""The room's jobs: a backtest that somebody asked for, and the history that it reads, made ready beforehand."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from seawall.apps.decisions.archive import archive
from seawall.apps.errors import ServiceError
from seawall.apps.jobs.registry import Result, job
from seawall.apps.jobs.running import Task
from seawall.apps.jobs.schedule import Every
from seawall.apps.policies import bundles
from seawall.apps.policies.backtesting import services
from seawall.apps.policies.backtesting.measure import AUTO, Question
from seawall.apps.policies.backtesting.process import COUNTING, READING, Order, Step
from seawall.apps.policies.backtesting.running import ProcessError, carry_out
from seawall.apps.policies.models.backtest import Backtest
from seawall.engine.history.lived.source import SEGMENT_RECORDS, covered

BACKTEST = "policies-backtest"
DAY = 86_400_000
_SAYS = {
    READING: gettext_noop("Reading the journal"),
    COUNTING: gettext_noop("Computing the statistics"),
}
_DECIDING = gettext_noop("Deciding, %(rate)s records a second")


@job(BACKTEST, _("Backtest a policy"), "policies.edit", idempotent=True)
def run_backtest(task: Task, backtest: str) -> Result:
    """Compute the backtest with this id and store what came of it."""
    asked = Backtest.objects.get(pk=UUID(backtest))
    with tempfile.TemporaryDirectory(prefix="seawall-backtest-") as name:
        folder = Path(name)
        order = _order(asked, folder)
        _compute(order, task)
        result = json.loads(Path(order.result).read_bytes())
    services.finish(asked.pk, result)
    counted = f"{result['figures']['counted']:,}"
    return Result(
        gettext_noop("%(policy)s decided %(events)s events again."),
        {"policy": asked.candidate_label, "events": counted},
        reverse("backtests:backtest", args=[asked.pk]),
    )


@job("policies-history", _("Prepare the journal for backtests"), schedule=Every(600), idempotent=True)
def prepare_history(task: Task) -> Result | None:
    """Turn what the journal gained into columns, as soon as there is enough for another file of them."""
    home = settings.HOME
    last = archive().last()
    if last + 1 - covered(history_folder()) < SEGMENT_RECORDS:
        return Result(gettext_noop("The journal's history is ready."))
    _compute(Order(str(home.journal), str(history_folder()), [], "", Question()), task)
    return Result(gettext_noop("The journal's history is ready."))


def history_folder() -> Path:
    """Where the journal lies as columns: made again when absent."""
    return Path(settings.HOME.cache) / "history"


def _order(asked: Backtest, folder: Path) -> Order:
    names = []
    for place, digest in enumerate(one for one in (asked.base, asked.candidate) if one):
        path = folder / f"{place}.bundle"
        path.write_bytes(bundles.packed(digest))
        names.append(str(path))
    question = Question(
        from_ms=_ms(asked.from_at),
        until_ms=_ms(asked.until_at),
        warm_up_ms=AUTO if asked.warm_up_days is None else asked.warm_up_days * DAY,
        labels=tuple(asked.labels),
        label_delay_ms=None if asked.label_delay_days is None else asked.label_delay_days * DAY,
    )
    return Order(str(settings.HOME.journal), str(history_folder()), names, str(folder / "result.json"), question)


def _ms(at: object) -> int | None:
    return int(at.timestamp() * 1000) if at is not None else None  # type: ignore[attr-defined]


def _compute(order: Order, task: Task) -> None:
    """Wait for the process, and tell the run how far it is; a cancelled run kills it at the next look."""
    began: dict[str, float] = {}

    def watch(step: Step) -> None:
        now = time.monotonic()
        since = now - began.setdefault(step.phase, now)
        if not step.phase:
            task.progress(0, 0)
        elif step.phase in _SAYS:
            task.progress(step.done, step.total, _SAYS[step.phase])
        else:
            task.progress(step.done, step.total, _DECIDING, rate=f"{step.done / since:,.0f}" if since > 0.5 else "…")

    try:
        carry_out(order, watch)
    except ProcessError as error:
        raise ServiceError(str(error)) from error
