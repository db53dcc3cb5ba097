"""`http`: durable decisions over HTTP as callers get them: wrk at 64 connections, and callers who do not wait.

The service is a process of its own on one processor; what drives it runs on another where there is one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
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

from .figure import Figure, median
from .http_callers import call_at_rate
from .http_pack import write_pack
from .machine import free_port

EVENTS = 60_000
CONNECTIONS, RATE = 64, 3_000
_SCRIPT = Path(__file__).with_name("http.lua")
_EXPECTED = 6_000  # requests a second, to turn a number of events into seconds of wrk
_WARM_SECONDS, _MOST_SECONDS, _START_SECONDS = 3, 60, 120
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
    """Rates and latencies without and with a model of 300 trees; medians of `repeats`.

    SeawallError where wrk is absent, an answer is no decision, or an answer is not in the journal.
    """
    if shutil.which("wrk") is None:
        raise SeawallError("wrk drives this benchmark and is not installed; `apt-get install wrk`")
    found = []
    for name, with_model in (("http", False), ("http_model", True)):
        with tempfile.TemporaryDirectory() as folder:
            found += _measured(name, write_pack(Path(folder), with_model), Path(folder), events, repeats)
    return found


def _measured(name: str, pack: Path, folder: Path, events: int, repeats: int) -> list[Figure]:
    home = Home(folder / "home").prepare()
    key = KeyStore(home.access).create("bench", ["decide"])
    seconds = max(1, min(_MOST_SECONDS, events // _EXPECTED))
    sent = min(events, RATE * seconds)
    with _service(home, pack) as port:
        answers = _wrk(port, key, "warm", _WARM_SECONDS if events >= _EXPECTED else 1).answers
        closed = [_wrk(port, key, f"run{number}", seconds) for number in range(repeats)]
        paced = [uvloop.run(call_at_rate(port, key, RATE, sent, f"paced{number}")) for number in range(repeats)]
    answers += sum(one.answers for one in closed) + repeats * sent
    _check_journal(home, answers, CONNECTIONS * (repeats + 1))
    return [
        Figure(f"{name}_decisions", round(median(one.rate for one in closed), 1), "decisions/s"),
        Figure(f"{name}_p50", round(median(one.p50 for one in closed), 2), "ms"),
        Figure(f"{name}_p99", round(median(one.p99 for one in closed), 2), "ms"),
        Figure(f"{name}_at_{RATE}_p50", round(median(p50 for p50, _ in paced), 2), "ms"),
        Figure(f"{name}_at_{RATE}_p99", round(median(p99 for _, p99 in paced), 2), "ms"),
        Figure(f"{name}_answers_in_journal", float(answers), "records"),
    ]


def _check_journal(home: Home, answers: int, under_way: int) -> None:
    """Every answer is a record; wrk stops without waiting for the answers under way, so there may be a few more."""
    with Journal(home.journal, read_only=True) as journal:
        records = sum(1 for record in journal.read(verify=False) if record.kind == Kind.EVENT)
    if not answers <= records <= answers + under_way:
        raise SeawallError(f"{answers:,} answers, but {records:,} events in the journal; report this")


# --- the service ------------------------------------------------------------------------------------------------------


@contextmanager
def _service(home: Home, pack: Path) -> Iterator[int]:
    """The decision API on this processor; meanwhile this process moves to the others. Gives the port."""
    port = free_port()
    options = Options(home=str(home.folder), host="127.0.0.1", port=port, pack=str(pack)).encoded()
    command = [sys.executable, "-m", "seawall.server.api_process", options]
    with _elsewhere(), subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=_here()) as child:  # noqa: S603
        try:
            _wait_until_ready(child, port)
            yield port
        finally:
            child.terminate()
            child.wait(_START_SECONDS)


def _here() -> Callable[[], None] | None:
    """What puts a child on the processors this process has now, whatever this process does later."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    processors = os.sched_getaffinity(0)
    return lambda: os.sched_setaffinity(0, processors)


@contextmanager
def _elsewhere() -> Iterator[None]:
    """This process, and what it starts, on the other processors, where there are any."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    others = set(range(os.cpu_count() or 1)) - before
    try:
        if before and others:
            os.sched_setaffinity(0, others)
    except OSError:
        before = set()  # not ours to choose here
    try:
        yield
    finally:
        if before and others:
            os.sched_setaffinity(0, before)


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


def _wrk(port: int, key: str, run: str, seconds: int) -> Driven:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", key, run]
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
        raise SeawallError("wrk printed something else than expected; is it wrk 4?")
    failed = [int(number) for number in re.findall(r"Non-2xx or 3xx responses: (\d+)", text)]
    failed += [int(number) for line in re.findall(r"Socket errors: (.*)", text) for number in re.findall(r"\d+", line)]
    return Driven(int(answers[1]), sum(failed), float(rate[1]), _ms(latency["50"]), _ms(latency["99"]))


def _ms(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    assert match is not None, text
    return float(match[1]) * _UNITS[match[2]]
