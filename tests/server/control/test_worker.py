"""The worker as a process: it works, it is alone, it stops when told, and what it left is taken up again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from seawall.server.process import BAD_START

PATIENCE = 40.0


def command(home: Path) -> list[str]:
    return [sys.executable, "-m", "seawall.server.control.worker", str(home)]


@contextmanager
def worker(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "SEAWALL_HOME": str(home)}
    with (
        (home / "worker.log").open("ab") as log,
        subprocess.Popen(command(home), env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    try:
        with closing(sqlite3.connect(f"file:{home / 'control.db'}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def wait_for(home: Path, ready: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, (home / "worker.log").read_text()[-2_000:]
        time.sleep(0.1)


def write(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "control.db", timeout=10)) as database, database:
        database.execute(statement)


LOOPS = {
    "follower", "timers", "ledger", "policies", "checkpoints", "schedules", "queue",
    *(f"outbox-{channel}" for channel in ("engine", "engine-sealed", "webhook", "email", "sms")),
}  # fmt: skip


def due(home: Path, job: str) -> None:
    write(home, f"UPDATE jobs_schedule SET next_at = '2020-01-01 00:00:00' WHERE job = '{job}'")


def test_a_worker_works_is_alone_survives_a_kill_and_stops_when_told(tmp_path: Path) -> None:
    home = tmp_path
    states = "SELECT state FROM jobs_run WHERE job = 'sessions-clear' ORDER BY id"
    with worker(home) as first:
        wait_for(home, lambda: {name for (name,) in rows(home, "SELECT name FROM jobs_heartbeat")} >= LOOPS)
        assert rows(home, "SELECT name, problem FROM jobs_heartbeat WHERE problem != ''") == []
        second = subprocess.run(command(home), capture_output=True, check=False, timeout=PATIENCE)
        assert (second.returncode, b"another worker" in second.stderr) == (BAD_START, True)
        due(home, "sessions-clear")
        wait_for(home, lambda: rows(home, states) == [("done",)])
        first.kill()
    write(home, "UPDATE jobs_run SET state = 'running', ended_at = NULL")  # as if it had been killed in the middle
    with worker(home) as third:
        wait_for(home, lambda: rows(home, states) == [("failed",), ("done",)])
        third.send_signal(signal.SIGTERM)
        assert third.wait(PATIENCE) == 0
    assert (home / "jobs.db").stat().st_mode & 0o777 == 0o600


def test_a_worker_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    code = f"import subprocess, sys; print(subprocess.Popen({command(tmp_path)!r}).pid, flush=True); sys.stdin.read()"
    with (
        (tmp_path / "worker.log").open("ab") as log,
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as parent,
    ):
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        try:
            wait_for(tmp_path, lambda: bool(rows(tmp_path, "SELECT name FROM jobs_heartbeat")))
        finally:
            parent.kill()
    wait_for(tmp_path, lambda: not _running(pid))


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
