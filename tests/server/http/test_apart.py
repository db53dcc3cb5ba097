"""The HTTP process beside the engine's: falls, is started again, and never outlives it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..world import event
from .conftest import Served, read_all, serving

PATH = "/v1/decisions"


def fronts(parent: int) -> list[int]:
    """Process ids of the HTTP processes under `parent`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            ppid, state = int(stat[stat.rindex(")") + 2 :].split()[1]), stat[stat.rindex(")") + 2]
            if ppid == parent and state != "Z" and b"seawall.server.http.front" in command:
                found.append(int(entry.name))
    return found


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[Served, int]]:
    """A server with its HTTP process."""
    before = set(fronts(os.getpid()))
    with serving(tmp_path, "apart") as served:
        (front,) = set(fronts(os.getpid())) - before
        yield served, front


def test_a_front_that_is_killed_is_started_again_while_callers_wait(alone: tuple[Served, int]) -> None:
    served, front = alone
    first = served.call("POST", PATH, event(1))
    os.kill(front, signal.SIGKILL)
    again = served.call("POST", PATH, event(1))  # waits in the sockets' queue
    assert (first.status, again.status) == (200, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json["decision_id"] == first.json["decision_id"]
    assert front not in fronts(os.getpid())


def test_a_front_that_is_told_to_stop_finishes_and_comes_again(alone: tuple[Served, int]) -> None:
    served, front = alone
    with served.connect() as client:
        os.kill(front, signal.SIGTERM)
        assert read_all(client) == b""
    assert served.call("GET", "/healthz").status == 200


def test_ctrl_c_is_for_the_engine_alone(alone: tuple[Served, int]) -> None:
    served, front = alone
    os.kill(front, signal.SIGINT)
    time.sleep(0.2)
    assert served.call("GET", "/healthz").status == 200
    assert front in fronts(os.getpid())


def test_what_the_front_refuses_is_in_the_metrics(alone: tuple[Served, int]) -> None:
    served, _ = alone
    for _ in range(3):
        assert served.call("POST", PATH, event(2), key="sw_none").status == 401
    with served.connect():
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            text = served.call("GET", "/metrics").body.decode()
            if 'seawall_http_requests_total{route="decide",status="401"} 3.0' in text:
                break
            time.sleep(0.05)
    assert 'seawall_http_requests_total{route="decide",status="401"} 3.0' in text
    assert "seawall_http_connections" in text


def test_a_front_ends_with_its_server(tmp_path: Path) -> None:
    before = set(fronts(os.getpid()))
    with serving(tmp_path, "apart"):
        (front,) = set(fronts(os.getpid())) - before
    assert front not in fronts(os.getpid())
