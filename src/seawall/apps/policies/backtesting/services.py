"""Commands: ask for a backtest, store what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.jobs import services as jobs
from seawall.apps.policies import bundles
from seawall.apps.policies.models import Draft, Version
from seawall.apps.policies.models.backtest import Backtest
from seawall.apps.policies.models.gate import BACKTEST as GATE
from seawall.apps.policies.services import gates
from seawall.engine.policy import CompiledPolicy

EDIT = "policies.edit"
JOB = "policies-backtest"
LONGEST_WARM_UP = 3_660  # days
MOST_LABELS = 20


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for, as in `Backtest`; `candidate` and `base` are digests of bundles."""

    candidate: str
    base: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None
    warm_up_days: int | None = None
    labels: tuple[str, ...] = ()
    label_delay_days: int | None = None


def start(user: User, wanted: Wanted) -> Backtest:
    """Queue a backtest. DeniedError; InvalidError for what does not fit together; ConflictError while one runs."""
    check(user, EDIT)
    candidate = bundles.policy(wanted.candidate)
    base = bundles.policy(wanted.base) if wanted.base else None
    _check(wanted, candidate, base)
    draft = Draft.objects.filter(bundle=wanted.candidate, version=None).order_by("-changed_at").first()
    named = Version.objects.filter(bundle=wanted.candidate).exists()
    with transaction.atomic():
        asked = Backtest.objects.create(
            candidate=wanted.candidate,
            candidate_label=candidate.label,
            draft=draft.pk if draft is not None and not named else None,
            base=wanted.base,
            base_label=base.label if base is not None else "",
            from_at=wanted.from_at,
            until_at=wanted.until_at,
            warm_up_days=wanted.warm_up_days,
            labels=list(wanted.labels),
            label_delay_days=wanted.label_delay_days,
            asked_by=user,
        )
        run = jobs.start(user, JOB, backtest=str(asked.pk))
        asked.run = run.pk
        asked.save(update_fields=["run"])
        data = {"policy": asked.candidate_label, "digest": asked.candidate, "against": asked.base, "run": str(run.pk)}
        record(user, "policy.backtest_started", "backtest", asked.pk, data)
    return asked


def cancel(user: User, backtest_id: UUID) -> Backtest:
    """Stop one that waits or runs. ConflictError where it is over."""
    asked = Backtest.objects.filter(pk=backtest_id).first()
    if asked is None or asked.run is None:
        raise UnknownError(_("There is no such backtest."))
    jobs.cancel(user, asked.run)
    return asked


def finish(backtest_id: UUID, result: Mapping[str, Any]) -> Backtest:
    """Store a result, once: with it comes the gate report of this content."""
    with transaction.atomic():
        asked = Backtest.objects.select_for_update().get(pk=backtest_id)
        if asked.done_at is not None:
            return asked
        figures = result["figures"]
        asked.result, asked.done_at = dict(result), timezone.now()
        asked.events, asked.seconds = figures["counted"], figures["seconds"]
        asked.save(update_fields=["result", "done_at", "events", "seconds"])
        gates.note(
            asked.candidate,
            GATE,
            True,
            _gate(asked, result),
            against=asked.base,
            url=reverse("backtests:backtest", args=[asked.pk]),
            run=asked.run,
            by=asked.asked_by,
        )
    return asked


def _gate(asked: Backtest, result: Mapping[str, Any]) -> dict[str, Any]:
    """The few figures that a reviewer sees first."""
    summary = result["summary"]
    judged = summary["b"] or summary["a"]
    found: dict[str, Any] = {"events": asked.events, "alerts_a_day": judged["alerts"]["review"]["mean"]}
    found["approved"] = judged["outcomes"][0]["share"]
    found["saved_share"] = judged["money"]["saved_share"]
    if summary["comparison"] is not None:
        changed = summary["comparison"]
        found["newly_stopped"] = changed["newly_stopped"]["events"]
        found["no_longer_stopped"] = changed["no_longer_stopped"]["events"]
    return found


def _check(wanted: Wanted, candidate: CompiledPolicy, base: CompiledPolicy | None) -> None:
    if wanted.from_at and wanted.until_at and wanted.until_at <= wanted.from_at:
        raise InvalidError(_("The period ends before it begins."), {"until_at": _("Choose a later end.")})
    if wanted.from_at and wanted.from_at > timezone.now() + timedelta(minutes=5):
        raise InvalidError(_("The period begins in the future."), {"from_at": _("Choose an earlier beginning.")})
    if base is not None and base.pack.base_currency != candidate.pack.base_currency:
        raise InvalidError(_("The two policies count in different base currencies."), {"base": _("Choose another.")})
    for name in ("warm_up_days", "label_delay_days"):
        value = getattr(wanted, name)
        if value is not None and not 0 <= value <= LONGEST_WARM_UP:
            raise InvalidError(_("A number of days is out of range."), {name: _("From 0 to 3,660 days.")})
    known = candidate.pack.labels if base is None else base.pack.labels
    unknown = [one for one in wanted.labels[:MOST_LABELS] if one not in known]
    if unknown:
        says = _("The policy has no label %(label)s; it has: %(known)s.")
        raise InvalidError(says % {"label": unknown[0][:64], "known": ", ".join(known) or "—"}, {"labels": unknown[0]})
