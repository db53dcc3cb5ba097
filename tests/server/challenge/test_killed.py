"""The real process, really killed between a code and its answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seawall.bench.machine import free_port
from seawall.server.access import SCOPES, KeyStore
from seawall.server.home import Home
from seawall.server.process import Options

from ..world import PACKS

BOUND = {"amount": 20_000, "currency": "CNY", "merchant": "m4"}


class Api:
    """The decision API as a process of a home."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.key = KeyStore(Home(home).prepare().access).create("test", SCOPES)
        (home / "settings.toml").write_text('environment = "demo"\n')

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Ready to decide; killed at the end, as nothing else here stops it."""
        options = Options(str(self.home), "127.0.0.1", self.port, str(PACKS / "payments")).encoded()
        with (self.home / "log").open("ab") as log:
            command = [sys.executable, "-m", "seawall.server.api_process", options]
            process = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                self._wait(process)
                yield process
            finally:
                process.kill()
                process.wait(20)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 90
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.call("GET", "/readyz")[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"it does not answer: {(self.home / 'log').read_text()[-2_000:]}")

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text.startswith(b"{") else None

    def challenged(self) -> str:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for place in range(1, 5):
            body = {
                "event_id": f"p{place}", "type": "payment.card", "event_time": at, "customer": "c1",
                "card": "6222020000000001", "merchant": f"m{place}", "amount": 20_000, "currency": "CNY",
            }  # fmt: skip
            status, decided = self.call("POST", "/v1/decisions", body)
            assert status == 200, decided
        assert decided["outcome"] == "challenge"
        return str(decided["decision_id"])


def test_a_challenge_lives_through_a_kill_with_its_code_and_its_attempts(tmp_path: Path) -> None:
    api = Api(tmp_path)
    with api.running() as process:
        decision_id = api.challenged()
        status, made = api.call("POST", "/v1/challenges", {"decision_id": decision_id, "method": "otp",
                                                            "to": "+8613800138000"})  # fmt: skip
        assert status == 201, made
        (line,) = (tmp_path / "sandbox" / "messages.jsonl").read_text("utf-8").splitlines()
        code = json.loads(line)["text"].partition("验证码 ")[2][:6]
        wrong, path = f"{(int(code) + 1) % 10**6:06d}", f"/v1/challenges/{made['challenge_id']}/verify"
        assert api.call("POST", path, {"code": wrong, "bound": BOUND})[1]["attempts_left"] == 2
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
    with api.running():
        shown = api.call("GET", f"/v1/challenges/{made['challenge_id']}")[1]
        assert (shown["result"], shown["attempts_left"], shown["to"]) == ("open", 2, "+86138****8000")
        done = api.call("POST", path, {"code": code, "bound": BOUND})[1]
        assert (done["result"], done["decision"]["outcome"]) == ("passed", "approve")
        resolved = api.call("GET", f"/v1/decisions/{decision_id}")[1]["resolved_by"]
        assert (resolved["result"], resolved["decision_id"]) == ("passed", done["decision"]["decision_id"])
