"""The HTTP process: reads requests and writes answers, and leaves what lies between to the engine's process.

`python -m seawall.server.http.front OPTIONS` (JSON, one argument); `apart` starts it.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from seawall.server.access import Access
from seawall.server.decided import UnavailableError
from seawall.server.http.api import table_of
from seawall.server.http.hub import Hub
from seawall.server.http.limits import Limits
from seawall.server.http.link import CARRIED, Answered, Asked, Down, Link, Metered, Up
from seawall.server.http.listening import Tls, tls_context
from seawall.server.http.message import Request, Response
from seawall.server.http.reception import Done, Reception
from seawall.server.http.run import accepting
from seawall.server.metrics import Meters, RouteMeter


class FrontOptions(msgspec.Struct, frozen=True):
    """`sockets` and `link`: descriptors the process was started with; `keys`: the database of API keys."""

    sockets: list[int]
    link: int
    keys: str
    certificate: str
    key: str
    limits: Limits

    @property
    def context(self) -> ssl.SSLContext | None:
        """With the certificate, if there is one."""
        return tls_context(Tls(Path(self.certificate), Path(self.key))) if self.certificate else None


class Remote(Reception):
    """Asks the engine's process; whatever can be refused without it, is."""

    def __init__(self, access: Access, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        meters = Meters(dict, dict)
        super().__init__(access, meters, table_of(meters))
        self.link = Link(Down, self._receive, self._lost)
        self._loop, self._stop = loop, stop
        self._places = {route.name: place for place, route in enumerate(self.table.routes)}
        self._number = 0
        self._waiting: dict[int, tuple[Request, Done]] = {}
        self._frame: list[Asked] = []
        self._is_lost = False

    def begin(self, request: Request, done: Done) -> None:
        """See Reception."""
        if self._is_lost:
            done(self.refuse(request, _gone()))
            return
        self._number = number = self._number + 1
        self._waiting[number] = request, done
        headers = {name: request.headers[name] for name in CARRIED if name in request.headers}
        if not self._frame:
            self._loop.call_soon(self._flush)
        place = self._places[request.known_route().name]
        self._frame.append(
            Asked(number, place, request.argument, request.query, headers, request.peer, request.body, request.began)
        )

    def report(self, news: str = "") -> None:
        """Tell what was refused here since the last time, and how many are connected."""
        refused = [one for one in self.meters.routes.values() if one.counts]
        metered = [Metered(one.name, one.counts, one.buckets, one.seconds) for one in refused]
        self.link.send(Up([], metered, self.meters.connections(), news))
        for one in refused:
            fresh = RouteMeter(one.name)
            one.counts, one.buckets, one.seconds = fresh.counts, fresh.buckets, fresh.seconds

    async def report_always(self, seconds: float) -> None:
        """Do so every so often."""
        while True:
            await asyncio.sleep(seconds)
            self.report()

    def _flush(self) -> None:
        frame, self._frame = self._frame, []
        self.link.send(Up(frame, [], self.meters.connections()))

    def _receive(self, frame: Down) -> None:
        for answered in frame.answered:
            self._answer(answered)
        if frame.drain:
            self._stop.set()

    def _answer(self, answered: Answered) -> None:
        request, done = self._waiting.pop(answered.number)
        self.charge(request, answered.cost)
        done(Response(answered.status, answered.body, answered.fields))

    def _lost(self) -> None:
        self._is_lost = True
        waiting, self._waiting = self._waiting, {}
        for request, done in waiting.values():
            done(self.refuse(request, _gone()))
        self._stop.set()


def _gone() -> UnavailableError:
    return UnavailableError("the decision engine has stopped; what was sent may be durable, send it again")


async def _run(options: FrontOptions) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C reaches the whole group; the engine says when to go
    access = Access(Path(options.keys))
    remote = Remote(access, loop, stop)
    await loop.create_unix_connection(lambda: remote.link, sock=socket.socket(fileno=options.link))
    hub = Hub(remote, options.limits, loop)
    reports = loop.create_task(remote.report_always(options.limits.tick_seconds))
    try:
        async with accepting(hub, [socket.socket(fileno=one) for one in options.sockets], options.context):
            remote.report("serving")
            await stop.wait()
        clean = await hub.drain()
        remote.report("drained" if clean else "cut off")
    finally:
        reports.cancel()
        with suppress(asyncio.CancelledError):
            await reports
        remote.link.close()
        await asyncio.sleep(0)
        access.close()


def main(argument: str) -> int:
    """Serve until the engine's process says to stop, or is gone."""
    import uvloop

    options = msgspec.json.decode(argument, type=FrontOptions)
    gc.collect()
    gc.freeze()
    uvloop.run(_run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
