"""REST: a person's saved views, and those that others share with their roles."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.errors import InvalidError
from seawall.apps.etag import conditional, tagged, unchanged
from seawall.apps.saved import queries, services
from seawall.apps.saved.models import SavedView
from seawall.console.saved import OfferError, offered

router = Router(tags=["views"])
KEEP = "views.keep"
MOST = 200


class ViewOut(Schema):
    """A view. `url` is the list with it; `role`: whoever holds that sees it too; `position` among the owner's tabs."""

    id: UUID
    page: str
    url: str
    title: str
    role: str
    owner_id: UUID
    position: int
    created_at: datetime


class ViewIn(Schema):
    """A list as it is looked at: the address of its page (`/decisions/?outcome=decline`), under a name."""

    address: str
    title: str
    role: str = ""


class ChangeIn(Schema):
    """Another name, another role (or "" for nobody else)."""

    title: str
    role: str = ""


class MoveIn(Schema):
    """One place to the left, or to the right."""

    earlier: bool


@router.get("", response=list[ViewOut])
@api_requires(KEEP)
def list_views(request: HttpRequest, page: str = "", after: UUID | None = None, limit: int = 100) -> list[SavedView]:
    """One's own and those shared with one's roles, of one list or of all; `after` is the last id of the page before."""
    rows = queries.visible(person(request)).order_by("id")
    if page:
        rows = rows.filter(page=page)
    if after:
        rows = rows.filter(id__gt=after)
    return list(rows[: max(1, min(limit, MOST))])


@router.post("", response={201: ViewOut})
@api_requires(KEEP)
def save_view(request: HttpRequest, response: HttpResponse, body: ViewIn) -> Status[Any]:
    """Keep a view. The list itself reads the address: what it cannot read, or this person may not see, is refused."""
    me = person(request)
    try:
        offer = offered(request, body.address)
    except OfferError as error:
        raise InvalidError(str(error), {"address": str(error)}) from None
    made = services.save(me, offer, body.title, body.role)
    return Status(201, _tagged(request, response, made))


@router.get("/{view_id}", response=ViewOut)
@api_requires(KEEP)
def get_view(request: HttpRequest, response: HttpResponse, view_id: UUID) -> Any:
    """One view, one's own or shared."""
    return _tagged(request, response, queries.seen(person(request), view_id))


@router.put("/{view_id}", response=ViewOut)
@api_requires(KEEP)
@conditional()
def change_view(request: HttpRequest, response: HttpResponse, view_id: UUID, body: ChangeIn) -> Any:
    """Rename one's own, share it, or share it no more."""
    with _same(request, view_id):
        changed = services.change(person(request), view_id, body.title, body.role)
    return _tagged(request, response, changed)


@router.post("/{view_id}/move", response=ViewOut)
@api_requires(KEEP)
@conditional(required=False)
def move_view(request: HttpRequest, response: HttpResponse, view_id: UUID, body: MoveIn) -> Any:
    """Change places with the tab beside it; the outermost stays."""
    with _same(request, view_id, required=False):
        services.move(person(request), view_id, earlier=body.earlier)
    return _tagged(request, response, queries.get(person(request), view_id))


@router.delete("/{view_id}", response={204: None})
@api_requires(KEEP)
@conditional()
def delete_view(request: HttpRequest, view_id: UUID) -> Status[None]:
    """Forget one's own."""
    with _same(request, view_id):
        services.delete(person(request), view_id)
    return Status(204, None)


def _tagged(request: HttpRequest, response: HttpResponse, row: SavedView) -> Any:
    return tagged(request, response, row, ViewOut, about=[("view", row.pk)])


def _same(request: HttpRequest, view_id: UUID, required: bool = True) -> AbstractContextManager[None]:
    me = person(request)
    return unchanged(request, lambda: queries.get(me, view_id), ViewOut, about=[("view", view_id)], required=required)
