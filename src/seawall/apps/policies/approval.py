"""The room's kind of four-eyes request, and what happens to a version whose request came to nothing."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from seawall.apps.approvals.kinds import Kind, register
from seawall.apps.approvals.models import EXPIRED, REJECTED, WITHDRAWN, Request
from seawall.apps.policies.console.evidence import evidence
from seawall.apps.policies.services import publishing
from seawall.apps.policies.states import APPROVE, EDIT

_NOTHING = {REJECTED, WITHDRAWN, EXPIRED}

register(
    Kind(
        publishing.KIND,
        _("Publish a policy version"),
        EDIT,
        APPROVE,
        publishing.execute,
        describe=publishing.describe,
        evidence=evidence,
    )
)


@receiver(post_save, sender=Request, dispatch_uid="policies.publish")
def came_to_nothing(instance: Request, created: bool, **kwargs: Any) -> None:
    """In the transaction that rejects, withdraws or expires the request."""
    if not created and instance.kind == publishing.KIND and instance.state in _NOTHING:
        publishing.came_to_nothing(instance)
