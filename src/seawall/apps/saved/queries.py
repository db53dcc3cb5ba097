"""Reading saved views."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
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
    rows = SavedView.objects.filter(_shared_with(user), page=page).exclude(owner=user)
    return list(rows.order_by("title", "id")[:MOST])


def visible(user: User) -> QuerySet[SavedView]:
    """A person's own views of all lists, and those that others share with them."""
    return SavedView.objects.filter(Q(owner=user) | _shared_with(user))


def seen(user: User, view_id: UUID) -> SavedView:
    """One of those. UnknownError for a view that this person cannot see."""
    found = visible(user).filter(pk=view_id).first()
    if found is None:
        raise UnknownError(_("There is no such view, or nobody shares it with you."))
    return found


def _shared_with(user: User) -> Q:
    return Q(role__in=roles(user), owner__is_active=True)


def get(user: User, view_id: UUID) -> SavedView:
    """One of a person's own views. UnknownError for anybody else's."""
    found = SavedView.objects.filter(pk=view_id, owner=user).first()
    if found is None:
        raise UnknownError(_("There is no such view among yours."))
    return found


def roles(user: User) -> list[str]:
    """The roles this person holds now: with whom they may share."""
    return sorted({grant.role.key for grant in user.grants})
