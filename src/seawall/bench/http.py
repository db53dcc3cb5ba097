"""`http`: durable decisions over HTTP as callers get them: wrk at 64 connections, and callers who do not wait.

The service (an HTTP process and the engine's) and what drives it share the processors as the system sees fit.
"""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from seawall.engine.errors import SeawallError
from seawall.engine.journal import Journal, Kind
from seawall.server.access import KeyStore
from seawall.server.home import Home
from seawall.server.process import Options
from seawall.server.supervisor import python

from .figure import Figure, median
from .http_callers import call_at_rate
from .http_content import Content, forty, payments
from .machine import all_processors, free_port

EVENTS = 60_000
CONNECTIONS, RATE = 64, 3_000
_SCRIPT = Path(__file__).with_name("http.lua")
_EXPECTED = 6_000  # requests a second, to turn a number of events into seconds of wrk
_FASTEST = 12_000  # answers a second: no run needs more events
_MOST_SECONDS, _START_SECONDS, _BATCH = 60, 120, 500
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1_000.0}


@dataclass(frozen=True, slots=True)
class Driven:
    """What wrk saw: answers, those that were no success, answers a second, latencies in ms."""

    answers: int
    failed: int
    rate: float
    p50: float
    p99: float


def figures(events: int = EVENTS, repeats: int = 1, cache_dir: Path | None = None) -> list[Figure]:
    """Rates and latencies, medians of `repeats`: 40 features and 30 rules without (`http`) and with a model of 300
    trees (`http_model`), the latter beside the control plane that follows it (`http_model_with_console`), and the
    larger pack that ships, with such a model (`http_payments_model`).

    SeawallError where wrk is absent, an answer is no decision, or an answer is not in the journal.
    """
    if shutil.which("wrk") is None:
        raise SeawallError("wrk drives this benchmark and is not installed; `apt-get install wrk`")
    spare = _sent(events, repeats)
    contents: dict[str, Callable[[Path], Content]] = {
        "http": lambda folder: forty(folder, spare, with_model=False),
        "http_model": lambda folder: forty(folder, spare, with_model=True),
        "http_model_with_console": lambda folder: forty(folder, spare, with_model=True),
        "http_payments_model": lambda folder: payments(folder, spare),
    }
    found = []
    for name, content in contents.items():
        with tempfile.TemporaryDirectory() as folder:
            found += _measured(name, content(Path(folder)), Path(folder), events, repeats)
    return found


def _sent(events: int, repeats: int) -> int:
    """How many events to have ready: wrk takes as many as it can in the time."""
    return events + 1_000 + _FASTEST * (1 + repeats * _seconds(events)) + repeats * RATE * _seconds(events)


