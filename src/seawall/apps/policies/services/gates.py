"""What a version has shown: reports by content, what transitions demand, the checks that run as jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check as check_permission
from seawall.apps.approvals.models import PENDING, Request
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.jobs import services as jobs
from seawall.apps.jobs.models import Run
from seawall.apps.policies import bundles
from seawall.apps.policies.checking import check
from seawall.apps.policies.models import GateReport, Version
from seawall.apps.policies.models.deployment import ACTIVE, CHAMPION
from seawall.apps.policies.models.gate import BACKTEST, CASES, COST
from seawall.apps.policies.services.moves import touch
from seawall.apps.policies.states import EDIT, Transition, transition
from seawall.engine.door import Event
from seawall.engine.engine import Engine
from seawall.engine.errors import PackError
from seawall.engine.event import upcast
from seawall.engine.journal import EventRecord
from seawall.engine.pack_case import run_case
from seawall.engine.policy import CompiledPolicy

PUBLISH = "policies.publish"
FEWEST_EVENTS = 50
WARM_UP = 20
JOBS: Mapping[str, str] = {CASES: "policies-cases", COST: "policies-cost"}


# --- reports ----------------------------------------------------------------------------------------------------------


def note(
    digest: str, kind: str, passed: bool, summary: Mapping[str, Any], *, against: str = "", url: str = "",
    run: UUID | None = None, by: User | None = None,
) -> GateReport:  # fmt: skip
    """Keep a report about a content, and move the versions that it concerns: cases that pass make a draft tested, a
    backtest that is in makes a tested one backtested, a case that fails takes both back.
    """
    with transaction.atomic():
        report = GateReport.objects.create(
            digest=digest, kind=kind, passed=passed, summary=dict(summary), against=against, url=url, run=run, by=by
        )
        record(by or SYSTEM, "policy.checked", "policy_content", digest, {"kind": kind, "passed": passed})
        for version in Version.objects.select_for_update().select_related("policy").filter(bundle=digest):
            _advance(version)
    return report


def latest(digest: str) -> dict[str, GateReport]:
    """The newest report of each kind about a content."""
    found: dict[str, GateReport] = {}
    for report in GateReport.objects.filter(digest=digest).order_by("id"):
        found[report.kind] = report
    return found


def start(user: User, digest: str, kind: str) -> Run:
    """Run the unit cases or measure the cost of a content, as a job. DeniedError, InvalidError for another kind."""
    check_permission(user, EDIT)
    if kind not in JOBS:
        raise InvalidError(_("There is no such check; there are: %(known)s.") % {"known": ", ".join(JOBS)})
    bundles.files(digest)
    return jobs.start(user, JOBS[kind], digest=digest)


def advance(version: Version) -> None:
    """Move a version by the reports about its content: what was checked as a draft need not be checked again."""
    with transaction.atomic():
        _advance(Version.objects.select_for_update().select_related("policy").get(pk=version.pk))


def _advance(version: Version) -> None:
    for action in ("fail_cases", "pass_cases", "pass_backtest"):
        row = transition(action)
        holds = _case_failed(version) if action == "fail_cases" else not missing(version, row)
        if version.state in row.sources and holds:
            touch(version, row.to)


def _case_failed(version: Version) -> bool:
    newest = latest(version.digest).get(CASES)
    return newest is not None and not newest.passed


# --- demands ----------------------------------------------------------------------------------------------------------


def missing(version: Version, row: Transition, besides: Sequence[str] = ()) -> list[str]:
    """What a transition demands and the version does not show, as texts; `besides` are demands left out."""
    found = (DEMANDS[name](version) for name in row.demands if name not in besides)
    return [text for text in found if text]


def demand(version: Version, row: Transition, besides: Sequence[str] = ()) -> None:
    """ConflictError that names everything that is missing."""
    lacks = missing(version, row, besides)
    if lacks:
        raise ConflictError(" ".join(lacks))


def _checked(version: Version) -> str:
    try:
        bundles.policy(version.digest)
    except InvalidError:
        return _("The checker finds errors in it.")
    return ""


def _cases(version: Version) -> str:
    newest = latest(version.digest).get(CASES)
    if newest is None:
        return _("Its unit cases were not run yet.")
    return "" if newest.passed else _("Its unit cases do not all pass.")


def _backtest(version: Version) -> str:
    newest = latest(version.digest).get(BACKTEST)
    if newest is None:
        return _("There is no backtest of exactly this content yet.")
    return "" if newest.passed else _("Its backtest did not finish.")


def _not_waiting(version: Version) -> str:
    waiting = Request.objects.filter(
        kind=PUBLISH, object_type="policy_version", object_id=str(version.pk), state=PENDING
    )
    return _("A request for it waits already.") if waiting.exists() else ""


def _was_champion(version: Version) -> str:
    before = version.placements.filter(role=CHAMPION, deployment__outcome=ACTIVE)
    return "" if before.exists() else _("It never was the champion.")


DEMANDS: Mapping[str, Callable[[Version], str]] = {
    "checked": _checked,
    "cases": _cases,
    "backtest": _backtest,
    "not_waiting": _not_waiting,
    "was_champion": _was_champion,
}


# --- the checks themselves --------------------------------------------------------------------------------------------


def run_cases(digest: str, progress: Callable[[int, int], None]) -> tuple[bool, dict[str, Any]]:
    """Whether all unit cases of a content pass, and what differs in those that do not; none at all do not pass."""
    checked = check(bundles.files(digest))
    if checked.policy is None:
        return False, {"cases": 0, "failed": 0, "problems": [str(one) for one in checked.errors[:20]]}
    cases = checked.policy.pack.tests
    failed = []
    for place, case in enumerate(cases):
        progress(place, len(cases))
        differs = run_case(checked.policy, case)
        if differs:
            failed.append({"name": dict(case.name), "line": case.place.line, "differences": differs[:10]})
    progress(len(cases), len(cases))
    summary = {"cases": len(cases), "failed": len(failed), "failures": failed[:50]}
    return bool(cases) and not failed, summary


def measure_cost(
    digest: str, against: str, records: Sequence[EventRecord], progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Microseconds of CPU a decision, one event at a time over the same events, of a content and of another beside it.

    InvalidError where there are too few events to tell.
    """
    figures: dict[str, Any] = {}
    for place, (name, one) in enumerate({"candidate": digest, "champion": against}.items()):
        progress(place, 2)
        if one:
            figures[name], figures["events"] = _microseconds(_compiled(one), records)
    progress(2, 2)
    return figures


