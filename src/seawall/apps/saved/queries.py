"""Reading saved views."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.errors import UnknownError
from seawall.apps.saved.models import SavedView

MOST = 30  # of one person on a page; as many shared ones are shown


def own(user: User, page: str) -> list[SavedView]:
    """A person's views of a list, in their order."""
    return list(SavedView.objects.filter(owner=user, page=page))


def shared(user: User, page: str) -> list[SavedView]:
    """What others share with the roles this person holds now, by name."""
    rows = SavedView.objects.filter(page=page, role__in=roles(user), owner__is_active=True).exclude(owner=user)
    return list(rows.order_by("title", "id")[:MOST])


def get(user: User, view_id: UUID) -> SavedView:
    """One of a person's own views. UnknownError for anybody else's."""
    found = SavedView.objects.filter(pk=view_id, owner=user).first()
    if found is None:
        raise UnknownError(_("There is no such view among yours."))
    return found


def roles(user: User) -> list[str]:
    """The roles this person holds now: with whom they may share."""
    return sorted({grant.role.key for grant in user.grants})
