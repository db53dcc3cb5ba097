"""Messages to people outside: an e-mail by SMTP, a text message by a provider. Pure wire work, with no records."""

from seawall.messaging.options import LOOPBACK, Mail, Sms
from seawall.messaging.post import post_json
from seawall.messaging.sent import Sent
from seawall.messaging.sms import NUMBER, send_text
from seawall.messaging.smtp import message, send_mail

__all__ = ["LOOPBACK", "NUMBER", "Mail", "Sent", "Sms", "message", "post_json", "send_mail", "send_text"]
