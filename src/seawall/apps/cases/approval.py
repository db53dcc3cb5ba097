"""The room's kinds of four-eyes request, and what happens to a case whose request came to nothing."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from seawall.apps.approvals.kinds import Kind, register
from seawall.apps.approvals.models import EXPIRED, REJECTED, WITHDRAWN, Request
from seawall.apps.cases.services import alerts, closure

_NOTHING = {REJECTED, WITHDRAWN, EXPIRED}

register(
    Kind(
        closure.CLOSE, _("Close a case"), "cases.close", "cases.approve", closure.execute, facts=closure.request_facts,
        describe=closure.describe,
    )
)  # fmt: skip
register(Kind(alerts.SUPPRESS, _("Suppress alerts"), "alerts.suppress", "alerts.suppress", alerts.execute_suppression))


@receiver(post_save, sender=Request, dispatch_uid="cases.closure")
def closure_came_to_nothing(instance: Request, created: bool, **kwargs: Any) -> None:
    """In the transaction that rejects, withdraws or expires the request."""
    if not created and instance.kind == closure.CLOSE and instance.state in _NOTHING:
        closure.returned(instance)
