"""Reading webhook endpoints and contacts."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from seawall.apps.approvals.models import PENDING, Request
from seawall.apps.errors import UnknownError
from seawall.apps.outbox.models import Contact, Delivery, Endpoint
from seawall.apps.outbox.states import OPEN
from seawall.apps.outbox.webhooks import CHANGE


def endpoints() -> list[Endpoint]:
    """All, by name; each with how many deliveries are `open`."""
    rows = list(Endpoint.objects.order_by("name"))
    waiting = Delivery.objects.filter(channel="webhook", state__in=OPEN).values_list("target").annotate(n=Count("pk"))
    counts = dict(waiting.order_by())
    for row in rows:
        row.open = counts.get(str(row.pk), 0)
    return rows


def get_endpoint(endpoint_id: UUID) -> Endpoint:
    """One. UnknownError where there is none."""
    found = Endpoint.objects.select_related("created_by").filter(pk=endpoint_id).first()
    if found is None:
        raise UnknownError(_("There is no such endpoint."))
    return found


def open_request(endpoint: Endpoint) -> Request | None:
    """The request on it that waits for a second person."""
    about = {"kind": CHANGE, "object_type": "endpoint", "object_id": str(endpoint.pk)}
    return Request.objects.filter(state=PENDING, **about).first()


def names() -> dict[str, str]:
    """The endpoints' names by the targets of deliveries."""
    return {str(key): name for key, name in Endpoint.objects.values_list("pk", "name")}


def contacts() -> QuerySet[Contact]:
    """All contacts."""
    return Contact.objects.order_by("group", "id")
