"""Many entries to the decision API at once: batches, over connections that stay open.

An import is a queue of its own, so it does not pass its lines through the outbox, where each would be a row with a
claim, a try and an end; like there, a try is made again until it is answered.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import msgspec
from django.utils.translation import gettext as _

from seawall.apps import tls
from seawall.apps.errors import ServiceError
from seawall.apps.outbox import engine

# One request is decided while the next one waits: no more, since what waits stands before others' decisions.
THREADS, AT_ONCE = 2, 240
SECONDS = 10.0
Answer = int | engine.RefusedError | engine.DeliveryError
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Batches(Protocol):
    """What takes a JSON array and answers each of its members. DeliveryError, RefusedError for the whole."""

    def post_many(self, path: str, bodies: Sequence[Mapping[str, Any]]) -> list[Any]:
        """One answer a body, in order."""
        ...


class Kept:
    """An `HttpEngine` whose connection stays open; for one thread."""

    def __init__(self, plain: engine.HttpEngine) -> None:
        self._plain = plain
        self._open: http.client.HTTPConnection | None = None

    def post_many(self, path: str, bodies: Sequence[Mapping[str, Any]]) -> list[Any]:
        """POST a JSON array; once more where the connection was closed meanwhile."""
        data = _encode(bodies)
        headers = {"Authorization": f"Bearer {self._plain.key}", "Content-Type": engine.JSON}
        for is_last in (self._open is None, True):
            try:
                if self._open is None:
                    self._open = tls.connection(self._plain.url, self._plain.timeout)
                self._open.request("POST", path, data, headers)
                answer = self._open.getresponse()
                return _read(answer.status, answer.read(engine.LARGEST_ANSWER))
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


class Sent:
    """Bodies on their way."""

    def __init__(self, parts: Sequence[Future[list[Answer]]]) -> None:
        self._parts = parts

    def answers(self) -> Iterator[Answer]:
        """The record's number of each, or why there is none; waits."""
        for part in self._parts:
            yield from part.result()


class Sender:
    """Posts bodies in batches to a list's address; a context manager. ServiceError where this home has no decision
    API."""

    def __init__(self, path: str) -> None:
        self._path, self._local = f"{path}/batch", threading.local()
        self._api: Any = engine.client(SECONDS)
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

    def begin(self, bodies: Sequence[Mapping[str, Any]]) -> Sent:
        """Send them beside the caller's work."""
        parts = [bodies[first : first + AT_ONCE] for first in range(0, len(bodies), AT_ONCE)]
        return Sent([self._pool.submit(self._part, part) for part in parts])

    def _part(self, bodies: Sequence[Mapping[str, Any]]) -> list[Answer]:
        try:
            found = self._mine().post_many(self._path, bodies)
        except (engine.RefusedError, engine.DeliveryError) as error:
            return [error] * len(bodies)
        if len(found) != len(bodies):
            return [engine.DeliveryError("another number of answers")] * len(bodies)
        return [_one(answer) for answer in found]

    def _mine(self) -> Batches:
        if not isinstance(self._api, engine.HttpEngine):
            batches: Batches = self._api
            return batches
        found: Kept | None = getattr(self._local, "kept", None)
        if found is None:
            found = self._local.kept = Kept(self._api)
            self._kept.append(found)
        return found


def _read(status: int, data: bytes) -> list[Any]:
    if status == 200:
        try:
            found = _decode(data)
        except msgspec.DecodeError:
            found = None
        if isinstance(found, list):
            return found
    engine.read_answer(status, data)  # says what is wrong
    raise engine.DeliveryError(f"answer {status}: no array")


def _one(answer: Any) -> Answer:
    members = answer if isinstance(answer, dict) else {}
    sequence, status = members.get("sequence"), members.get("status")
    if isinstance(sequence, int):
        return sequence
    if isinstance(status, int):
        return engine.failure(status, members)
    return engine.DeliveryError("an answer without a number")
