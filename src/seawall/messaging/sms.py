"""A text message by a provider that takes JSON over HTTP."""

from __future__ import annotations

import http.client
import re

from seawall.messaging.options import Sms
from seawall.messaging.post import post_json
from seawall.messaging.sent import ARRIVED, LATER, NEVER, Sent

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_PASSING = frozenset({401, 403, 408, 425, 429})  # refusals that may pass


def send_text(rules: Sms, key: str, to: str, text: str, timeout: float = 10.0) -> Sent:
    """POST {id, to, from, text} with the token. `key` is the id, and the `Idempotency-Key` on every try, for providers
    that mind it; 2xx is an arrival. `to` is a number like +8613800138000."""
    body = {"id": key, "to": to, "from": rules.sender, "text": text}
    try:
        token = rules.token.get_secret_value()
        status, answer = post_json(rules.url, body, key, token, rules.authority, timeout)
    except (OSError, http.client.HTTPException) as error:
        return Sent(LATER, type(error).__name__, closed=True)
    if 200 <= status < 300:
        return Sent(ARRIVED, named=str(answer.get("id") or "")[:100])
    if 400 <= status < 500 and status not in _PASSING:
        return Sent(NEVER, f"answer {status} of the provider")
    return Sent(LATER, f"answer {status} of the provider", closed=status in (401, 403))
