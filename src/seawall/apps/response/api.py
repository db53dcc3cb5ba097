"""REST: actions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.etag import tagged
from seawall.apps.response import queries, services
from seawall.apps.response.adapters import ABOUT, adapter_of
from seawall.apps.response.kinds import KINDS
from seawall.apps.response.models import Action
from seawall.apps.response.services import Wish

router = Router(tags=["actions"])
_MOST = 200


class ActionOut(Schema):
    """An action."""

    id: UUID
    kind: str
    target_kind: str
    target: str
    parameters: dict[str, Any]
    state: str
    reason: str
    actor: str
    rule: str
    decision: int | None
    case: UUID | None
    repeats: int
    created_at: datetime
    effective_at: datetime | None
    expires_at: datetime | None
    undo_until: datetime | None
    ended_at: datetime | None
    problem: str


class KindOut(Schema):
    """A type of action and whether this version can carry it out."""

    kind: str
    title: str
    target: bool
    parameters: list[str]
    optional: list[str]
    lasting: bool
    four_eyes: bool
    adapter: bool


class ActionIn(Schema):
    """What is wanted. `key`: the idempotency key; the same again is the same action."""

    kind: str
    reason: str = ""
    target_kind: str = ""
    target: str = ""
    parameters: dict[str, str | int] = Field(default_factory=dict)
    ttl_minutes: int | None = None
    decision: int | None = None
    case: UUID | None = None
    key: str = ""

    def wish(self) -> Wish:
        """As the service takes it."""
        ttl = timedelta(minutes=max(0, min(self.ttl_minutes, 10**6))) if self.ttl_minutes is not None else None
        return Wish(
            self.kind, self.reason, self.target_kind, self.target, self.parameters, ttl, self.decision, self.case
        )


class PreviewOut(Schema):
    """What would happen: the target's decisions of the last 7 days by outcome, `approved` of them different."""

    problem: str
    place: str
    four_eyes: bool
    decisions: dict[str, int]
    approved: int
    amount: int
    currency: str
    standing: int
    ends: datetime | None
    undo_until: datetime | None


class UndoIn(Schema):
    """Why."""

    reason: str


@router.get("", response=list[ActionOut])
@api_requires("actions.view")
def list_actions(
    request: HttpRequest, state: str = "", kind: str = "", target_kind: str = "", target: str = "",
    before: datetime | None = None, limit: int = 100,
) -> list[Action]:  # fmt: skip
    """Actions, the newest first; `before` is the last `created_at` of the page before."""
    asked = {"state": state, "kind": kind, "target_kind": target_kind, "target": target}
    rows = queries.actions(person(request)).filter(**{name: one for name, one in asked.items() if one})
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    return list(rows.order_by("-created_at", "-id")[: max(1, min(limit, _MOST))])


@router.get("/kinds", response=list[KindOut])
@api_requires("actions.view")
def list_kinds(request: HttpRequest) -> list[KindOut]:
    """Every type of action."""
    return [
        KindOut(kind=one.key, title=str(one.title), target=one.target, parameters=list(one.parameters),
                optional=list(one.optional), lasting=one.lasting, four_eyes=bool(one.four_eyes),
                adapter=adapter_of(one.key) is not None)
        for one in KINDS.values()
    ]  # fmt: skip


@router.post("/dry-run", response=PreviewOut)
@api_requires("actions.start")
def dry_run(request: HttpRequest, body: ActionIn) -> Any:
    """What would happen; changes nothing."""
    return services.dry_run(person(request), body.wish())


@router.get("/{action_id}", response=ActionOut)
@api_requires("actions.view")
def get_action(request: HttpRequest, response: HttpResponse, action_id: UUID) -> Any:
    """One action."""
    row = queries.get_action(person(request), action_id)
    return tagged(request, response, row, ActionOut, about=[(ABOUT, row.pk)])


@router.post("", response={201: ActionOut})
@api_requires("actions.start")
def take(request: HttpRequest, body: ActionIn) -> Status[Action]:
    """Take an action, or ask for it where it needs a second person."""
    return Status(201, services.take(person(request), body.wish(), key=body.key[:150]))


@router.post("/{action_id}/undo", response=ActionOut)
@api_requires("actions.start")
def undo(request: HttpRequest, action_id: UUID, body: UndoIn) -> Action:
    """Take it back."""
    return services.undo(person(request), action_id, body.reason)
