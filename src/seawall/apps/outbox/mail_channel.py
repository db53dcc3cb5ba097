"""The channel `email`: by the SMTP server of the settings. The target is the address; the body has subject and text."""

from __future__ import annotations

import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from seawall.apps.outbox.backoff import Backoff
from seawall.apps.outbox.channels import Channel, Outcome, delivered, refused, register, retry
from seawall.apps.outbox.models import Delivery
from seawall.apps.outbox.options import Mail

KEY = "email"
BACKOFF = Backoff(timedelta(seconds=30), timedelta(hours=2), attempts=20)  # about a day
TIMEOUT = 15.0


def message(delivery: Delivery, sender: str) -> EmailMessage:
    """The message. Its id is the delivery's, so that two copies of it are seen to be one. ValueError for a header that
    cannot be."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = sender, delivery.target, delivery.body["subject"]
    made["Date"] = format_datetime(delivery.created_at)
    made["Message-ID"] = f"<{delivery.pk}@{sender.rpartition('@')[2].strip('> ')}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(delivery.body["text"])
    return made


def send(delivery: Delivery) -> Outcome:
    """Hand it to the server. What the server says of this address or message for good (5xx) is final."""
    rules: Mail = settings.SEAWALL_OPTIONS.mail
    if not rules.host:
        return retry("no mail server is set: mail.host in settings.toml", closed=True, counts=False)
    try:
        made = message(delivery, rules.sender)
    except (ValueError, KeyError) as error:
        return refused(f"no message can be made of it: {type(error).__name__}")
    try:
        with _session(rules) as session:
            session.send_message(made)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _text),) = error.recipients.values()
        return refused(f"{code} address refused") if code >= 500 else retry(f"{code} address refused for now")
    except smtplib.SMTPAuthenticationError as error:
        return retry(f"{error.smtp_code} the server refuses mail.user or mail.password", closed=True)
    except smtplib.SMTPResponseException as error:
        permanent = error.smtp_code >= 500 and isinstance(error, smtplib.SMTPDataError)
        says = f"{error.smtp_code} {_plain(error.smtp_error)}"
        return refused(says) if permanent else retry(says, closed=True)
    except ssl.SSLError as error:
        return retry(f"TLS: {error.reason or type(error).__name__}", closed=True)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:  # the last: a password that is not ASCII
        return retry(type(error).__name__, closed=True)
    return delivered(answer={"server": rules.host})


def _session(rules: Mail) -> smtplib.SMTP:
    """A session, secured and signed in as the settings say; close it after use."""
    context = ssl.create_default_context(cafile=rules.authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    session: smtplib.SMTP
    if rules.tls == "tls":
        session = smtplib.SMTP_SSL(rules.host, rules.port, timeout=TIMEOUT, context=context)
    else:
        session = smtplib.SMTP(rules.host, rules.port, timeout=TIMEOUT)
    try:
        if rules.tls == "starttls":
            session.starttls(context=context)  # raises where the server has none: nothing goes in the clear
        if rules.user:
            session.login(rules.user, rules.password.get_secret_value())
    except BaseException:
        session.close()
        raise
    return session


def _plain(text: bytes | str) -> str:
    said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    return " ".join(said.split())[:200]


CHANNEL = register(Channel(KEY, _("E-mail"), send, BACKOFF, private=True))
