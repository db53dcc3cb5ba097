"""The room's kind of four-eyes request: a webhook endpoint, new or changed, since it is where data leaves to."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.apps.approvals.kinds import Kind, register
from seawall.apps.approvals.models import EXPIRED, REJECTED, WITHDRAWN, Request
from seawall.apps.outbox import webhooks
from seawall.console.words import word


def describe(key: str, value: object) -> tuple[str, str]:
    """One field of a request in words."""
    if key == "kinds" and isinstance(value, list):
        return _("Events"), " · ".join(str(word(webhooks.KINDS, one).title) for one in value)
    return {"name": _("Name"), "url": _("URL")}.get(key, key), str(value)


def register_kind() -> None:
    """Make endpoints something a second person decides."""
    register(Kind(webhooks.CHANGE, gettext_lazy("Webhook endpoint"), webhooks.PERMISSION, webhooks.APPROVE,
                  webhooks.execute, describe=describe))  # fmt: skip


@receiver(post_save, sender=Request, dispatch_uid="outbox.endpoint")
def came_to_nothing(instance: Request, created: bool, **kwargs: Any) -> None:
    """In the transaction that rejects, withdraws or expires the request."""
    if not created and instance.kind == webhooks.CHANGE and instance.state in {REJECTED, WITHDRAWN, EXPIRED}:
        webhooks.dropped(instance)
