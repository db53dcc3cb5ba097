"""The channel `email`: by the SMTP server of the settings. The target is the address; the body has subject and text."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.channels import Channel, Outcome, delivered, refused, register, retry
from seawall.apps.outbox.models import Delivery
from seawall.messaging import Mail, message, send_mail

KEY = "email"
BACKOFF = Backoff(timedelta(seconds=30), timedelta(hours=2), attempts=20)  # about a day


def send(delivery: Delivery) -> Outcome:
    """Hand it to the server. Its id is the delivery's, so that two copies of it are seen to be one."""
    rules: Mail = settings.SEAWALL_OPTIONS.mail
    if not rules.host:
        return retry("no mail server is set: mail.host in settings.toml", closed=True, counts=False)
    body = delivery.body
    try:
        made = message(
            str(delivery.pk), rules.sender, delivery.target, body["subject"], body["text"], delivery.created_at
        )
    except (ValueError, KeyError) as error:
        return refused(f"no message can be made of it: {type(error).__name__}")
    sent = send_mail(rules, made)
    if sent.kind == "delivered":
        return delivered(answer={"server": rules.host})
    return refused(sent.reason) if sent.kind == "refused" else retry(sent.reason, closed=sent.closed)


CHANNEL = register(Channel(KEY, _("E-mail"), send, BACKOFF, private=True))
