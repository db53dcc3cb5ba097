"""What all connections share: the API, the bounds, a coarse clock, and who is connected."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

from seawall.server.http.connection import Connection
from seawall.server.http.limits import Limits
from seawall.server.http.problem import ProblemError
from seawall.server.http.reception import Reception

_TOLD = 64  # connections beyond the bound that are still answered, with 503


class Hub:
    """Keeps the connections of one server. Deadlines are looked at once a tick, so setting one is an assignment."""

    def __init__(self, api: Reception, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self.api, self.limits, self.loop = api, limits, loop
        self.stopping = False
        self.now = loop.time()  # as of the last tick
        self.date = b""
        self._connections: set[Connection] = set()
        self._reserved = 0
        self._empty = asyncio.Event()
        self._empty.set()
        api.meters.connections = lambda: len(self._connections)
        self._tick()

    def connect(self) -> Connection:
        """The protocol for a new connection."""
        return Connection(self)

    def join(self, connection: Connection) -> None:
        """Remember a connection. One too many is told so; many too many are cut off."""
        self._connections.add(connection)
        self._empty.clear()
        excess = len(self._connections) - self.limits.connections
        if excess > _TOLD:
            connection.abort()
        elif excess > 0:
            connection.turn_away()

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def reserve(self, size: int) -> bool:
        """Room for a large body, if there is some."""
        if self._reserved + size > self.limits.large_bodies:
            return False
        self._reserved += size
        return True

    def give_back(self, size: int) -> None:
        """The room of a large body."""
        self._reserved -= size

    def headers_too_large(self) -> ProblemError:
        """Of a request whose headers pass the bound."""
        most = self.limits.header_bytes
        return ProblemError(
            "headers-too-large", f"请求头最多 {most:,} 字节", f"at most {most:,} bytes of headers are taken"
        )

    async def drain(self) -> bool:
        """Close what is idle, wait for what is not, cut off what takes too long. True where nothing had to be."""
        self.stopping = True
        for connection in list(self._connections):
            connection.stop()
        try:
            await asyncio.wait_for(self._empty.wait(), self.limits.drain_seconds)
            clean = True
        except TimeoutError:
            clean = False
            for connection in list(self._connections):
                connection.abort()
            await asyncio.sleep(0)
        self._handle.cancel()
        return clean

    def _tick(self) -> None:
        self.now = now = self.loop.time()
        self.date = f"date: {formatdate(usegmt=True)}\r\n".encode()
        for connection in [one for one in self._connections if one.deadline <= now]:
            connection.expire()
        self._handle = self.loop.call_later(self.limits.tick_seconds, self._tick)
