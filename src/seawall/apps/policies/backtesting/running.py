"""Waiting for the process that computes: its steps as they come, its end at once when it is no longer wanted."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from seawall.apps.policies.backtesting.process import Order, Step
from seawall.engine.errors import SeawallError

POLL = 0.2  # seconds between two looks at whether it is still wanted
_MODULE = "seawall.apps.policies.backtesting.process"
_WITHHELD = ("SEAWALL_PASSPHRASE", "SEAWALL_API_KEY")  # it opens nothing that is sealed
_ONE_CORE = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")


class ProcessError(SeawallError):
    """The process ended without a result; one line that says why."""


def carry_out(order: Order, watch: Callable[[Step], None]) -> None:
    """Run the process to its end. `watch` is given the newest step five times a second; where it raises, the process
    is killed and the exception goes on. ProcessError where there is no result.
    """
    step, problem, finished = Step(), "", False
    with _started(order) as process:
        for line in _lines(process):
            if line:
                said = msgspec.json.decode(line, type=Step)
                finished, problem = finished or said.finished, said.problem or problem
                step = said if said.phase else step
            watch(step)
        status = process.wait()
    if problem or not finished or status:
        raise ProcessError(problem or f"its process ended with status {status}; the worker's log may say why")


@contextmanager
def _started(order: Order) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if name not in _WITHHELD}
    environment |= dict.fromkeys(_ONE_CORE, "1")
    command = [sys.executable, "-m", _MODULE]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603
    try:
        assert process.stdin is not None, "a pipe was asked for"
        with process.stdin as pipe:
            pipe.write(msgspec.json.encode(order))
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Lines as they come, and b"" whenever none came for a moment; ends with the process's output."""
    output: Any = process.stdout
    os.set_blocking(output.fileno(), False)
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            if not selector.select(POLL):
                yield b""
                continue
            data = output.read(1 << 16)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from (line for line in lines if line)
