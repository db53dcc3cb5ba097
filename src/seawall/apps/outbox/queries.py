"""Reading the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext as _

from seawall.apps.errors import UnknownError
from seawall.apps.outbox.channels import Channel, channels
from seawall.apps.outbox.models import Delivery
from seawall.apps.outbox.states import OPEN, REFUSED, RETRYING, STUCK


@dataclass(frozen=True)
class Standing:
    """How a channel is doing."""

    channel: Channel
    counts: Mapping[str, int]  # by open state
    oldest: datetime | None

    @property
    def open(self) -> int:
        """What is not over yet."""
        return sum(self.counts.values())


def deliveries() -> QuerySet[Delivery]:
    """Every delivery that is kept."""
    return Delivery.objects.select_related("person")


def get_delivery(delivery_id: UUID) -> Delivery:
    """One. UnknownError where there is none (any more)."""
    found = deliveries().filter(pk=delivery_id).first()
    if found is None:
        raise UnknownError(_("There is no such delivery; they are kept for 180 days."))
    return found


def of_object(object_type: str, object_id: object) -> QuerySet[Delivery]:
    """What was put for one object, the oldest first."""
    return Delivery.objects.filter(about_type=object_type, about_id=str(object_id)).order_by("position")


def standing() -> list[Standing]:
    """Every channel with what it has not delivered."""
    rows = Delivery.objects.filter(state__in=OPEN).values("channel", "state")
    counts: dict[str, dict[str, int]] = {}
    oldest: dict[str, datetime] = {}
    for row in rows.annotate(count=Count("pk"), first=Min("created_at")).order_by():
        counts.setdefault(row["channel"], {})[row["state"]] = row["count"]
        oldest[row["channel"]] = min(row["first"], oldest.get(row["channel"], row["first"]))
    return [Standing(one, counts.get(one.key, {}), oldest.get(one.key)) for one in channels()]


def behind(row: Delivery) -> int:
    """How many wait in the same order until this one is over."""
    if not row.order or row.state not in OPEN:
        return 0
    return Delivery.objects.filter(order=row.order, position__gt=row.position, state__in=OPEN).count()


def needs_a_person() -> QuerySet[Delivery]:
    """What no further try will solve."""
    return Delivery.objects.filter(state=STUCK)


def troubled() -> QuerySet[Delivery]:
    """What failed, for whatever reason."""
    return Delivery.objects.filter(state__in=(STUCK, REFUSED, RETRYING))
