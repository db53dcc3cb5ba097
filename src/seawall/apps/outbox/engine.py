"""The decision API as the control plane calls it: with the key of console and worker, over HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from seawall.apps import tls

TIMEOUT = 10.0
LARGEST_ANSWER = 4 * 1024 * 1024
JSON, BYTES = "application/json", "application/octet-stream"
_PASSING = frozenset({401, 403, 408, 425, 429})  # keys change at a start; the rest is said to pass


class DeliveryError(Exception):
    """It did not get through this time; try again."""


class RefusedError(Exception):
    """The decision API will not take it, however often it is sent. `problem` is its answer's body."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, dict(problem)
        text = self.problem.get("detail") or self.problem.get("title") or ""
        super().__init__(f"{status} {text}".strip())


class EngineApi(Protocol):
    """What the control plane asks of the decision API. Each raises DeliveryError or RefusedError."""

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON object; the answer's."""
        ...

    def get(self, path: str) -> dict[str, Any]:
        """GET a JSON object."""
        ...

    def post_bytes(self, path: str, data: bytes) -> dict[str, Any]:
        """POST bytes as they are; the answer's JSON object."""
        ...


@dataclass(frozen=True)
class HttpEngine:
    """The decision API at `url`. `timeout` in seconds, for each wait."""

    url: str
    key: str
    timeout: float = TIMEOUT

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON object."""
        return self._ask("POST", path, json.dumps(body, ensure_ascii=False).encode(), JSON)

    def get(self, path: str) -> dict[str, Any]:
        """GET a JSON object."""
        return self._ask("GET", path)

    def post_bytes(self, path: str, data: bytes) -> dict[str, Any]:
        """POST bytes."""
        return self._ask("POST", path, data, BYTES)

    def _ask(self, method: str, path: str, data: bytes | None = None, kind: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"} | ({"Content-Type": kind} if kind else {})
        try:
            connection = tls.connection(self.url, self.timeout)
        except OSError as error:  # the certificate it should be held against
            raise DeliveryError(str(error)) from None
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return read_answer(answer.status, answer.read(LARGEST_ANSWER))
        except (OSError, http.client.HTTPException) as error:
            raise DeliveryError(type(error).__name__) from None
        finally:
            connection.close()


def read_answer(status: int, data: bytes) -> dict[str, Any]:
    """The answer's object. RefusedError for what stays wrong, DeliveryError for what passes."""
    try:
        answer: Any = json.loads(data)
    except ValueError:
        answer = None
    if not 200 <= status < 300:
        raise failure(status, answer if isinstance(answer, dict) else {})
    if not isinstance(answer, dict):
        raise DeliveryError(f"answer {status}")
    return answer


def failure(status: int, problem: Mapping[str, Any]) -> RefusedError | DeliveryError:
    """What a status that is no success means: that it stays wrong, or that it passes."""
    if 400 <= status < 500 and status not in _PASSING:
        return RefusedError(status, problem)
    return DeliveryError(f"answer {status}")


def client(timeout: float = TIMEOUT) -> EngineApi | None:
    """The client of this home: `settings.SEAWALL_API_URL` and HOME/console.key; None where one is missing."""
    url = str(getattr(settings, "SEAWALL_API_URL", ""))
    path = settings.HOME.console_key
    if not url or not path.is_file():
        return None
    return HttpEngine(url, path.read_text("ascii").strip(), timeout)
