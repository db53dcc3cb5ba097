"""REST: deliveries of the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.etag import tagged
from seawall.apps.outbox import queries, services
from seawall.apps.outbox.console.deliveries import target_of
from seawall.apps.outbox.models import Delivery

router = Router(tags=["outbox"])
_MOST = 200


class DeliveryOut(Schema):
    """A delivery without its body. `sequence`: its record in the journal; `to`: masked where it is an address."""

    id: UUID
    position: int
    channel: str
    to: str
    about_type: str
    about_id: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None
    sequence: int | None
    problem: str

    @staticmethod
    def resolve_to(row: Delivery) -> str:
        """Where it goes, for people."""
        return target_of(row)


class ChannelOut(Schema):
    """How a channel is doing: what is not delivered yet, by state."""

    channel: str
    title: str
    counts: dict[str, int]
    oldest: datetime | None


class CancelIn(Schema):
    """Why."""

    reason: str


@router.get("", response=list[DeliveryOut])
@api_requires("outbox.view")
def list_deliveries(
    request: HttpRequest, state: str = "", channel: str = "", before: int | None = None, limit: int = 100
) -> list[Delivery]:
    """Deliveries, the newest first; `before` is the last position of the page before."""
    rows = queries.deliveries().order_by("-position")
    rows = rows.filter(**{key: value for key, value in {"state": state, "channel": channel}.items() if value})
    if before is not None:
        rows = rows.filter(position__lt=before)
    return list(rows[: max(1, min(limit, _MOST))])


@router.get("/channels", response=list[ChannelOut])
@api_requires("outbox.view")
def list_channels(request: HttpRequest) -> list[ChannelOut]:
    """Every channel with what it has not delivered."""
    return [
        ChannelOut(channel=one.channel.key, title=str(one.channel.title), counts=dict(one.counts), oldest=one.oldest)
        for one in queries.standing()
    ]


@router.get("/{delivery_id}", response=DeliveryOut)
@api_requires("outbox.view")
def get_delivery(request: HttpRequest, response: HttpResponse, delivery_id: UUID) -> Any:
    """One delivery."""
    row = queries.get_delivery(delivery_id)
    return tagged(request, response, row, DeliveryOut, about=[("delivery", row.pk)])


@router.post("/{delivery_id}/retry", response=DeliveryOut)
@api_requires("outbox.manage")
def retry(request: HttpRequest, delivery_id: UUID) -> Delivery:
    """Try it now. Asked for twice it is tried once: 409 while it is not waiting."""
    return services.retry(person(request), delivery_id)


@router.post("/{delivery_id}/replay", response=DeliveryOut)
@api_requires("outbox.manage")
def replay(request: HttpRequest, delivery_id: UUID) -> Delivery:
    """Send it again."""
    return services.replay(person(request), delivery_id)


@router.post("/{delivery_id}/cancel", response=DeliveryOut)
@api_requires("outbox.manage")
def cancel(request: HttpRequest, delivery_id: UUID, body: CancelIn) -> Delivery:
    """Do not send it any more."""
    return services.cancel(person(request), delivery_id, body.reason)
