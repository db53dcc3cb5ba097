"""REST: people, roles and API tokens."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from seawall.apps.accounts import queries, services, tokens
from seawall.apps.accounts.models import Assignment, Token, User
from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.accounts.services import Wanted
from seawall.apps.etag import conditional, tagged, unchanged

router = Router(tags=["accounts"])


class AssignmentOut(Schema):
    """A role somebody holds or held."""

    id: UUID
    role: str
    scope: dict[str, Any]
    valid_from: datetime
    valid_until: datetime | None


class UserOut(Schema):
    """A person."""

    id: UUID
    username: str
    display_name: str
    is_active: bool
    created_at: datetime
    assignments: list[AssignmentOut]

    @staticmethod
    def resolve_assignments(user: User) -> list[Assignment]:
        """All, past ones too."""
        return sorted(user.assignments.all(), key=lambda one: one.pk)


class UserIn(Schema):
    """A new person; without a password they sign in through a provider."""

    username: str
    password: str | None = None
    display_name: str = ""
    language: str = ""


class AssignmentIn(Schema):
    """A role to be assigned."""

    role: str
    reason: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    scope: dict[str, Any] = Field(default_factory=dict)


class ReasonIn(Schema):
    """Why."""

    reason: str = ""


class TokenOut(Schema):
    """An API token; its text was shown once."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class AssignedOut(Schema):
    """The assignment, or the request that must be approved first."""

    assignment: UUID | None = None
    approval: UUID | None = None


@router.get("/users", response=list[UserOut])
@api_requires("users.view")
def list_users(request: HttpRequest, after: str = "", limit: int = 100) -> list[User]:
    """People by name, after a name; at most 200 a page."""
    return list(queries.users().filter(username__gt=after).order_by("username")[: max(1, min(limit, 200))])


@router.get("/users/{user_id}", response=UserOut)
@api_requires("users.view")
def get_user(request: HttpRequest, response: HttpResponse, user_id: UUID) -> Any:
    """One person."""
    return _user(request, response, user_id)


@router.post("/users", response={201: UserOut})
@api_requires("users.manage")
def create_user(request: HttpRequest, response: HttpResponse, body: UserIn) -> Status[User]:
    """Make a person."""
    made = services.create_user(
        person(request), body.username, body.password, display_name=body.display_name, language=body.language
    )
    return Status(201, _user(request, response, made.pk))


@router.post("/users/{user_id}/assignments", response={201: AssignedOut})
@api_requires("users.manage")
@conditional()
def assign(request: HttpRequest, user_id: UUID, body: AssignmentIn) -> Status[AssignedOut]:
    """Give a role, or ask for it where four eyes are needed. If-Match: the person."""
    wanted = Wanted(body.role, body.valid_from, body.valid_until, body.scope, body.reason)
    with _same_user(request, user_id):
        made = services.assign(person(request), user_id, wanted)
    named = {"assignment": made.pk} if isinstance(made, Assignment) else {"approval": made.pk}
    return Status(201, AssignedOut(**named))


@router.post("/users/{user_id}/disable", response=UserOut)
@api_requires("users.manage")
@conditional()
def disable(request: HttpRequest, response: HttpResponse, user_id: UUID, body: ReasonIn) -> Any:
    """Lock a person out; sessions and tokens end."""
    with _same_user(request, user_id):
        services.disable(person(request), user_id, body.reason)
    return _user(request, response, user_id)


@router.post("/users/{user_id}/enable", response=UserOut)
@api_requires("users.manage")
@conditional()
def enable(request: HttpRequest, response: HttpResponse, user_id: UUID) -> Any:
    """Let a person in again."""
    with _same_user(request, user_id):
        services.enable(person(request), user_id)
    return _user(request, response, user_id)


@router.get("/assignments/{assignment_id}", response=AssignmentOut)
@api_requires("users.view")
def get_assignment(request: HttpRequest, response: HttpResponse, assignment_id: UUID) -> Any:
    """One role of one person."""
    shown = queries.get_assignment(assignment_id)
    return tagged(request, response, shown, AssignmentOut, about=[("assignment", assignment_id)])


@router.post("/assignments/{assignment_id}/end", response=AssignmentOut)
@api_requires("users.manage")
@conditional()
def end_assignment(request: HttpRequest, response: HttpResponse, assignment_id: UUID, body: ReasonIn) -> Any:
    """Take a role back."""
    about = [("assignment", assignment_id)]
    with unchanged(request, lambda: queries.get_assignment(assignment_id), AssignmentOut, about=about):
        ended = services.end_assignment(person(request), assignment_id, body.reason)
    return tagged(request, response, ended, AssignmentOut, about=about)


@router.get("/users/{user_id}/tokens", response=list[TokenOut])
@api_requires("users.view")
def list_tokens(request: HttpRequest, user_id: UUID) -> list[Token]:
    """A person's API tokens, the newest first; never their text."""
    return list(tokens.tokens_of(queries.get_user(user_id)))


@router.post("/tokens/{token_id}/revoke", response=TokenOut)
@api_requires("users.manage")
def revoke_token(request: HttpRequest, token_id: UUID) -> Token:
    """Revoke anybody's token; one's own on one's settings page too."""
    return tokens.revoke(person(request), token_id)


def _user(request: HttpRequest, response: HttpResponse, user_id: UUID) -> Any:
    return tagged(request, response, queries.get_user(user_id), UserOut, about=[("user", user_id)])


def _same_user(request: HttpRequest, user_id: UUID) -> AbstractContextManager[None]:
    return unchanged(request, lambda: queries.get_user(user_id), UserOut, about=[("user", user_id)])
