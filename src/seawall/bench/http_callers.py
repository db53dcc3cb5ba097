"""Callers who do not wait for each other: events sent at a fixed rate, latency from when each was due."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Sequence
from typing import cast

from seawall.engine.errors import SeawallError

CONNECTIONS = 512  # a connection has one request answered at a time: so many may be under way without waiting
_GRACE_SECONDS = 30.0
_TICK_SECONDS = 0.001
_LENGTH = re.compile(rb"content-length: (\d+)\r\n")


class _Caller(asyncio.Protocol):
    """One connection; requests are sent without waiting, answers come in order."""

    def __init__(self) -> None:
        self.due: deque[float] = deque()
        self.latencies: list[float] = []  # ms
        self.failed = 0
        self._data = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._data, 0, end + 2)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self._data) < stop:
                return
            self.failed += not self._data.startswith(b"HTTP/1.1 200 ")
            self.latencies.append((time.perf_counter() - self.due.popleft()) * 1_000)
            self._data = self._data[stop:]

    def call(self, request: bytes, due: float) -> None:
        """Send one request that was due at `due`."""
        self.due.append(due)
        self.transport.write(request)


async def call_at_rate(port: int, key: str, rate: int, bodies: Sequence[bytes]) -> tuple[float, float]:
    """Send these events, `rate` a second; p50 and p99 in ms. SeawallError where one is not decided."""
    loop, events = asyncio.get_running_loop(), len(bodies)
    callers = [(await loop.create_connection(_Caller, "127.0.0.1", port))[1] for _ in range(min(CONNECTIONS, events))]
    head = f"POST /v1/decisions HTTP/1.1\r\nHost: seawall\r\nAuthorization: Bearer {key}\r\n".encode()
    requests = [_request(head, body) for body in bodies]  # made before the clock runs
    began = time.perf_counter() + 0.05
    for number, request in enumerate(requests):
        due = began + number / rate
        while (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(max(wait, _TICK_SECONDS))  # a loop that spins would take the service's processor
        if number % 16 == 0:
            await asyncio.sleep(0)  # late ones are sent in a row, answers are read all the same
        callers[number % len(callers)].call(request, due)
    deadline = time.perf_counter() + _GRACE_SECONDS
    while any(caller.due for caller in callers) and time.perf_counter() < deadline:
        await asyncio.sleep(0.01)
    for caller in callers:
        caller.transport.close()
    latencies = sorted(one for caller in callers for one in caller.latencies)
    failed = sum(caller.failed for caller in callers)
    if failed or len(latencies) < events:
        raise SeawallError(f"{events - len(latencies) + failed:,} of {events:,} events were not decided; slow down")
    return latencies[events // 2], latencies[int(events * 0.99)]


def _request(head: bytes, body: bytes) -> bytes:
    return b"%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
