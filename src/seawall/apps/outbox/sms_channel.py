"""The channel `sms`: by the provider of the settings. The target is the number (E.164), the body has the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.channels import Channel, Outcome, delivered, refused, register, retry
from seawall.apps.outbox.models import Delivery
from seawall.messaging import NUMBER, Sms, send_text

KEY = "sms"
BACKOFF = Backoff(timedelta(seconds=5), timedelta(minutes=30), attempts=12)

Provider = Callable[[Delivery, Sms], Outcome]


def sandbox(delivery: Delivery, rules: Sms) -> Outcome:
    """Sends nothing; the text stays readable on the delivery's page, so use no real codes with it."""
    return delivered(answer={"provider": "sandbox", "text": delivery.body["text"]})


def by_http(delivery: Delivery, rules: Sms) -> Outcome:
    """By the provider's HTTP interface; the delivery's id is the key on every try."""
    sent = send_text(rules, str(delivery.pk), delivery.target, delivery.body["text"])
    if sent.kind == "delivered":
        return delivered(answer={"provider": "http"} | ({"id": sent.named} if sent.named else {}))
    return refused(sent.reason) if sent.kind == "refused" else retry(sent.reason, closed=sent.closed)


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
