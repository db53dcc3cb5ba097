"""REST: webhook endpoints. A new one or a changed one waits for a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.etag import tagged
from seawall.apps.outbox import webhook_queries, webhooks
from seawall.apps.outbox.models import Endpoint

router = Router(tags=["outbox"])


class EndpointOut(Schema):
    """A receiver. `agreed`: whether a second person has agreed to it; `request_id`: what waits for one."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    active: bool
    agreed: bool
    created_at: datetime
    request_id: UUID | None

    @staticmethod
    def resolve_request_id(row: Endpoint) -> UUID | None:
        """The request that is open."""
        found = webhook_queries.open_request(row)
        return found.pk if found else None


class EndpointIn(Schema):
    """A new receiver, and why."""

    name: str
    url: str
    kinds: list[str] = Field(default_factory=list)
    reason: str


class SecretOut(Schema):
    """A new receiver with its signing secret, which is shown this once."""

    endpoint: EndpointOut
    key_id: str
    secret: str


class ChangeIn(Schema):
    """Another URL and other events, and why."""

    url: str
    kinds: list[str]
    reason: str


class ActiveIn(Schema):
    """On or off."""

    active: bool


@router.get("", response=list[EndpointOut])
@api_requires("outbox.view")
def list_endpoints(request: HttpRequest) -> list[Endpoint]:
    """Every webhook endpoint, by name."""
    return webhook_queries.endpoints()


@router.post("", response={202: SecretOut})
@api_requires("outbox.endpoints")
def add_endpoint(request: HttpRequest, response: HttpResponse, body: EndpointIn) -> Status[Any]:
    """Ask for a new endpoint. It gets nothing before a second person agrees."""
    response["Cache-Control"] = "no-store"
    return Status(202, webhooks.create(person(request), body.name, body.url, body.kinds, body.reason))


@router.get("/{endpoint_id}", response=EndpointOut)
@api_requires("outbox.view")
def get_endpoint(request: HttpRequest, response: HttpResponse, endpoint_id: UUID) -> Any:
    """One endpoint; its secret is never shown again."""
    row = webhook_queries.get_endpoint(endpoint_id)
    return tagged(request, response, row, EndpointOut, about=[("endpoint", row.pk)])


@router.post("/{endpoint_id}/change", response={202: EndpointOut})
@api_requires("outbox.endpoints")
def change_endpoint(request: HttpRequest, endpoint_id: UUID, body: ChangeIn) -> Status[Endpoint]:
    """Ask for another URL or other events; until a second person agrees it stays as it is."""
    webhooks.change(person(request), endpoint_id, body.url, body.kinds, body.reason)
    return Status(202, webhook_queries.get_endpoint(endpoint_id))


@router.post("/{endpoint_id}/active", response=EndpointOut)
@api_requires("outbox.endpoints")
def turn_endpoint(request: HttpRequest, endpoint_id: UUID, body: ActiveIn) -> Endpoint:
    """Switch it on or off."""
    return webhooks.turn(person(request), endpoint_id, body.active)
