"""Commands about people: make, change, disable, assign and end roles, reset second factors, end sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.permissions import check
from seawall.apps.accounts.roles import ADMIN, Role, catalog
from seawall.apps.accounts.scope import parse_scope
from seawall.apps.accounts.tokens import revoke_all
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError

OPERATOR = "operator"  # whoever runs the `seawall` command on the host
MANAGE = "users.manage"
ASSIGN = "accounts.assign_role"
Actor = User | str


@dataclass(frozen=True)
class Wanted:
    """A role to be assigned: from when, until when, how far, and why."""

    role: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    scope: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    def checked(self) -> Role:
        """The role, if the assignment would be valid. InvalidError says what is missing."""
        role = catalog().roles.get(self.role)
        if role is None:
            known = ", ".join(catalog().roles)
            raise InvalidError(
                _("There is no role %(role)s; there are %(known)s.") % {"role": self.role, "known": known}
            )
        scope = parse_scope(self.scope)
        if role.scoped and scope.everything:
            raise InvalidError(_("%(role)s needs a scope: queues, cases or days.") % {"role": role})
        if role.scoped and self.valid_until is None:
            raise InvalidError(_("%(role)s needs an end.") % {"role": role})
        start = self.valid_from or timezone.now()
        if self.valid_until is not None and self.valid_until <= start:
            raise InvalidError(_("The assignment ends before it begins."))
        return role


# --- people -----------------------------------------------------------------------------------------------------------


def create_user(
    actor: Actor, username: str, password: str | None, *, display_name: str = "", language: str = ""
) -> User:
    """A new person without roles; without a password they cannot sign in yet. InvalidError names the field."""
    _may_manage(actor)
    user = User(username=username, display_name=display_name.strip(), language=language)
    _set_password(user, password)
    try:
        user.clean()
        user.full_clean(exclude=["password"])
        with transaction.atomic():
            user.save(force_insert=True)
            record(actor, "user.created", "user", user.pk, private={"username": user.username})
    except ValidationError as error:
        raise _invalid(error) from None
    except IntegrityError:
        raise InvalidError(_("This name is taken."), {"username": _("This name is taken.")}) from None
    return user


def first_user(username: str, password: str, *, display_name: str = "", language: str = "") -> User:
    """The first person of a platform, with the role admin. ConflictError once there is anybody."""
    with transaction.atomic():
        if User.objects.select_for_update().exists():
            raise ConflictError(_("This platform is set up already; sign in."))
        user = create_user(OPERATOR, username, password, display_name=display_name, language=language)
        _assign(OPERATOR, user, Wanted(ADMIN, reason="first person of the platform"))
    return user


def set_password(actor: Actor, user: User, password: str) -> None:
    """Give a person a new password and end their sessions."""
    _may_manage(actor)
    _set_password(user, password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        _end_sessions(UserSession.objects.filter(user=user))
        record(actor, "user.password_set", "user", user.pk)


def disable(actor: Actor, user_id: UUID, reason: str = "") -> User:
    """Nobody signs in as this person any more; sessions and tokens end. ConflictError for the last administrator."""
    _may_manage(actor)
    with transaction.atomic():
        user = _user(user_id)
        if isinstance(actor, User) and actor.pk == user.pk:
            raise ConflictError(_("You cannot disable yourself; ask another administrator."))
        _keep_an_admin(leaving=user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        _end_sessions(UserSession.objects.filter(user=user))
        revoke_all(actor, user)
        record(actor, "user.disabled", "user", user.pk, private={"reason": reason} if reason else None)
    return user


def enable(actor: Actor, user_id: UUID) -> User:
    """Let a disabled person sign in again."""
    _may_manage(actor)
    with transaction.atomic():
        user = _user(user_id)
        user.is_active = True
        user.save(update_fields=["is_active"])
        record(actor, "user.enabled", "user", user.pk)
    return user


def reset_factors(actor: Actor, user_id: UUID) -> User:
    """Remove a person's second factors, unlock them, end their sessions; the next sign-in sets up new ones."""
    _may_manage(actor)
    with transaction.atomic():
        user = _user(user_id)
        Authenticator.objects.filter(user=user).delete()
        AccessAttempt.objects.filter(username=user.username).delete()
        _end_sessions(UserSession.objects.filter(user=user))
        record(actor, "user.factors_reset", "user", user.pk)
    return user


def change_profile(user: User, *, display_name: str, language: str, theme: str) -> None:
    """One's own name, language and theme."""
    user.display_name, user.language, user.theme = display_name.strip(), language, theme
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise _invalid(error) from None
    with transaction.atomic():
        user.save(update_fields=["display_name", "language", "theme"])
        record(user, "user.profile_changed", "user", user.pk)


def end_session(user: User, session_id: int) -> None:
    """End one of one's own sessions. UnknownError for anybody else's."""
    with transaction.atomic():
        if not _end_sessions(UserSession.objects.filter(user=user, pk=session_id)):
            raise UnknownError(_("This session has ended already."))
        record(user, "user.session_ended", "user", user.pk)


