"""The channel `engine`: journal records by the decision API. The target is the path, the body the record."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from seawall.apps.outbox import engine
from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.channels import Channel, Outcome, delivered, refused, register, retry
from seawall.apps.outbox.models import Delivery

KEY = "engine"
SECONDS = 3.0  # the first try happens while a person waits for the page
BACKOFF = Backoff(timedelta(seconds=2), timedelta(minutes=15), attempts=120)  # more than a day


def send(delivery: Delivery) -> Outcome:
    """POST the body; without a decision API it waits, and that is no failed try."""
    api = engine.client(SECONDS)
    if api is None:
        return retry("there is no decision API yet", closed=True, counts=False)
    try:
        answer = api.post(delivery.target, delivery.body)
    except engine.RefusedError as error:
        return refused(str(error))
    except engine.DeliveryError as error:
        return retry(str(error), closed=True)
    sequence = answer.get("sequence")
    return delivered(sequence if isinstance(sequence, int) else None, answer)


CHANNEL = register(Channel(KEY, _("Decision engine"), send, BACKOFF, at_once=True))
