"""Real children: kept running, started again with growing pauses, stopped in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from seawall.server.supervisor import Child, Supervisor

FOREVER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_a_child_that_falls_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor([Child("one", FOREVER, log=tmp_path / "logs" / "one.log")], said.append)
    seen: list[int] = []

    def each_round() -> None:
        pid = supervisor.pid("one")
        if pid and pid not in seen:
            seen.append(pid)
            if len(seen) == 1:
                os.kill(pid, signal.SIGKILL)

    assert supervisor.run(each_round, until=lambda: len(seen) == 2) == 0
    assert supervisor.restarts() == {"one": 1}
    assert "SIGKILL" in said[0]
    assert not Path(f"/proc/{seen[1]}").exists(), "none is left behind"
    assert (tmp_path / "logs" / "one.log").stat().st_mode & 0o777 == 0o600


def test_a_child_that_cannot_run_ends_it_all_and_says_why(tmp_path: Path) -> None:
    said: list[str] = []
    bad = Child(
        "bad", script("print('seawall: no such pack'); raise SystemExit(78)"), {}, frozenset({78}), tmp_path / "b"
    )
    assert Supervisor([bad, Child("one", FOREVER, log=tmp_path / "a")], said.append).run() == 78
    assert said == ["bad cannot run: no such pack"]


def test_sigterm_stops_the_children_the_last_one_first(tmp_path: Path) -> None:
    mark = (
        "import signal, sys, time, pathlib\n"
        "def stop(*_):\n"
        "    with open(sys.argv[1], 'a') as file: file.write(sys.argv[2])\n"
        "    raise SystemExit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "pathlib.Path(sys.argv[1] + '.' + sys.argv[2]).touch()\n"
        "time.sleep(60)\n"
    )
    order = tmp_path / "order"
    children = [Child(name, [*script(mark), str(order), name]) for name in "abc"]
    supervisor = Supervisor(children, lambda line: None)

    def ask() -> None:
        while not all(Path(f"{order}.{name}").exists() for name in "abc"):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=ask)
    thread.start()
    assert supervisor.run() == 0
    thread.join()
    assert order.read_text() == "cba"


def test_a_deaf_child_is_killed(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("seawall.server.supervisor.STOP_SECONDS", 0.3)
    ready = tmp_path / "ready"
    deaf = script(f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(60)")
    said: list[str] = []
    supervisor = Supervisor([Child("deaf", deaf)], said.append)
    pid: list[int] = []
    assert supervisor.run(lambda: pid.append(supervisor.pid("deaf")), until=ready.exists) == 0
    assert said == ["deaf did not stop in 0 s; it is killed"]
    assert not Path(f"/proc/{pid[-1]}").exists()
