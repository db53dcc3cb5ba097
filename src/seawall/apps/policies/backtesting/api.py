"""REST: backtests: ask for one, see how far it is, stop it, fetch its report."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.etag import conditional, tagged, unchanged
from seawall.apps.jobs.models import DONE
from seawall.apps.policies import queries as policies
from seawall.apps.policies.backtesting import queries, services
from seawall.apps.policies.models.backtest import Backtest

router = Router(tags=["backtests"])
LARGEST_PAGE = 200


class BacktestIn(Schema):
    """What to try: a version or an open draft, perhaps beside another version, on a period of the journal.

    Times are effective times, `until_at` excluded; left out, an end is open. `warm_up_days` left out: as far as the
    features look back; `label_delay_days` left out: the longest delay seen. Without `labels` nothing is judged.
    """

    version: UUID | None = None
    draft: UUID | None = None
    against: UUID | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    warm_up_days: int | None = None
    labels: list[str] = Field(default_factory=list)
    label_delay_days: int | None = None


class BacktestOut(Schema):
    """A backtest. `state` is its run's, `gone` where that is no longer kept and left nothing; `total` 0: nobody knows
    how much there is to do. `candidate` and `base` are digests of contents."""

    id: UUID
    candidate: str
    policy: str
    base: str
    against: str
    from_at: datetime | None
    until_at: datetime | None
    warm_up_days: int | None
    labels: list[str]
    label_delay_days: int | None
    asked_at: datetime
    done_at: datetime | None
    events: int | None
    seconds: float | None
    state: str
    run: UUID | None
    done: int = 0
    total: int = 0
    message: str = ""

    @staticmethod
    def of(row: Backtest, **more: Any) -> BacktestOut:
        """As it is sent."""
        kept = {name: getattr(row, name) for name in _PLAIN}
        return BacktestOut(id=row.pk, policy=row.candidate_label, against=row.base_label, **kept, **more)

    @staticmethod
    def page(row: Backtest) -> BacktestOut:
        """With how far its run is."""
        run = queries.run_of(row)
        state = DONE if row.done_at else run.state if run else queries.GONE
        moving = {"done": run.done, "total": run.total, "message": run.message} if run else {}
        return BacktestOut.of(row, state=state, **moving)


_PLAIN = (
    "candidate", "base", "from_at", "until_at", "warm_up_days", "labels", "label_delay_days", "asked_at", "done_at",
    "events", "seconds", "run",
)  # fmt: skip


@router.get("", response=list[BacktestOut])
@api_requires("policies.view")
def list_backtests(
    request: HttpRequest, policy: str = "", state: str = "", before: UUID | None = None, limit: int = 100
) -> list[BacktestOut]:
    """Backtests, the newest first; `policy` is `name@version`, `before` the last id of the page before."""
    rows = queries.backtests(person(request)).order_by("-id")
    wanted = {"candidate_label": policy, "state": state, "id__lt": before}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    found = rows[: max(1, min(limit, LARGEST_PAGE))]
    return [BacktestOut.of(row, state=row.state) for row in found]  # type: ignore[attr-defined]


@router.post("", response={202: BacktestOut})
@api_requires("policies.edit")
def start_backtest(request: HttpRequest, body: BacktestIn) -> Status[BacktestOut]:
    """Ask for one; 409 while another one runs."""
    if (body.version is None) == (body.draft is None):
        raise InvalidError(_("Name a version or a draft, one of them."), {"version": _("One of version and draft.")})
    if body.version is not None:
        candidate = policies.get_version(body.version).digest
    else:
        assert body.draft is not None, "one of them is given"
        candidate = policies.get_draft(body.draft).digest
    base = policies.get_version(body.against).digest if body.against is not None else ""
    asked = services.start(person(request), services.Wanted(
        candidate, base, body.from_at, body.until_at, body.warm_up_days, tuple(body.labels), body.label_delay_days
    ))  # fmt: skip
    return Status(202, BacktestOut.page(asked))


@router.get("/{backtest_id}", response=BacktestOut)
@api_requires("policies.view")
def get_backtest(request: HttpRequest, response: HttpResponse, backtest_id: UUID) -> Any:
    """One, and how far it is."""
    row = BacktestOut.page(queries.get_backtest(person(request), backtest_id))
    return tagged(request, response, row, about=[("backtest", backtest_id)])


@router.get("/{backtest_id}/report", response=dict[str, Any])
@api_requires("policies.view")
def get_report(request: HttpRequest, response: HttpResponse, backtest_id: UUID) -> Any:
    """Every figure of its report: `summary` as `seawall backtest` writes it, the largest events that change sides
    (`samples`), how it was made (`figures`). 409 while there is none."""
    row = queries.get_backtest(person(request), backtest_id)
    if row.result is None:
        raise ConflictError(_("This backtest has no report yet; read its state, then ask again."))
    return tagged(request, response, row.result, about=[("backtest", backtest_id)])


@router.post("/{backtest_id}/cancel", response=BacktestOut)
@api_requires("policies.edit")
@conditional(required=False)
def cancel_backtest(request: HttpRequest, response: HttpResponse, backtest_id: UUID) -> Any:
    """Ask it to stop. It moves on by itself, so If-Match is not asked for; it is obeyed where it comes."""
    me, about = person(request), [("backtest", backtest_id)]

    def shown() -> BacktestOut:
        return BacktestOut.page(queries.get_backtest(me, backtest_id))

    with unchanged(request, shown, about=about, required=False):
        services.cancel(me, backtest_id)
    return tagged(request, response, shown(), about=about)
