"""The process that computes a backtest: `python -m seawall.apps.policies.backtesting.process` with an Order on stdin.

A process of its own, so that it can be cancelled at any instant, yields to everything else and gives its memory back.
It prints a line of JSON for every step; the last one says "done", or what was wrong.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec
import pyarrow as pa

from seawall.analytics.backtest.summary import as_json
from seawall.apps.policies.backtesting.measure import Question, StoppedError, measure
from seawall.engine.errors import SeawallError
from seawall.engine.history.lived import JournalHistory, pack_in
from seawall.engine.journal import Journal
from seawall.engine.modules import default_cache
from seawall.engine.policy import CompiledPolicy, compile_policy

NICENESS = 10
SAY_EVERY = 0.2  # seconds
READING, DECIDING, COUNTING = "reading", "deciding", "counting"


class Order(msgspec.Struct):
    """What the process is told: files to read, one to write. `bundles`: policy A, then B; none: prepare the history."""

    journal: str
    history: str
    bundles: list[str]
    result: str
    question: Question


class Step(msgspec.Struct, omit_defaults=True):
    """A line of the process: how far it is, or its end. `problem`: one line for people."""

    phase: str = ""
    done: int = 0
    total: int = 0
    finished: bool = False
    problem: str = ""


def main() -> int:
    """Carry out the order; the exit status is 0 where a result was written."""
    os.nice(NICENESS)
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    speaker = Speaker()
    try:
        _carry_out(order, speaker)
    except SeawallError as error:
        speaker.say(Step(problem=str(error)))
        return 1
    except (StoppedError, BrokenPipeError):
        return 1  # nobody listens any more
    except MemoryError:
        speaker.say(Step(problem="it does not fit into memory; choose a shorter period"))
        return 1
    speaker.say(Step(finished=True))
    return 0


def _carry_out(order: Order, speaker: Speaker) -> None:
    journal = Journal(Path(order.journal), read_only=True)
    try:
        history = JournalHistory(journal, Path(order.history))
        speaker.phase = READING
        history.prepare(speaker.progress, speaker.alone)
        if not order.bundles:
            return
        policies = [_policy(Path(name)) for name in order.bundles]
        speaker.phase = DECIDING
        found = measure(
            history, policies, order.question, progress=speaker.progress, stop=speaker.alone, cache_dir=default_cache()
        )
        result = {"summary": as_json(found.summary), "samples": found.samples, "figures": found.figures}
        Path(order.result).write_bytes(msgspec.json.encode(result))
    finally:
        journal.close()


def _policy(bundle: Path) -> CompiledPolicy:
    return compile_policy(pack_in(bundle.read_bytes()))


class Speaker:
    """Says how far the work is, now and then, and notices when nobody waits for it any more."""

    def __init__(self) -> None:
        self.phase = ""
        self._parent = os.getppid()
        self._said = 0.0

    def say(self, step: Step) -> None:
        """One line, at once."""
        sys.stdout.buffer.write(msgspec.json.encode(step) + b"\n")
        sys.stdout.buffer.flush()

    def progress(self, done: int, total: int) -> None:
        """One line, unless the last one is young."""
        if time.monotonic() - self._said >= SAY_EVERY or done >= total:
            self.say(Step(COUNTING if self.phase == DECIDING and done >= total else self.phase, done, total))
            self._said = time.monotonic()

    def alone(self) -> bool:
        """Whether the process that wanted the result is gone."""
        return os.getppid() != self._parent


if __name__ == "__main__":
    sys.exit(main())