def _compiled(digest: str) -> CompiledPolicy:
    try:
        return bundles.policy(digest)
    except PackError as error:
        raise InvalidError(str(error).splitlines()[0]) from None


def _microseconds(policy: CompiledPolicy, records: Sequence[EventRecord]) -> tuple[float, int]:
    events = [event for record in records if (event := _as_known(policy, record.event)) is not None]
    if len(events) < FEWEST_EVENTS + WARM_UP:
        raise InvalidError(
            _("The cost is measured on decided events; there are %(count)d, and %(least)d are needed.")
            % {"count": len(events), "least": FEWEST_EVENTS + WARM_UP}
        )
    engine = Engine(policy)
    for event in events[:WARM_UP]:
        engine.step([event])
    began = time.thread_time_ns()
    for event in events[WARM_UP:]:
        engine.step([event])
    took = time.thread_time_ns() - began
    return round(took / 1000 / (len(events) - WARM_UP), 1), len(events) - WARM_UP


def _as_known(policy: CompiledPolicy, event: Event) -> Event | None:
    declared = policy.pack.events.get(event.type)
    if declared is None or event.version > declared.version:
        return None
    if event.version == declared.version:
        return event
    fields = upcast(declared, event.fields, event.version)
    return Event(event.event_id, event.type, event.event_time, event.received_at, fields, event.mac, declared.version)
