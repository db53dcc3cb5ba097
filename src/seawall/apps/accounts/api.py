"""REST: people and roles."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from seawall.apps.accounts import queries, services
from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.accounts.services import Wanted

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
        return list(user.assignments.all())


class UserIn(Schema):
    """A new person."""

    username: str
    password: str
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
def get_user(request: HttpRequest, user_id: UUID) -> User:
    """One person."""
    return queries.get_user(user_id)


@router.post("/users", response={201: UserOut})
@api_requires("users.manage")
def create_user(request: HttpRequest, body: UserIn) -> Status[User]:
    """Make a person."""
    made = services.create_user(
        person(request), body.username, body.password, display_name=body.display_name, language=body.language
    )
    return Status(201, made)


@router.post("/users/{user_id}/assignments", response={201: AssignedOut})
@api_requires("users.manage")
def assign(request: HttpRequest, user_id: UUID, body: AssignmentIn) -> Status[AssignedOut]:
    """Give a role, or ask for it where four eyes are needed."""
    wanted = Wanted(body.role, body.valid_from, body.valid_until, body.scope, body.reason)
    made = services.assign(person(request), user_id, wanted)
    named = {"assignment": made.pk} if isinstance(made, Assignment) else {"approval": made.pk}
    return Status(201, AssignedOut(**named))


@router.post("/assignments/{assignment_id}/end", response=AssignmentOut)
@api_requires("users.manage")
def end_assignment(request: HttpRequest, assignment_id: UUID, body: ReasonIn) -> Assignment:
    """Take a role back."""
    return services.end_assignment(person(request), assignment_id, body.reason)


@router.post("/users/{user_id}/disable", response=UserOut)
@api_requires("users.manage")
def disable(request: HttpRequest, user_id: UUID, body: ReasonIn) -> User:
    """Lock a person out."""
    return services.disable(person(request), user_id, body.reason)


@router.post("/users/{user_id}/enable", response=UserOut)
@api_requires("users.manage")
def enable(request: HttpRequest, user_id: UUID) -> User:
    """Let a person in again."""
    return services.enable(person(request), user_id)
