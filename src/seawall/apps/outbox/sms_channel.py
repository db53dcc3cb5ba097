"""The channel `sms`: by the provider of the settings. The target is the number (E.164), the body has the text."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.channels import Channel, Outcome, delivered, refused, register, retry
from seawall.apps.outbox.models import Delivery
from seawall.apps.outbox.options import Sms

KEY = "sms"
BACKOFF = Backoff(timedelta(seconds=5), timedelta(minutes=30), attempts=12)
TIMEOUT = 10.0
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_LARGEST = 16_384
_PASSING = frozenset({401, 403, 408, 425, 429})

Provider = Callable[[Delivery, Sms], Outcome]


def sandbox(delivery: Delivery, rules: Sms) -> Outcome:
    """Sends nothing; the text stays readable on the delivery's page, so use no real codes with it."""
    return delivered(answer={"provider": "sandbox", "text": delivery.body["text"]})


def by_http(delivery: Delivery, rules: Sms) -> Outcome:
    """POST {id, to, from, text} as JSON with the token. `Idempotency-Key` is the delivery's id on every try, for
    providers that mind it; 2xx is an arrival."""
    place = urlsplit(rules.url)
    body = {"id": str(delivery.pk), "to": delivery.target, "from": rules.sender, "text": delivery.body["text"]}
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(delivery.pk)}
    if token := rules.token.get_secret_value():
        headers["Authorization"] = f"Bearer {token}"
    host, path = place.hostname or "", (place.path or "/") + (f"?{place.query}" if place.query else "")
    connection: http.client.HTTPConnection
    try:
        if place.scheme == "https":
            context = ssl.create_default_context(cafile=rules.authority or None)
            connection = http.client.HTTPSConnection(host, place.port, timeout=TIMEOUT, context=context)
        else:
            connection = http.client.HTTPConnection(host, place.port, timeout=TIMEOUT)
        try:
            connection.request("POST", path, json.dumps(body, ensure_ascii=False).encode(), headers)
            answer = connection.getresponse()
            return _read(answer.status, answer.read(_LARGEST))
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return retry(type(error).__name__, closed=True)


def _read(status: int, data: bytes) -> Outcome:
    if 200 <= status < 300:
        try:
            answer: Any = json.loads(data)
        except ValueError:
            answer = {}
        named = answer.get("id") if isinstance(answer, dict) else None
        return delivered(answer={"provider": "http"} | ({"id": str(named)[:100]} if named else {}))
    if 400 <= status < 500 and status not in _PASSING:
        return refused(f"answer {status} of the provider")
    return retry(f"answer {status} of the provider", closed=status in (401, 403))


PROVIDERS: Mapping[str, Provider] = {"sandbox": sandbox, "http": by_http}


def send(delivery: Delivery) -> Outcome:
    """By the provider that is set."""
    rules: Sms = settings.SEAWALL_OPTIONS.sms
    provider = PROVIDERS.get(rules.provider)
    if provider is None:
        return retry("no provider is set: sms.provider in settings.toml", closed=True, counts=False)
    if not NUMBER.fullmatch(delivery.target) or not delivery.body.get("text"):
        return refused("no number like +8613800138000, or no text")
    return provider(delivery, rules)


CHANNEL = register(Channel(KEY, _("Text message"), send, BACKOFF, private=True))
