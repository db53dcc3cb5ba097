"""A whole platform on a temporary home: decision API, console and worker as processes, and a browser that signs in."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seawall.bench.machine import free_port
from seawall.cli.up import console_key
from seawall.server.access import DEFAULT_SCOPES, KeyStore
from seawall.server.home import Home
from seawall.server.process import Options
from tests.server.world import PACKS, event

PATIENCE = 60.0


@dataclass(frozen=True)
class Platform:
    """Where it listens and how to come in; without an API there is only the console."""

    home: Path
    url: str
    api: int
    key: str
    name: str
    password: str

    def decide(self, first: int, count: int, **changed: Any) -> list[dict[str, Any]]:
        """Send events that happen now; each must get its decision. A field given as None is left out."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=10)
        decided = []
        with contextlib.closing(connection):
            for number in range(first, first + count):
                fields = json.loads(event(number, event_time=at, **changed))
                body = json.dumps({name: value for name, value in fields.items() if value is not None})
                headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
                connection.request("POST", "/v1/decisions", body, headers)
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 200, text
                decided.append(json.loads(text))
        return decided


@contextmanager
def platform(home: Path, pack: str = "example_card") -> Iterator[Platform]:
    """Everything of `seawall up --demo` but the simulator, on free ports."""
    login = _first_run(home, "demo")["login"]
    names, _space, password = login.rpartition("  ")
    key = KeyStore(Home(home).prepare().access).create("test", (*DEFAULT_SCOPES, "challenge"))
    console_key(Home(home))
    api, console = free_port(), free_port()
    commands = {
        "api_process": Options(str(home), "127.0.0.1", api, str(PACKS / pack)).encoded(),
        "console_process": Options(str(home), "127.0.0.1", console).encoded(),
        "control.worker": str(home),
    }
    with _processes(home, commands, SEAWALL_API_URL=f"http://127.0.0.1:{api}"):
        _until_answers(home, api, "/readyz")
        _until_answers(home, console, "/sign-in/")
        yield Platform(home, f"http://127.0.0.1:{console}", api, key, names.split(" / ")[0], password)


@contextmanager
def strict_console(home: Path) -> Iterator[Platform]:
    """The console alone, as in production: a second factor is asked for, and nobody exists yet."""
    token = _first_run(home)["token"]
    port = free_port()
    commands = {"console_process": Options(str(home), "127.0.0.1", port).encoded()}
    with _processes(home, commands):
        _until_answers(home, port, "/setup/")
        yield Platform(home, f"http://127.0.0.1:{port}", 0, token, "", "")


def _first_run(home: Path, *arguments: str) -> dict[str, str]:
    made = subprocess.run(
        [sys.executable, "-m", "seawall.server.control.first_run", str(home), *arguments],
        env={**os.environ, "SEAWALL_HOME": str(home)}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return dict(json.loads(made.stdout))


@contextmanager
def _processes(home: Path, commands: dict[str, str], **environment: str) -> Iterator[None]:
    known = {**os.environ, "SEAWALL_HOME": str(home), **environment}
    processes = []
    with (home / "log").open("ab") as log:
        for module, argument in commands.items():
            command = [sys.executable, "-m", f"seawall.server.{module}", argument]
            processes.append(subprocess.Popen(command, env=known, stdout=log, stderr=log))
        try:
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def _until_answers(home: Path, port: int, path: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise AssertionError(f"{path} does not answer: {(home / 'log').read_text()[-2_000:]}")