def end_other_sessions(user: User, current_key: str | None) -> int:
    """End all of one's own sessions but the one at hand; returns how many ended."""
    with transaction.atomic():
        ended = _end_sessions(UserSession.objects.filter(user=user).exclude(session_key=current_key or ""))
        if ended:
            record(user, "user.sessions_ended", "user", user.pk, {"sessions": ended})
    return ended


# --- roles ------------------------------------------------------------------------------------------------------------


def assign(actor: Actor, user_id: UUID, wanted: Wanted) -> Assignment | Request:
    """Give a person a role; a role that asks for four eyes becomes a request to approve (the operator's does not).

    InvalidError for an unknown role, a missing scope or end; ConflictError when the person holds the role already.
    """
    _may_manage(actor)
    role = wanted.checked()
    user = _user(user_id)
    _not_held(user, wanted)
    if role.four_eyes and isinstance(actor, User):
        return approvals.submit(
            actor, ASSIGN, "user", user.pk, _payload(wanted), wanted.reason, title=str(user), before=_held(user)
        )
    with transaction.atomic():
        return _assign(actor, user, wanted)


def end_assignment(actor: Actor, assignment_id: UUID, reason: str = "") -> Assignment:
    """Take a role back, from now on. ConflictError for the last administrator or an assignment that has ended."""
    _may_manage(actor)
    now = timezone.now()
    with transaction.atomic():
        found = Assignment.objects.select_for_update().select_related("user").filter(pk=assignment_id).first()
        if found is None:
            raise UnknownError(_("There is no such assignment."))
        if found.valid_until is not None and found.valid_until <= now:
            raise ConflictError(_("This assignment has ended already."))
        if found.role == ADMIN:
            _keep_an_admin(leaving=found.user)
        found.valid_until = max(now, found.valid_from)
        found.save(update_fields=["valid_until"])
        about = {"user": str(found.user_id), "role": found.role}
        record(actor, "role.ended", "assignment", found.pk, about, private={"reason": reason} if reason else None)
    return found


def execute_assignment(request: Request, checker: User) -> None:
    """Carry out an approved request for a role."""
    data = request.payload
    wanted = Wanted(data["role"], _instant(data["from"]), _instant(data["until"]), data["scope"], request.reason)
    wanted.checked()
    user = _user(UUID(request.object_id))
    _not_held(user, wanted)
    _assign(request.maker, user, wanted)


def _assign(actor: Actor, user: User, wanted: Wanted) -> Assignment:
    made = Assignment.objects.create(
        user=user, role=wanted.role, scope=dict(wanted.scope), valid_from=wanted.valid_from or timezone.now(),
        valid_until=wanted.valid_until, created_by=actor if isinstance(actor, User) else None,
        reason=wanted.reason[:500],
    )  # fmt: skip
    about = {"user": str(user.pk), "role": wanted.role, "scope": dict(wanted.scope)}
    until = {"until": wanted.valid_until.isoformat()} if wanted.valid_until else {}
    record(actor, "role.assigned", "assignment", made.pk, about | until,
           private={"reason": wanted.reason} if wanted.reason else None)  # fmt: skip
    user.forget_grants()
    return made


def _payload(wanted: Wanted) -> dict[str, Any]:
    ends = {"from": wanted.valid_from, "until": wanted.valid_until}
    return {"role": wanted.role, "scope": dict(wanted.scope)} | {
        k: v.isoformat() if v else None for k, v in ends.items()
    }


def _held(user: User) -> dict[str, Any]:
    return {"roles": sorted(grant.role.key for grant in user.grants)}


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _not_held(user: User, wanted: Wanted) -> None:
    held = [grant for grant in user.grants if grant.role.key == wanted.role]
    if any(grant.scope.everything or grant.scope == parse_scope(wanted.scope) for grant in held):
        raise ConflictError(_("%(user)s holds this role already.") % {"user": user})


# --- what the commands share ------------------------------------------------------------------------------------------


def _may_manage(actor: Actor) -> None:
    if isinstance(actor, User):
        check(actor, MANAGE)
    elif actor != OPERATOR:
        raise ValueError(f"an actor is a person or {OPERATOR!r}, not {actor!r}")


def _user(user_id: UUID) -> User:
    found = User.objects.select_for_update().filter(pk=user_id).first()
    if found is None:
        raise UnknownError(_("There is no such person."))
    return found


def _keep_an_admin(leaving: User) -> None:
    others = User.objects.exclude(pk=leaving.pk).filter(is_active=True, assignments__role=ADMIN).distinct()
    is_admin = any(grant.role.key == ADMIN for grant in leaving.grants)
    if is_admin and not any(grant.role.key == ADMIN for other in others for grant in other.grants):
        raise ConflictError(_("This is the last administrator; give somebody else the role first."))


def _set_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidError(" ".join(error.messages), {"password": " ".join(error.messages)}) from None
    user.set_password(password)


def _end_sessions(sessions: Any) -> int:
    ended = list(sessions)
    for session in ended:
        session.end()
    return len(ended)


def _invalid(error: ValidationError) -> InvalidError:
    fields = {name: " ".join(texts) for name, texts in error.message_dict.items()}
    return InvalidError(" ".join(fields.values()), fields)
