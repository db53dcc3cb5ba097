"""How a label reaches the journal: one protocol, its client over HTTP, and what a test puts in its place."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT = 10
_LARGEST_ANSWER = 65_536


class DeliveryError(Exception):
    """The label did not get through this time; try again."""


class RefusedError(Exception):
    """The decision API will not take this label, however often it is sent; the text says why."""


class LabelApi(Protocol):
    """Where labels go. Sending the same body again must give the same sequence number."""

    def label(self, body: Mapping[str, str]) -> int:
        """The label's sequence number in the journal. Raises DeliveryError or RefusedError."""
        ...


@dataclass(frozen=True)
class HttpLabelApi:
    """The decision API at `url`, with the console's own key."""

    url: str
    key: str

    def label(self, body: Mapping[str, str]) -> int:
        """POST /v1/labels."""
        place = urlsplit(self.url)
        secure = place.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(place.hostname or "127.0.0.1", place.port, timeout=TIMEOUT)
        try:
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            connection.request("POST", "/v1/labels", json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            return _sequence(answer.status, answer.read(_LARGEST_ANSWER))
        except (OSError, http.client.HTTPException) as error:
            raise DeliveryError(type(error).__name__) from None
        finally:
            connection.close()


def _sequence(status: int, data: bytes) -> int:
    try:
        answer: Any = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        answer = {}
    if status in (409, 422):
        raise RefusedError(f"{status} {answer.get('detail') or answer.get('title') or ''}".strip())
    if not 200 <= status < 300 or not isinstance(answer.get("sequence"), int):
        raise DeliveryError(f"answer {status}")
    return int(answer["sequence"])


def from_settings() -> LabelApi | None:
    """The client for this home: `settings.SEAWALL_API_URL` and HOME/console.key; None where one is missing."""
    url = getattr(settings, "SEAWALL_API_URL", "")
    path = settings.HOME.console_key
    if not url or not path.is_file():
        return None
    return HttpLabelApi(url, path.read_text("ascii").strip())
