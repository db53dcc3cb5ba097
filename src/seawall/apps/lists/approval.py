"""The room's kinds of four-eyes request: a change of an entry, an import."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.apps.approvals.kinds import Kind, register
from seawall.apps.approvals.models import EXPIRED, REJECTED, WITHDRAWN, Request
from seawall.apps.lists.declared import title
from seawall.apps.lists.services import entries, imports
from seawall.apps.lists.states import ACTIONS, KINDS
from seawall.console.words import word

_NOTHING = {REJECTED, WITHDRAWN, EXPIRED}
_DROPPED = {entries.CHANGE: entries.dropped, imports.IMPORT: imports.dropped}


def describe(key: str, value: object) -> tuple[str, str]:
    """One field of a request in words."""
    text = str(value)
    if key == "list":
        return _("List"), title(text)
    if key == "kind":
        return _("Kind"), str(word(KINDS, text).title)
    if key == "action":
        return _("Change"), str(word(ACTIONS, text).title)
    if key == "until":
        return _("Valid until"), text or _("no end")
    labels = {"value": _("Value"), "from": _("Valid from"), "file": _("File"), "entries": _("New entries"),
              "bad": _("Bad lines")}  # fmt: skip
    return labels.get(key, key), text


def register_kinds() -> None:
    """Make changes of lists something a second person decides."""
    edit, approve = entries.EDIT, entries.APPROVE
    register(Kind(entries.CHANGE, gettext_lazy("Change of a list"), edit, approve, entries.execute, describe=describe))
    register(
        Kind(imports.IMPORT, gettext_lazy("Import into a list"), edit, approve, imports.execute, describe=describe)
    )


@receiver(post_save, sender=Request, dispatch_uid="lists.change")
def change_came_to_nothing(instance: Request, created: bool, **kwargs: Any) -> None:
    """In the transaction that rejects, withdraws or expires the request."""
    if not created and instance.kind in _DROPPED and instance.state in _NOTHING:
        _DROPPED[instance.kind](instance)
