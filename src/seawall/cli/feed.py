"""Sends records to a decision API: events in batches, labels one by one, in the order given, again where it must."""

from __future__ import annotations

import http.client
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import msgspec

from seawall.engine.errors import SeawallError

MOST_A_BATCH = 1_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0  # seconds
_MOST_ANSWER = 64 << 20  # bytes
_WAIT = (429, 503)
_LABEL_MEMBERS = ("label", "event_id", "label_time")  # the scenario is for whoever checks, not for the platform
_HINTS = {
    401: "the key is unknown, expired or revoked; make one with `seawall apikey create`",
    403: "the key may not do this; it needs the scopes decide and label",
    404: "nothing answers there; name the decision API's address alone, like http://127.0.0.1:8601",
    413: "the body is too large for it",
}
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
Record = Mapping[str, Any]


class FeedError(SeawallError):
    """The decision API cannot be reached, or refuses what is sent as a whole."""


class Feeder:
    """One kept-alive connection to the decision API at `url`.

    It waits and tries again where the API asks for it (429, 503) or cannot be reached, at most `patience` seconds on
    end; `tell` hears why when it begins to wait. An event or label sent twice counts once there: its id tells.
    """

    def __init__(
        self,
        url: str,
        key: str,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        patience: float = 120.0,
        timeout: float = 30.0,
        tell: Callable[[str], None] = lambda why: None,
    ) -> None:
        self._url, self._sleep = url, sleep
        self._pauses = partial(_Pauses, clock, patience, tell)
        self._connection, self._path = _connection(url, timeout)
        self._headers = {"Authorization": f"Bearer {_clean(key)}", "Accept-Language": "en", "User-Agent": "seawall"}
        self.refusal = ""  # the first record that was refused, and why

    def send(self, records: Sequence[Record]) -> dict[str, int]:
        """How many events came to each outcome, how many were `refused`, and how many `labels` were taken.

        Records with a `type` are events, the others labels. FeedError where nothing can be sent.
        """
        counts: Counter[str] = Counter()
        for is_event, run in groupby(records, key=lambda record: "type" in record):
            if is_event:
                events = list(run)
                for begin in range(0, len(events), MOST_A_BATCH):
                    self._decide(events[begin : begin + MOST_A_BATCH], counts)
            else:
                for label in run:
                    self._label(label, counts)
        return dict(counts)

    def close(self) -> None:
        """Close the connection; sending opens it again."""
        self._connection.close()

    def _decide(self, events: Sequence[Record], counts: Counter[str]) -> None:
        """Send a batch, and again those of its events that the API had no room for."""
        pauses = self._pauses()
        while events:
            _, body = self._post("/v1/decisions/batch", _encode_lines(events), "application/x-ndjson")
            answers = _answers(body)
            if len(answers) != len(events):
                raise FeedError(f"{self._url}: {len(answers)} answers to {len(events)} events; is it a decision API?")
            again = []
            for event, answer in zip(events, answers, strict=True):
                if answer.get("status") in _WAIT:
                    again.append(event)
                else:
                    self._count(event, answer, counts)
            if again:
                self._sleep(pauses.next("", f"{self._url}: no room for {len(again)} events"))
            events = again

    def _count(self, event: Record, answer: Record, counts: Counter[str]) -> None:
        outcome = answer.get("outcome")
        if isinstance(outcome, str):
            counts[outcome] += 1
        else:
            self._refused(str(event.get("type")), answer, counts)

    def _label(self, label: Record, counts: Counter[str]) -> None:
        body = _encode({name: label[name] for name in _LABEL_MEMBERS if name in label})
        status, answer = self._post("/v1/labels", body, "application/json", refusals=(409, 422))
        if status < 300:
            counts["labels"] += 1
        else:
            self._refused(f"label {label.get('label')}", _problem(answer), counts)

    def _refused(self, what: str, problem: Record, counts: Counter[str]) -> None:
        counts["refused"] += 1
        if not self.refusal:
            field = f"{problem['field']} " if problem.get("field") else ""
            self.refusal = f"{what}: {field}{problem.get('detail') or problem.get('title') or problem.get('status')}"[
                :300
            ]

    def _post(self, path: str, body: bytes, content_type: str, refusals: tuple[int, ...] = ()) -> tuple[int, bytes]:
        """(status, body) of a success or of one of `refusals`; waits and sends again where that helps."""
        pauses = self._pauses()
        while True:
            try:
                status, retry_after, answer = self._request(path, body, content_type)
            except ssl.SSLError as error:
                raise FeedError(f"{self._url}: no trusted TLS connection ({error.reason or error})") from None
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                what = getattr(error, "strerror", None) or str(error) or type(error).__name__
                self._sleep(pauses.next("", f"{self._url}: cannot be reached ({what})"))
                continue
            if status < 300 or status in refusals:
                return status, answer
            problem = _problem(answer)
            said = problem.get("detail") or problem.get("title") or ""
            if status not in _WAIT:
                hint = _HINTS.get(status, "is it a decision API?")
                raise FeedError(f"{self._url}{path}: {status} {str(said)[:200]}".rstrip() + f"; {hint}")
            self._sleep(pauses.next(retry_after, f"{self._url}{path}: {status} {str(said)[:200]}".rstrip()))

    def _request(self, path: str, body: bytes, content_type: str) -> tuple[int, str, bytes]:
        headers = self._headers | {"Content-Type": content_type}
        self._connection.request("POST", self._path + path, body, headers)
        with self._connection.getresponse() as response:
            answer = response.read(_MOST_ANSWER + 1)
            if len(answer) > _MOST_ANSWER:
                raise FeedError(
                    f"{self._url}{path}: answers with more than {_MOST_ANSWER >> 20} MiB; is it a decision API?"
                )
            return response.status, response.headers.get("Retry-After", ""), answer


