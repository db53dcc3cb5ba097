"""Many entries to the decision API at once, over connections that stay open.

An import is a queue of its own (entries that are `sending`), so it does not pass its lines through the outbox, where
each would be a row with a claim, a try and an end; like there, a try is made again until it is answered.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.utils.translation import gettext as _

from seawall.apps import tls
from seawall.apps.errors import ServiceError
from seawall.apps.outbox import engine

THREADS = 8
SECONDS = 10.0
Answer = int | engine.RefusedError | engine.DeliveryError


class Kept:
    """An `EngineApi` whose connection stays open; for one thread."""

    def __init__(self, plain: engine.HttpEngine) -> None:
        self._plain = plain
        self._open: http.client.HTTPConnection | None = None

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a JSON object; once more where the connection was closed meanwhile."""
        data = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Authorization": f"Bearer {self._plain.key}", "Content-Type": engine.JSON}
        for is_last in (self._open is None, True):
            try:
                if self._open is None:
                    self._open = tls.connection(self._plain.url, self._plain.timeout)
                self._open.request("POST", path, data, headers)
                answer = self._open.getresponse()
                return engine.read_answer(answer.status, answer.read(engine.LARGEST_ANSWER))
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if is_last:
                    raise engine.DeliveryError(type(error).__name__) from None
        raise AssertionError("the last round returns or raises")

    def close(self) -> None:
        """Let the connection go."""
        if self._open is not None:
            self._open.close()
            self._open = None


class Sender:
    """Posts bodies side by side; a context manager. ServiceError where this home has no decision API."""

    def __init__(self, path: str) -> None:
        self._path, self._local = path, threading.local()
        self._api = engine.client(SECONDS)
        if self._api is None:
            raise ServiceError(_("There is no decision API; start `seawall up`."))
        self._kept: list[Kept] = []
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="lists-import")

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()
        for one in self._kept:
            one.close()

    def send(self, bodies: Sequence[Mapping[str, Any]]) -> list[Answer]:
        """The record's number of each, or why there is none."""
        return list(self._pool.map(self._one, bodies))

    def _one(self, body: Mapping[str, Any]) -> Answer:
        try:
            sequence = self._mine().post(self._path, body).get("sequence")
        except (engine.RefusedError, engine.DeliveryError) as error:
            return error
        return sequence if isinstance(sequence, int) else engine.DeliveryError("an answer without a number")

    def _mine(self) -> Any:
        if not isinstance(self._api, engine.HttpEngine):
            return self._api
        found = getattr(self._local, "kept", None)
        if found is None:
            found = self._local.kept = Kept(self._api)
            self._kept.append(found)
        return found
