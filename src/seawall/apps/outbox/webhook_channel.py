"""The channel `webhook`: signed JSON by POST to an endpoint. The target is the endpoint's id."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from socket import SHUT_RDWR

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall import __version__
from seawall.apps.outbox import signing
from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.channels import Channel, Outcome, delivered, refused, register, retry
from seawall.apps.outbox.guard import Connection, Place, TargetError, place_of
from seawall.apps.outbox.models import Delivery, Endpoint, canonical
from seawall.apps.outbox.options import Webhooks

KEY = "webhook"
BACKOFF = Backoff(timedelta(seconds=10), timedelta(hours=6), attempts=22)  # about three days
TIMEOUT, WHOLE = 10.0, 15.0  # seconds: for one wait, for the whole exchange
_MOST_READ = 4_096
_GONE = 410


@dataclass(frozen=True)
class Found:
    """What a try needs of the database: where to, and the secrets that are valid now."""

    place: Place
    keys: tuple[tuple[str, str], ...]
    rules: Webhooks


def rules() -> Webhooks:
    """What the settings allow."""
    found: Webhooks = settings.SEAWALL_OPTIONS.webhooks
    return found


def look_up(delivery: Delivery) -> Found | Outcome:
    """The endpoint as it is now; a try that cannot be is said at once."""
    endpoint = Endpoint.objects.filter(pk=delivery.target).first()
    if endpoint is None:
        return refused("the endpoint is gone")
    if not endpoint.active:
        return retry("the endpoint is switched off", closed=True, counts=False)
    try:
        place = place_of(endpoint.url, rules())
    except TargetError as error:
        return retry(str(error), closed=True)
    return Found(place, tuple(endpoint.keys(timezone.now())), rules())


def send(delivery: Delivery) -> Outcome:
    """One POST. Only an answer 2xx is an arrival; redirects are not followed."""
    found: Found = delivery.found
    body = canonical(delivery.body).encode()
    headers = {
        "Content-Type": "application/json", "User-Agent": f"Seawall/{__version__}", "Connection": "close",
        "Seawall-Delivery": str(delivery.pk), "Seawall-Event": str(delivery.body.get("kind", "")),
        "Seawall-Attempt": str(delivery.attempts),
        signing.HEADER: signing.signature(found.keys, int(time.time()), body),
    }  # fmt: skip
    connection = Connection(found.place, found.rules, TIMEOUT)
    watch = threading.Timer(WHOLE, _cut, [connection])
    watch.daemon = True
    try:
        watch.start()
        connection.request("POST", found.place.path, body, headers)
        answer = connection.getresponse()
        answer.read(_MOST_READ)
        return _read(answer)
    except TargetError as error:
        return retry(str(error), closed=True)
    except ssl.SSLError as error:
        return retry(f"TLS: {error.reason or type(error).__name__}", closed=True)
    except (OSError, http.client.HTTPException) as error:
        return retry(type(error).__name__, closed=True)
    finally:
        watch.cancel()
        connection.close()


def _cut(connection: Connection) -> None:
    """End an exchange that drips on."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(SHUT_RDWR)


def _read(answer: http.client.HTTPResponse) -> Outcome:
    if 200 <= answer.status < 300:
        return delivered(answer={"status": answer.status})
    if answer.status == _GONE:
        return refused("answer 410: the receiver wants nothing more")
    if 300 <= answer.status < 400:
        return retry(f"answer {answer.status}: redirects are not followed; correct the endpoint's URL")
    wait = answer.getheader("Retry-After") or ""
    after = timedelta(seconds=min(int(wait), 86_400)) if wait.isdecimal() and len(wait) < 9 else None
    return retry(f"answer {answer.status}", after=after)


CHANNEL = register(
    Channel(KEY, _("Webhooks"), send, BACKOFF, look_up=look_up, by_target=True, replayable=True)
)  # fmt: skip