class _Pauses:
    """How long to wait before the next try: what the server asks for, else longer and longer."""

    def __init__(self, clock: Callable[[], float], patience: float, tell: Callable[[str], None]) -> None:
        self._clock, self._until, self._tries, self._tell = clock, clock() + patience, 0, tell

    def next(self, retry_after: str, problem: str) -> float:
        """Seconds; FeedError, with the problem, when patience is at its end."""
        if self._clock() >= self._until:
            raise FeedError(f"{problem}; gave up after {self._tries} tries more, start again when it is up")
        if not self._tries:
            self._tell(f"{problem}; trying again")
        pause: float = min(_FIRST_PAUSE * 2**self._tries, _LONGEST_PAUSE)
        self._tries += 1
        asked = float(retry_after) if retry_after.isdecimal() else 0.0
        return min(max(pause, asked), max(_FIRST_PAUSE, self._until - self._clock()))


def _connection(url: str, timeout: float) -> tuple[http.client.HTTPConnection, str]:
    """The connection, not opened yet, and the path that all others follow."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FeedError(f"{url!r} is not an address: {error}; write it like http://127.0.0.1:8601") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise FeedError(f"{url!r} is not the address of a decision API; write it like http://127.0.0.1:8601")
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context), parts.path.rstrip("/")
    return http.client.HTTPConnection(host, port, timeout=timeout), parts.path.rstrip("/")


def _clean(key: str) -> str:
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise FeedError("the API key is empty or holds other than printable ASCII; copy it again")
    return key


def _answers(body: bytes) -> list[dict[str, Any]]:
    """The answers of a batch, a JSON array or lines."""
    try:
        if body.lstrip()[:1] == b"[":
            return msgspec.json.decode(body, type=list[dict[str, Any]])
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in body.split(b"\n") if line.strip()]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FeedError(f"an answer to a batch cannot be read ({str(error)[:100]}); is it a decision API?") from None


def _problem(body: bytes) -> dict[str, Any]:
    """The problem object of a refusal; empty where there is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
