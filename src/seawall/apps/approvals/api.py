"""REST: four-eyes requests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from seawall.apps.accounts.permissions import api_requires, in_session, person
from seawall.apps.approvals import queries, services
from seawall.apps.approvals.models import Request
from seawall.apps.etag import conditional, tagged, unchanged

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
def get_request(request: HttpRequest, response: HttpResponse, request_id: UUID) -> Any:
    """One request."""
    return _tagged(request, response, queries.get_request(person(request), request_id))


@router.post("/{request_id}/approve", response=RequestOut)
@api_requires("approvals.view")
@conditional()
def approve(request: HttpRequest, response: HttpResponse, request_id: UUID, body: CommentIn) -> Any:
    """Carry it out; its kind says which permission that needs. Only in a session, never by an API token."""
    in_session(person(request))
    with _same(request, request_id):
        closed = services.approve(person(request), request_id, body.comment)
    return _tagged(request, response, closed)


@router.post("/{request_id}/reject", response=RequestOut)
@api_requires("approvals.view")
@conditional()
def reject(request: HttpRequest, response: HttpResponse, request_id: UUID, body: CommentIn) -> Any:
    """Refuse it. Only in a session."""
    in_session(person(request))
    with _same(request, request_id):
        closed = services.reject(person(request), request_id, body.comment)
    return _tagged(request, response, closed)


@router.post("/{request_id}/withdraw", response=RequestOut)
@api_requires("approvals.view")
@conditional()
def withdraw(request: HttpRequest, response: HttpResponse, request_id: UUID) -> Any:
    """Take one's own request back."""
    with _same(request, request_id):
        closed = services.withdraw(person(request), request_id)
    return _tagged(request, response, closed)


def _tagged(request: HttpRequest, response: HttpResponse, row: Request) -> Any:
    return tagged(request, response, row, RequestOut, about=[("approval", row.pk)])


def _same(request: HttpRequest, request_id: UUID) -> AbstractContextManager[None]:
    me = person(request)
    return unchanged(request, lambda: queries.get_request(me, request_id), RequestOut, about=[("approval", request_id)])
