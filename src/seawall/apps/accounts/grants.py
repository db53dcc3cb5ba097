"""What a person may do at this moment: permissions with the scope they reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Q
from django.utils import timezone

from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.roles import Role, catalog
from seawall.apps.accounts.scope import Scope, parse_scope
from seawall.apps.errors import InvalidError


@dataclass(frozen=True)
class Grant:
    """One role as one person holds it now."""

    role: Role
    scope: Scope
    reach: frozenset[str] | None = None  # what an API token leaves of the role; None: all of it

    @property
    def permissions(self) -> frozenset[str]:
        """The role's permissions, as far as they may be used now."""
        return self.role.permissions if self.reach is None else self.role.permissions & self.reach

    def within(self, reach: frozenset[str]) -> Grant:
        """The same role, narrowed to some permissions."""
        return replace(self, reach=reach)


def grants_of(user: User) -> list[Grant]:
    """The roles that hold now. A disabled person has none; neither does an assignment whose role or scope cannot be
    read, or that lacks the scope or the end its role demands: what is unclear is denied."""
    if not user.is_active:
        return []
    now = timezone.now()
    rows = Assignment.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=now), user_id=user.pk, valid_from__lte=now
    )
    return [grant for row in rows if (grant := _grant(row)) is not None]


def _grant(row: Assignment) -> Grant | None:
    role = catalog().roles.get(row.role)
    if role is None:
        return None
    try:
        scope = parse_scope(row.scope)
    except InvalidError:
        return None
    if role.scoped and (scope.everything or row.valid_until is None):
        return None
    return Grant(role, scope)
