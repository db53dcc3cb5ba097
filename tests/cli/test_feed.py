"""The feeder against a small decision API on a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from seawall.cli.feed import Feeder, FeedError

EVENTS = [{"event_id": f"e-{i}", "type": "login"} for i in range(5)]
LABEL = {"label": "fraud", "event_id": "e-1", "label_time": "2026-11-22T10:00:00.000Z", "scenario": "stolen_card"}
Answer = tuple[int, dict[str, str], bytes]


class Api:
    """Answers each request by the next of `script`, else with approvals; keeps what it was sent."""

    def __init__(self) -> None:
        self.script: list[Answer | Callable[[bytes], Answer]] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.peers: set[Any] = set()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body leave together

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api.requests.append((self.path, dict(self.headers), body))
                api.peers.add(self.client_address)
                answer = api.script.pop(0) if api.script else usual(self.path)
                status, headers, content = answer(body) if callable(answer) else answer
                if status == 0:  # the connection breaks
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(content))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.requests]


def lines(answers: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(answer).encode() + b"\n" for answer in answers)


def approved(body: bytes) -> Answer:
    sent = [json.loads(line) for line in body.splitlines()]
    return 200, {}, lines([{"event_id": event["event_id"], "outcome": "approve"} for event in sent])


def usual(path: str) -> Callable[[bytes], Answer]:
    return approved if path.endswith("/batch") else lambda body: (202, {}, b'{"sequence":1}')


def problem(status: int, detail: str, **headers: str) -> Answer:
    return status, headers, json.dumps({"status": status, "detail": detail}).encode()


class Waits:
    """A clock that sleeping moves; keeps the sleeps."""

    def __init__(self) -> None:
        self.now, self.slept, self.told = 0.0, list[float](), list[str]()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def feeder(api: Api, waits: Waits) -> Iterator[Feeder]:
    made = Feeder(api.url, "sw_key", waits.clock, waits.sleep, tell=waits.told.append)
    yield made
    made.close()


def test_events_go_in_batches_and_labels_one_by_one_in_order(api: Api, feeder: Feeder) -> None:
    counts = feeder.send([*EVENTS[:2], LABEL, *EVENTS[2:]])
    assert counts == {"approve": 5, "labels": 1}
    assert api.paths() == ["/v1/decisions/batch", "/v1/labels", "/v1/decisions/batch"]
    bodies = [body for _, _, body in api.requests]
    assert [json.loads(line) for line in (bodies[0] + bodies[2]).splitlines()] == EVENTS
    assert json.loads(bodies[1]) == {name: LABEL[name] for name in ("label", "event_id", "label_time")}
    headers = [headers for _, headers, _ in api.requests]
    assert {one["Authorization"] for one in headers} == {"Bearer sw_key"}
    assert [one["Content-Type"] for one in headers] == [
        "application/x-ndjson", "application/json", "application/x-ndjson",
    ]  # fmt: skip
    assert len(api.peers) == 1  # one connection, kept alive


def test_no_batch_has_more_than_a_thousand(api: Api, feeder: Feeder) -> None:
    assert feeder.send([{"event_id": str(i), "type": "login"} for i in range(2_300)]) == {"approve": 2_300}
    assert [len(body.splitlines()) for _, _, body in api.requests] == [1_000, 1_000, 300]


def test_outcomes_and_refusals_are_counted(api: Api, feeder: Feeder) -> None:
    answers = [{"outcome": "approve"}, {"outcome": "decline"}, {"outcome": "approve"},
               {"index": 3, "status": 422, "detail": "is unknown", "field": "colour"}, {"status": 409}]  # fmt: skip
    api.script = [(200, {}, lines(answers)), (200, {}, json.dumps(answers).encode())]
    assert feeder.send(EVENTS) == {"approve": 2, "decline": 1, "refused": 2}
    assert feeder.send(EVENTS) == {"approve": 2, "decline": 1, "refused": 2}
    assert feeder.refusal == "login: colour is unknown"


def test_a_refused_label_is_counted_and_the_rest_goes_on(api: Api, feeder: Feeder) -> None:
    api.script = [problem(422, "unknown label")]
    assert feeder.send([LABEL, EVENTS[0]]) == {"refused": 1, "approve": 1}
    assert feeder.refusal == "label fraud: unknown label"


def test_waits_as_long_as_it_is_asked_to(api: Api, feeder: Feeder, waits: Waits) -> None:
    api.script = [problem(429, "slow down", **{"Retry-After": "7"}), problem(503, "recovering")]
    assert feeder.send(EVENTS) == {"approve": 5}
    assert waits.slept == [7.0, 0.5]
    assert waits.told == [f"{api.url}/v1/decisions/batch: 429 slow down; trying again"]
    assert len({body for _, _, body in api.requests}) == 1


def test_events_without_room_are_sent_again(api: Api, feeder: Feeder, waits: Waits) -> None:
    answers = [{"outcome": "approve"}, {"status": 503}, {"outcome": "review"}, {"status": 429}, {"outcome": "approve"}]
    api.script = [(200, {}, lines(answers))]
    assert feeder.send(EVENTS) == {"approve": 4, "review": 1}
    assert [json.loads(line)["event_id"] for line in api.requests[1][2].splitlines()] == ["e-1", "e-3"]
    assert len(waits.slept) == 1


def test_a_broken_connection_is_opened_again(api: Api, feeder: Feeder) -> None:
    api.script = [approved, (0, {}, b"")]
    assert feeder.send(EVENTS) == {"approve": 5}
    assert feeder.send(EVENTS) == {"approve": 5}
    assert len(api.requests) == 3
    assert len(api.peers) == 2


def test_patience_ends(api: Api, waits: Waits) -> None:
    api.script = [problem(503, "recovering")] * 100
    feeder = Feeder(api.url, "k", waits.clock, waits.sleep, patience=60.0)
    with pytest.raises(FeedError, match=r"503 recovering; gave up after \d+ tries"):
        feeder.send(EVENTS)
    assert 60 <= waits.now < 70
    api.server.shutdown()
    api.server.server_close()
    waits.slept.clear()
    with pytest.raises(FeedError, match="cannot be reached"):
        Feeder(api.url, "k", waits.clock, waits.sleep, patience=5.0).send(EVENTS)
    assert waits.slept == [0.25, 0.5, 1.0, 2.0, 1.25]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (problem(401, "A valid API key is required"), "401 A valid API key is required; the key is unknown"),
        (problem(403, "lacks decide"), "403 lacks decide; the key may not do this"),
        ((404, {}, b"<html>"), "404; nothing answers there"),
        ((500, {}, b""), "500; is it a decision API"),
        ((200, {}, b"hello"), "cannot be read"),
        ((200, {}, lines([{"outcome": "approve"}])), "1 answers to 5 events"),
    ],
)
def test_what_cannot_go_on_says_why(api: Api, feeder: Feeder, waits: Waits, answer: Answer, message: str) -> None:
    api.script = [answer]
    with pytest.raises(FeedError, match=message):
        feeder.send(EVENTS)
    assert not waits.slept


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host", "http://", "http://host:port", "http://me@host/"])
def test_addresses_are_checked(url: str) -> None:
    with pytest.raises(FeedError, match="write it like http"):
        Feeder(url, "key")


@pytest.mark.parametrize("key", ["", " ", "a b", "schlüssel", "a\nb"])
def test_keys_are_checked(key: str) -> None:
    with pytest.raises(FeedError, match="the API key"):
        Feeder("http://127.0.0.1:1", key)


def test_a_path_before_the_api_is_kept(api: Api, waits: Waits) -> None:
    Feeder(f"{api.url}/risk/", "k", waits.clock, waits.sleep).send(EVENTS)
    assert api.paths() == ["/risk/v1/decisions/batch"]
