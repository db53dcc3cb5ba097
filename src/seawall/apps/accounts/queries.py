"""Reading people and roles."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import Assignment, User
from seawall.apps.errors import UnknownError


def anybody() -> bool:
    """Whether the platform has people yet."""
    return User.objects.exists()


def users() -> QuerySet[User]:
    """Everybody, with their assignments."""
    return User.objects.prefetch_related("assignments")


def get_user(user_id: UUID) -> User:
    """One person. UnknownError where there is none."""
    found = users().filter(pk=user_id).first()
    if found is None:
        raise UnknownError(_("There is no such person."))
    return found


def user_named(username: str) -> User:
    """The person of that name, in any case. UnknownError where there is none."""
    found = users().filter(username=username.casefold()).first()
    if found is None:
        raise UnknownError(_("There is no person named %(name)s.") % {"name": username})
    return found


def assignments_of(user: User) -> QuerySet[Assignment]:
    """A person's roles, past ones too, the newest first."""
    return Assignment.objects.filter(user=user).select_related("created_by").order_by("-valid_from", "-id")


def get_assignment(assignment_id: UUID) -> Assignment:
    """One role of one person. UnknownError where there is none."""
    found = Assignment.objects.filter(pk=assignment_id).first()
    if found is None:
        raise UnknownError(_("There is no such assignment."))
    return found


def has_second_factor(user: User) -> bool:
    """Whether the person signs in with two factors."""
    return bool(is_mfa_enabled(user))


@dataclass(frozen=True)
class Session:
    """One browser signed in."""

    id: int
    address: str
    browser: str
    started: object
    seen: object
    current: bool


def sessions_of(user: User, current_key: str | None) -> list[Session]:
    """A person's live sessions, the newest first; ended ones are cleared away on the way."""
    return sorted(
        (
            Session(one.pk, one.ip, one.user_agent, one.created_at, one.last_seen_at, one.session_key == current_key)
            for one in UserSession.objects.purge_and_list(user)
        ),
        key=lambda session: str(session.started),
        reverse=True,
    )
