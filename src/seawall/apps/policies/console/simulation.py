"""One event under a version or a draft, every leaf shown: a fragment for the pages of both."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from seawall.apps.accounts.permissions import has_permission, person
from seawall.apps.decisions import queries as decisions
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.decisions.console.decisions import waterfall_step
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.policies import bundles, queries
from seawall.console import formatting
from seawall.console.words import OUTCOMES

CHOICES = 20


def choices(request: HttpRequest) -> list[tuple[str, str]]:
    """(id, what it was) of the newest decisions that this person may see."""
    me = person(request)
    if not has_permission(me, "decisions.view"):
        return []
    rows = decisions.decisions(me).order_by("-sequence")[:CHOICES]
    return [(str(one.decision_id), _described(one)) for one in rows]


def simulated(request: HttpRequest, digest: str, url: str) -> HttpResponse:
    """The answer for `?decision=ID`, or for a typed event (POST `event`)."""
    context: dict[str, Any] = {"url": url}
    try:
        context |= _posted(request, digest) if request.method == "POST" else _recorded(request, digest)
    except (InvalidError, ArchiveError, UnknownError) as error:
        context["problem"] = str(error)
    return render(request, "policies/parts/simulated.html", context)


def _recorded(request: HttpRequest, digest: str) -> dict[str, Any]:
    try:
        decision_id = UUID(request.GET.get("decision", ""))
    except ValueError:
        raise InvalidError(_("Choose a decision, or paste the id of one.")) from None
    row = decisions.get_decision(person(request), decision_id)
    return {"before": row, **_shown(queries.simulated(digest, decision_id), digest)}


def _posted(request: HttpRequest, digest: str) -> dict[str, Any]:
    typed = request.POST.get("event", "")
    try:
        json.loads(typed)
    except ValueError as error:
        raise InvalidError(_("This is no JSON: %(problem)s.") % {"problem": str(error)[:200]}) from None
    return _shown(queries.simulated(digest, None, typed.encode(), time.time_ns() // 1_000_000), digest)


def _shown(found: Any, digest: str) -> dict[str, Any]:
    policy = bundles.policy(digest).pack.policy
    thresholds = sorted((at, outcome) for outcome, at in policy.thresholds.items())
    return {
        "found": found, "steps": [waterfall_step(one) for one in found.reasons], "cap": policy.score_cap,
        "thresholds": [(at, OUTCOMES[outcome].title) for at, outcome in thresholds],
    }  # fmt: skip


def _described(row: DecisionRow) -> str:
    outcome = OUTCOMES[row.outcome].title
    return f"{formatting.when(row.effective_at)} · {row.event_type} · {outcome} {row.score}"
