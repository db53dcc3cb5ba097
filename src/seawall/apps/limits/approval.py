"""The room's kind of four-eyes request."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from seawall.apps.approvals.kinds import Kind, register
from seawall.apps.approvals.models import EXPIRED, REJECTED, WITHDRAWN, Request
from seawall.apps.limits.declared import title
from seawall.apps.limits.models import SCOPES
from seawall.apps.limits.services import changes

_NOTHING = {REJECTED, WITHDRAWN, EXPIRED}


def describe(key: str, value: object) -> tuple[str, str]:
    """One field of a request in words."""
    text = str(value)
    if key == "setting":
        return _("Limit"), title(text)
    if key == "scope":
        return _("Scope"), str(dict(SCOPES).get(text, text))
    if key == "value":
        return _("Value"), _("The entry is removed") if text == "removed" else text
    labels = {"key": pgettext("limit", "For"), "from": _("Valid from"), "until": _("Valid until")}
    return labels.get(key, key), text


def register_kind() -> None:
    """Make changes of limits something a second person decides."""
    kind = Kind(
        changes.CHANGE, gettext_lazy("Change a limit"), changes.EDIT, changes.APPROVE, changes.execute,
        describe=describe,
    )  # fmt: skip
    register(kind)


@receiver(post_save, sender=Request, dispatch_uid="limits.change")
def change_came_to_nothing(instance: Request, created: bool, **kwargs: Any) -> None:
    """In the transaction that rejects, withdraws or expires the request."""
    if not created and instance.kind == changes.CHANGE and instance.state in _NOTHING:
        changes.dropped(instance)
