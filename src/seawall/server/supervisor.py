"""The processes of a home: started, watched, started again when they fall, stopped in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

STOP_SECONDS = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_STEADY_SECONDS = 60.0  # a child that stood this long starts afresh at once
_TICK = 0.1
_LARGE_LOG = 20 << 20


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running. `fatal`: exit statuses after which starting again would fail again.

    `log`: the file that takes what it prints, begun anew when it has grown large; else the terminal does.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    fatal: frozenset[int] = frozenset()
    log: Path | None = None


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    due: float = 0.0
    restarts: int = 0


class Supervisor:
    """Keeps its children running until told to stop. `say` gets a line for whatever a person should know."""

    def __init__(
        self, children: Sequence[Child], say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._children = [_Running(child) for child in children]
        self._say, self._clock = say, clock
        self._stopping = False

    def add(self, child: Child) -> None:
        """One more child, started with the next round."""
        self._children.append(_Running(child))

    def stop(self, number: int = 0, frame: object = None) -> None:
        """Ask for the end; `run` then returns. Fits a signal handler."""
        self._stopping = True

    def run(self, each_round: Callable[[], None] = lambda: None, until: Callable[[], bool] = lambda: False) -> int:
        """Until stopped, `until` is true or a child fails for good: its exit status, else 0. `each_round` comes often.

        SIGTERM and SIGINT stop it.
        """
        earlier = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        status = 0
        try:
            while not self._stopping and not until():
                fallen = self._round()
                if fallen is not None:
                    status = fallen
                    break
                each_round()
                time.sleep(_TICK)
        finally:
            self._end()
            for number, handler in earlier.items():
                signal.signal(number, handler)
        return status

    def pid(self, name: str) -> int:
        """The process id of a child, 0 while it is down."""
        for one in self._children:
            if one.child.name == name and one.process is not None and one.process.poll() is None:
                return one.process.pid
        return 0

    def restarts(self) -> dict[str, int]:
        """How often each child was started again."""
        return {one.child.name: one.restarts for one in self._children}

    def _round(self) -> int | None:
        """Start what is due; the exit status of a child that failed for good."""
        now = self._clock()
        for one in self._children:
            if one.process is None:
                if now >= one.due:
                    self._start(one, now)
                continue
            status = one.process.poll()
            if status is None:
                continue
            one.process = None
            if status in one.child.fatal:
                self._say(f"{one.child.name} cannot run: {_last_line(one.child.log) or _status(status)}")
                return status
            if now - one.started > _STEADY_SECONDS:
                one.pause = _FIRST_PAUSE
            one.due, one.pause = now + one.pause, min(2 * one.pause, _LONGEST_PAUSE)
            one.restarts += 1
            where = f", see {one.child.log}" if one.child.log else ""
            self._say(f"{one.child.name} ended ({_status(status)}{where}); starting it again")
        return None

    def _start(self, one: _Running, now: float) -> None:
        environment = {**os.environ, **one.child.environment}
        # a session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops its children in order
        with _opened(one.child.log) as log:
            one.process = subprocess.Popen(  # noqa: S603
                one.child.command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        one.started = now

    def _end(self) -> None:
        """Stop the children, the last one first; what does not go in time is killed."""
        for one in reversed(self._children):
            if one.process is None or one.process.poll() is not None:
                continue
            one.process.terminate()
            try:
                one.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._say(f"{one.child.name} did not stop in {STOP_SECONDS:.0f} s; it is killed")
                one.process.kill()
                one.process.wait()


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours in a process of its own."""
    return [sys.executable, "-m", module, *arguments]


@contextmanager
def _opened(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LARGE_LOG:
        log.replace(log.with_suffix(".old.log"))
    with open(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
        yield file


def _last_line(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4_096))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("seawall: ") if lines else ""


def _status(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
