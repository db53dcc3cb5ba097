"""An e-mail by an SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from seawall.messaging.options import Mail
from seawall.messaging.sent import ARRIVED, LATER, NEVER, Sent


def message(key: str, sender: str, to: str, subject: str, text: str, at: datetime) -> EmailMessage:
    """The message. Its id is made of `key`, so that two copies of it are seen to be one. ValueError for a header that
    cannot be."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{key}@{sender.rpartition('@')[2].strip('> ')}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    return made


def send_mail(rules: Mail, made: EmailMessage, timeout: float = 15.0) -> Sent:
    """Hand it to the server. What the server says of this address or message for good (5xx) is final."""
    try:
        with _session(rules, timeout) as session:
            session.send_message(made)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _text),) = error.recipients.values()
        return Sent(NEVER, f"{code} address refused") if code >= 500 else Sent(LATER, f"{code} address refused for now")
    except smtplib.SMTPAuthenticationError as error:
        return Sent(LATER, f"{error.smtp_code} the server refuses mail.user or mail.password", closed=True)
    except smtplib.SMTPResponseException as error:
        says = f"{error.smtp_code} {_plain(error.smtp_error)}"
        if error.smtp_code >= 500 and isinstance(error, smtplib.SMTPDataError):
            return Sent(NEVER, says)
        return Sent(LATER, says, closed=True)
    except ssl.SSLError as error:
        return Sent(LATER, f"TLS: {error.reason or type(error).__name__}", closed=True)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:  # the last: a password that is not ASCII
        return Sent(LATER, type(error).__name__, closed=True)
    return Sent(ARRIVED)


def _session(rules: Mail, timeout: float) -> smtplib.SMTP:
    """A session, secured and signed in as the settings say; close it after use."""
    context = ssl.create_default_context(cafile=rules.authority or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    session: smtplib.SMTP
    if rules.tls == "tls":
        session = smtplib.SMTP_SSL(rules.host, rules.port, timeout=timeout, context=context)
    else:
        session = smtplib.SMTP(rules.host, rules.port, timeout=timeout)
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
