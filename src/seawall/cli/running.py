"""Long work on the command line: a progress bar, and Ctrl-C that stops at a good place."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seawall.engine.replay import ReplayResult


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """A function that turns true at the first Ctrl-C; the second one interrupts at once."""
    stopped = False

    def ask(number: int, frame: Any) -> None:
        nonlocal stopped
        if stopped:
            raise KeyboardInterrupt
        stopped = True
        print("\nseawall: stopping after this block; Ctrl-C again stops at once", file=sys.stderr)

    earlier = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: stopped
    finally:
        signal.signal(signal.SIGINT, earlier)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function (done, total or -1) that draws on standard error, on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total if total >= 0 else None)


def say_stopped(result: ReplayResult, out: Path) -> None:
    """Tell how to go on with a replay that was stopped."""
    print(
        f"seawall: stopped after {result.events:,} events; the same command goes on from there (kept in {out}.partial)",
        file=sys.stderr,
    )
