"""A server on an event loop in a thread of its own, while the test goes on in its thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


@contextmanager
def on_a_loop(story: Callable[[Callable[[T], None], asyncio.Event], Awaitable[None]]) -> Iterator[T]:
    """What `story(started, stop)` hands to `started`. It runs until the block ends, which sets `stop`.

    What it raises before that is raised here.
    """
    ready = threading.Event()
    found: dict[str, Any] = {}

    def started(made: T) -> None:
        found["made"] = made
        ready.set()

    async def main() -> None:
        found["loop"], found["stop"] = asyncio.get_running_loop(), asyncio.Event()
        await story(started, found["stop"])

    def work() -> None:
        try:
            uvloop.run(main())
        except BaseException as error:
            found["error"] = error
        finally:
            ready.set()

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(60)
    try:
        if "error" in found:
            raise found["error"]
        assert "made" in found, "it has not started"
        yield found["made"]
    finally:
        with suppress(KeyError, RuntimeError):  # it never began, or is over already
            found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(30)
        assert not thread.is_alive()