def _seconds(events: int) -> int:
    return max(1, min(_MOST_SECONDS, events // _EXPECTED))


def _measured(name: str, content: Content, folder: Path, events: int, repeats: int) -> list[Figure]:
    home = Home(folder / "home").prepare()
    key = KeyStore(home.access).create("bench", ["decide"])
    seconds = _seconds(events)
    lines = folder / "events.jsonl"
    lines.write_bytes(b"\n".join(content.bodies) + b"\n")
    closed, paced, used = [], [], events
    with (_platform if name.endswith("_with_console") else _service)(home, content.pack) as port:
        _fill(port, key, content.bodies[:used])
        used += _wrk(port, key, lines, used, 1).answers + CONNECTIONS
        for _ in range(repeats):
            closed.append(_wrk(port, key, lines, used, seconds))
            used += closed[-1].answers + CONNECTIONS
        for _ in range(repeats):
            sent = content.bodies[used : used + min(events, RATE * seconds)]
            paced.append(uvloop.run(call_at_rate(port, key, RATE, sent)))
            used += len(sent)
        outcomes = _outcomes(port)
    answers = used - CONNECTIONS * (repeats + 1)
    _check_journal(home, answers, CONNECTIONS * (repeats + 1))
    return [
        Figure(f"{name}_decisions", round(median(one.rate for one in closed), 1), "decisions/s"),
        Figure(f"{name}_p50", round(median(one.p50 for one in closed), 2), "ms"),
        Figure(f"{name}_p99", round(median(one.p99 for one in closed), 2), "ms"),
        Figure(f"{name}_at_{RATE}_p50", round(median(p50 for p50, _ in paced), 2), "ms"),
        Figure(f"{name}_at_{RATE}_p99", round(median(p99 for _, p99 in paced), 2), "ms"),
        Figure(f"{name}_answers_in_journal", float(answers), "records"),
        Figure(f"{name}_approved", round(outcomes.get("approve", 0) / max(sum(outcomes.values()), 1), 3), "share"),
    ]


def _fill(port: int, key: str, bodies: list[bytes]) -> None:
    """The past, before the clock runs: windows are filled, cards and accounts known."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for start in range(0, len(bodies), _BATCH):
        body = b"[%b]" % b",".join(bodies[start : start + _BATCH])
        connection.request("POST", "/v1/decisions/batch", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SeawallError(f"the events before the measurement were answered {answer.status}; look at /metrics")
    connection.close()


def _outcomes(port: int) -> dict[str, int]:
    """How many decisions had which outcome."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return {
        name: int(float(n)) for name, n in re.findall(r'^seawall_decisions_total\{outcome="(\w+)"\} (\S+)$', text, re.M)
    }


def _check_journal(home: Home, answers: int, under_way: int) -> None:
    """Every answer is a record; wrk stops without waiting for the answers under way, so there may be a few more."""
    with Journal(home.journal, read_only=True) as journal:
        records = sum(1 for record in journal.read(verify=False) if record.kind == Kind.EVENT)
    if not answers <= records <= answers + under_way:
        raise SeawallError(f"{answers:,} answers, but {records:,} events in the journal; report this")


# --- the service ------------------------------------------------------------------------------------------------------


@contextmanager
def _service(home: Home, pack: Path) -> Iterator[int]:
    """The decision API as `seawall up` starts it, without the control plane. Gives the port."""
    port = free_port()
    options = Options(home=str(home.folder), host="127.0.0.1", port=port, pack=str(pack)).encoded()
    with _running("seawall.server.api_process", options) as child:
        _wait_until_ready(child, port)
        yield port


@contextmanager
def _platform(home: Home, pack: Path) -> Iterator[int]:
    """All of it: the decision API, the console, and the worker that follows the journal. Gives the API's port."""
    port, console = free_port(), free_port()
    ports = ("--port", str(console), "--api-port", str(port))
    with _running("seawall.cli", "up", "--home", str(home.folder), "--pack", str(pack), "--quiet", *ports) as child:
        _wait_until_ready(child, port)
        _wait_for_console(child, console)
        yield port


@contextmanager
def _running(*module: str) -> Iterator[subprocess.Popen[bytes]]:
    """A module of ours as a process on every processor, ended with the block."""
    command, silent = python(*module), subprocess.DEVNULL
    with all_processors(), subprocess.Popen(command, stdout=silent, stderr=subprocess.PIPE) as child:  # noqa: S603
        try:
            yield child
        finally:
            child.terminate()
            child.wait(_START_SECONDS)


def _wait_for_console(child: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
        except urllib.error.HTTPError:
            return  # it answers
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise SeawallError("the console did not come up beside the decision API")


def _wait_until_ready(child: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            said = child.stderr.read().decode(errors="replace").splitlines() if child.stderr else []
            raise SeawallError(f"the service did not start: {said[-1] if said else 'no message'}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SeawallError(f"the service was not ready within {_START_SECONDS} s")


# --- wrk --------------------------------------------------------------------------------------------------------------


def _wrk(port: int, key: str, lines: Path, over: int, seconds: int) -> Driven:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", key, str(lines), str(over)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SeawallError(f"wrk failed: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    driven = read_wrk(done.stdout)
    if driven.failed:
        raise SeawallError(f"{driven.failed:,} of {driven.answers:,} answers were no decisions; look at /metrics")
    return driven


def read_wrk(text: str) -> Driven:
    """The figures in what wrk prints with --latency."""
    latency = dict(re.findall(r"^ +(\d+)% +([\d.]+\w+)$", text, re.MULTILINE))
    answers = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec: +([\d.]+)", text)
    if answers is None or rate is None or "99" not in latency:
        said = " ".join(text.split())[-300:]
        raise SeawallError(f"wrk printed something else than expected; is it wrk 4? It ended: {said}")
    failed = [int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", text)]
    failed += [int(number) for line in re.findall(r"Socket errors: (.*)", text) for number in re.findall(r"\d+", line)]
    return Driven(int(answers[1]), sum(failed), float(rate[1]), _ms(latency["50"]), _ms(latency["99"]))


def _ms(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    assert match is not None, text
    return float(match[1]) * _UNITS[match[2]]
