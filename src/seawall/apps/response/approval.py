"""The room's kind of four-eyes request, and what happens to an action whose request came to nothing."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from seawall.apps.approvals.kinds import Kind, register
from seawall.apps.approvals.models import EXPIRED, REJECTED, WITHDRAWN, Request
from seawall.apps.response import services
from seawall.apps.response.kinds import KINDS
from seawall.console import formatting


def describe(key: str, value: object) -> tuple[str, str]:
    """One field of a request in words."""
    if key == "kind":
        return pgettext("action", "Action"), str(KINDS[str(value)].title)
    if key == "minutes":
        return _("For"), formatting.duration(int(str(value)) * 60) if value else formatting.MISSING
    titles = {"target": _("Target"), "list": _("List"), "limit": _("Limit"), "amount": _("Amount"), "to": _("To")}
    return titles.get(key, key), str(value)


register(
    Kind(services.APPROVAL, gettext_lazy("Take an action"), "actions.start", "actions.approve", services.execute,
         describe=describe)
)  # fmt: skip


@receiver(post_save, sender=Request, dispatch_uid="response.came_to_nothing")
def came_to_nothing(instance: Request, created: bool, **kwargs: Any) -> None:
    """In the transaction that rejects, withdraws or expires the request."""
    if not created and instance.kind == services.APPROVAL and instance.state in (REJECTED, WITHDRAWN, EXPIRED):
        services.came_to_nothing(instance)
