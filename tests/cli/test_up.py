"""The whole platform as a user starts it: real processes, one killed, all stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from seawall.bench.machine import free_port

PATIENCE = 120.0


class Platform:
    """A running `seawall up` and what it printed."""

    def __init__(self, home: Path, *more: str) -> None:
        self.home, self.port = home, free_port()
        self.log = home.with_suffix(".log")
        command = [sys.executable, "-m", "seawall.cli", "--home", str(home), "up", "--lang", "en"]
        ports = ["--port", str(self.port), "--api-port", str(free_port())]
        self.url = f"http://127.0.0.1:{ports[-1]}"
        with self.log.open("wb") as log:
            environment = {**os.environ, "SEAWALL_PASSPHRASE": ""}
            self.process = subprocess.Popen([*command, *ports, *more], stdout=log, stderr=log, env=environment)

    def until(self, words: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            text = self.log.read_text()
            if words in text:
                return text
            assert self.process.poll() is None, text
            time.sleep(0.05)
        raise AssertionError(f"{words!r} never came: {self.log.read_text()}")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def seawall(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "seawall.cli", "--home", str(self.home), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    def post(self, key: str, event: dict[str, object]) -> dict[str, object]:
        request = Request(f"{self.url}/v1/decisions", json.dumps(event).encode(), {"Authorization": f"Bearer {key}"})
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urlopen(request, timeout=10) as answer:
                    found: dict[str, object] = json.load(answer)
                    return found
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    one = Platform(tmp_path / "home", "--pack", "example_card")
    yield one
    if one.process.poll() is None:
        one.process.kill()


def _event(number: int) -> dict[str, object]:
    return {
        "event_id": f"e-{number}",
        "type": "payment.card",
        "event_time": "2026-11-18T10:00:00.000Z",
        "customer": "c1",
        "card": "6222020000000000",
        "merchant": "m1",
        "device": "d1",
        "amount": 500_000,
        "currency": "CNY",
    }


def test_a_fresh_home_decides_survives_a_kill_and_stops_cleanly(platform: Platform) -> None:
    text = platform.until("decision API ready")
    assert "NOT PROTECTED" in text
    assert "one-time token" in text
    assert (platform.home / "keys.json").stat().st_mode & 0o777 == 0o600
    key = platform.seawall("apikey", "create", "checkout").splitlines()[-1]
    first = platform.post(key, _event(1))
    assert first.keys() >= {"decision_id", "event_id", "outcome", "score", "reasons", "content_hash"}
    with urlopen(f"{platform.url}/metrics", timeout=10) as metrics:
        assert f'seawall_decisions_total{{outcome="{first["outcome"]}"}} 1.0' in metrics.read().decode()

    children = Path(f"/proc/{platform.process.pid}/task/{platform.process.pid}/children").read_text().split()
    api = next(pid for pid in children if "api_process" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(int(api), signal.SIGKILL)
    platform.until("decision API ended (SIGKILL")
    assert platform.post(key, _event(1))["content_hash"] == first["content_hash"]
    assert platform.post(key, _event(2))["outcome"]

    explained = json.loads(platform.seawall("explain", "e-1", "--json"))
    assert explained["decision_id"] == first["decision_id"]
    assert explained["event"]["card"].startswith("card_")
    assert platform.seawall("journal", "verify").startswith("3 good records")
    platform.seawall("apikey", "revoke", "checkout")
    assert platform.stop() == 0
    assert "stopped; the records are in" in platform.log.read_text()
