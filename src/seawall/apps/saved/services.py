"""Commands on saved views. What only its owner sees is nobody's business; what is shared is in the ledger."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.saved import queries
from seawall.apps.saved.models import LONGEST_TITLE, SavedView
from seawall.console.saved import Offer


def save(user: User, offer: Offer, title: str, role: str = "") -> SavedView:
    """Keep a list as it is looked at. InvalidError names the field; ConflictError when the person has MOST on it."""
    title = _title(title)
    _may_share(user, role)
    with transaction.atomic():
        mine = list(SavedView.objects.select_for_update().filter(owner=user, page=offer.page))
        if len(mine) >= queries.MOST:
            raise ConflictError(_("You keep %(most)d views of this list; delete one first.") % {"most": queries.MOST})
        _not_taken(mine, title)
        position = max((one.position for one in mine), default=0) + 1
        made = SavedView.objects.create(
            owner=user, page=offer.page, path=offer.path, query=offer.query, title=title, role=role, position=position,
        )  # fmt: skip
        if role:
            _record(user, "view.shared", made, role=role)
    return made


def change(user: User, view_id: UUID, title: str, role: str = "") -> SavedView:
    """Another name, shared with another role or with nobody. Errors as of `save`, UnknownError for others' views."""
    title = _title(title)
    with transaction.atomic():
        found = queries.get(user, view_id)
        if role != found.role:
            _may_share(user, role)
        _not_taken([one for one in queries.own(user, found.page) if one.pk != found.pk], title)
        before, found.title, found.role = found.role, title, role
        found.save(update_fields=["title", "role"])
        if role and role == before:
            _record(user, "view.changed", found, role=role)
        elif role:
            _record(user, "view.shared", found, role=role)
        elif before:
            _record(user, "view.withdrawn", found, role=before)
    return found


def delete(user: User, view_id: UUID) -> SavedView:
    """Forget a view. UnknownError for others' views."""
    with transaction.atomic():
        found = queries.get(user, view_id)
        if found.role:
            _record(user, "view.withdrawn", found, role=found.role)
        SavedView.objects.filter(pk=found.pk).delete()
    return found


def move(user: User, view_id: UUID, *, earlier: bool) -> SavedView:
    """Change places with the tab before it, or the one after; the outermost stays."""
    with transaction.atomic():
        found = queries.get(user, view_id)
        order = queries.own(user, found.page)
        at = next(n for n, one in enumerate(order) if one.pk == found.pk)
        to = max(0, at - 1) if earlier else min(len(order) - 1, at + 1)
        order[at], order[to] = order[to], order[at]
        for n, one in enumerate(order, 1):
            one.position = n
        SavedView.objects.bulk_update(order, ["position"])
    return found


def _title(text: str) -> str:
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST_TITLE:
        words = _("A name of 1 to %(most)d characters.") % {"most": LONGEST_TITLE}
        raise InvalidError(words, {"title": words})
    return text


def _may_share(user: User, role: str) -> None:
    if role and role not in queries.roles(user):
        words = _("Share with a role that you hold yourself.")
        raise InvalidError(words, {"role": words})


def _not_taken(others: list[SavedView], title: str) -> None:
    if any(one.title == title for one in others):
        words = _("You have a view of this name here.")
        raise InvalidError(words, {"title": words})


def _record(user: User, action: str, view: SavedView, **data: str) -> None:
    record(user, action, "view", view.pk, {"page": view.page, **data}, private={"title": view.title})
