"""REST: four-eyes requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.approvals import queries, services
from seawall.apps.approvals.models import Request

router = Router(tags=["approvals"])


class RequestOut(Schema):
    """A request."""

    id: UUID
    kind: str
    object_type: str
    object_id: str
    payload: dict[str, Any]
    before: dict[str, Any]
    maker_id: UUID
    reason: str
    created_at: datetime
    expires_at: datetime
    state: str
    checker_id: UUID | None
    decided_at: datetime | None
    comment: str


class CommentIn(Schema):
    """What the checker says."""

    comment: str = ""


@router.get("", response=list[RequestOut])
@api_requires("approvals.view")
def list_requests(request: HttpRequest, state: str = "", before: UUID | None = None, limit: int = 100) -> list[Request]:
    """Requests this person may know of, the newest first; `before` is the last id of the page before."""
    rows = queries.requests_for(person(request)).order_by("-id")
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(id__lt=before)
    return list(rows[: max(1, min(limit, 200))])


@router.get("/{request_id}", response=RequestOut)
@api_requires("approvals.view")
def get_request(request: HttpRequest, request_id: UUID) -> Request:
    """One request."""
    return queries.get_request(person(request), request_id)


@router.post("/{request_id}/approve", response=RequestOut)
@api_requires("approvals.view")
def approve(request: HttpRequest, request_id: UUID, body: CommentIn) -> Request:
    """Carry it out; its kind says which permission that needs."""
    return services.approve(person(request), request_id, body.comment)


@router.post("/{request_id}/reject", response=RequestOut)
@api_requires("approvals.view")
def reject(request: HttpRequest, request_id: UUID, body: CommentIn) -> Request:
    """Refuse it."""
    return services.reject(person(request), request_id, body.comment)


@router.post("/{request_id}/withdraw", response=RequestOut)
@api_requires("approvals.view")
def withdraw(request: HttpRequest, request_id: UUID) -> Request:
    """Take one's own request back."""
    return services.withdraw(person(request), request_id)
