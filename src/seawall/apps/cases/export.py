"""A case as one file of HTML: it opens without Seawall or a network, prints well, and names what proves it."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from seawall import __version__
from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.queries import entries_of
from seawall.apps.audit.services import record
from seawall.apps.cases import queries
from seawall.apps.cases.console.alerts import titles
from seawall.apps.cases.console.timeline import timeline
from seawall.apps.cases.models import AlertHit, LabelDelivery
from seawall.apps.cases.states import ALERT_STATES, CASE_STATES, LABEL_STATES

EXPORT = "cases.export"
MOST_HITS = 2_000


def export_case(user: User, case_id: UUID) -> tuple[str, bytes]:
    """(name, bytes) of the file; its SHA-256 is recorded in the ledger. UnknownError, DeniedError."""
    case = queries.get_case(user, case_id)
    check(user, EXPORT, case)
    alerts = queries.alerts_of(case)
    hits = AlertHit.objects.filter(alert__in=alerts).select_related("alert").order_by("-sequence")[:MOST_HITS]
    entries = list(entries_of("case", case.pk))
    context: dict[str, Any] = {
        "case": case,
        "state": CASE_STATES[case.state],
        "alerts": [(one, ALERT_STATES[one.state]) for one in alerts],
        "hits": [(one, titles(one)) for one in hits],
        "entities": list(case.entities.all()),
        "notes": list(case.notes.select_related("author").order_by("id")),
        "tasks": list(case.tasks.select_related("assignee", "done_by").order_by("id")),
        "evidence": list(case.evidence.select_related("added_by").order_by("id")),
        "dispositions": list(case.dispositions.select_related("maker", "checker").order_by("id")),
        "labels": [
            (one, LABEL_STATES[one.state])
            for one in LabelDelivery.objects.filter(disposition__case=case).order_by("id")
        ],
        "moments": list(reversed(timeline(entries, [], [], lambda hit: ""))),
        "person": user,
        "now": timezone.now(),
        "software": f"Seawall {__version__}",
    }
    data = render_to_string("cases/export.html", context).encode()
    digest = hashlib.sha256(data).hexdigest()
    with transaction.atomic():
        record(user, "case.exported", "case", case.pk, {"sha256": digest, "size": len(data)})
    return f"{case.number}.html", data
