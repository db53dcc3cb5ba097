"""Serve the API through an HTTP process of its own, so that sockets and the engine do not share one interpreter."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence

import msgspec

from seawall.server.access import Access
from seawall.server.challenge.desk import Desk
from seawall.server.decided import UnavailableError
from seawall.server.http.api import Api
from seawall.server.http.front import FrontOptions
from seawall.server.http.limits import Limits
from seawall.server.http.link import Answered, Asked, Down, Link, Up
from seawall.server.http.listening import Tls, listen, tls_context, url_of
from seawall.server.http.message import Request, Response
from seawall.server.http.run import stopped_by_signals
from seawall.server.service import Service

_log = logging.getLogger(__name__)
_START_SECONDS, _EXIT_SECONDS = 60.0, 5.0
_PAUSE_SECONDS = 0.2  # before a front that fell is started again; callers wait in the sockets' queue meanwhile


async def serve_apart(
    service: Service,
    access: Access,
    host: str = "127.0.0.1",
    port: int = 8080,
    tls: Tls | None = None,
    limits: Limits | None = None,
    started: Callable[[str], None] | None = None,
    stop: asyncio.Event | None = None,
    challenges: Desk | None = None,
) -> bool:
    """As `run.serve`. A front that falls is started again: the sockets stay open here."""
    limits, stop = limits or Limits(), stop or asyncio.Event()
    if tls is not None:
        tls_context(tls)  # what is wrong with it is said here
    api = Api(service, access, challenges)
    sockets = listen(host, port)
    try:
        async with stopped_by_signals(stop):
            front = await _serving(api, sockets, access, tls, limits)
            if started is not None:
                started(url_of(sockets, tls))
            stopping = asyncio.ensure_future(stop.wait())
            while not stop.is_set():
                await asyncio.wait((stopping, front.lost), return_when=asyncio.FIRST_COMPLETED)
                if not stop.is_set():
                    _log.error("the HTTP process ended (%s); starting it again", await front.ended())
                    await asyncio.sleep(_PAUSE_SECONDS)
                    front = await _serving(api, sockets, access, tls, limits)
    finally:
        for one in sockets:
            one.close()
    return await front.drain(limits.drain_seconds)


async def _serving(
    api: Api, sockets: Sequence[socket.socket], access: Access, tls: Tls | None, limits: Limits
) -> _Front:
    """A front that takes connections. UnavailableError where it does not come to that."""
    ours, theirs = socket.socketpair()
    descriptors = [one.fileno() for one in sockets]
    certificate, key = ("", "") if tls is None else (str(tls.certificate), str(tls.key))
    options = FrontOptions(descriptors, theirs.fileno(), str(access.path), certificate, key, limits)
    command = [sys.executable, "-m", "seawall.server.http.front", msgspec.json.encode(options).decode()]
    with theirs:
        process = subprocess.Popen(command, pass_fds=[*descriptors, theirs.fileno()])  # noqa: S603
    front = _Front(api, process)
    ours.setblocking(False)
    await asyncio.get_running_loop().create_unix_connection(lambda: front.link, sock=ours)
    await asyncio.wait((front.serving, front.lost), timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not front.serving.done():
        raise UnavailableError(f"the HTTP process did not start ({await front.ended()})")
    return front


class _Front:
    """One HTTP process, seen from the engine's."""

    def __init__(self, api: Api, process: subprocess.Popen[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self.serving: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.link = Link(Up, self._receive, lambda: self.lost.set_result(None))
        self._loop, self._api, self._process = loop, api, process
        self._drained: asyncio.Future[bool] = loop.create_future()
        self._connections = 0
        self._routes = [(one, one.method.encode(), one.path.encode()) for one in api.table.routes]
        self._frame: list[Answered] = []
        api.meters.connections = lambda: self._connections

    async def drain(self, seconds: float) -> bool:
        """Let it finish what runs; True where nothing was cut off."""
        self.link.send(Down(drain=True))
        await asyncio.wait((self._drained, self.lost), timeout=seconds + 1, return_when=asyncio.FIRST_COMPLETED)
        await self.ended()
        return self._drained.done() and self._drained.result()

    async def ended(self) -> str:
        """How the process ended; one that lingers is killed."""
        self.link.close()
        wait = self._loop.run_in_executor(None, self._process.wait, _EXIT_SECONDS)
        try:
            status = await wait
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = await self._loop.run_in_executor(None, self._process.wait)
        return f"exit status {status}" if status >= 0 else f"signal {-status}"

    def _receive(self, frame: Up) -> None:
        self._connections = frame.connections
        for asked in frame.asked:
            self._ask(asked)
        for metered in frame.metered:
            metered.add_to(self._api.meters.route(metered.name))
        if frame.news == "serving":
            self.serving.set_result(None)
        elif frame.news:
            self._drained.set_result(frame.news == "drained")

    def _ask(self, asked: Asked) -> None:
        route, method, path = self._routes[asked.route]
        request = Request(method, path, asked.headers, asked.peer)
        request.route, request.argument, request.query = route, asked.argument, asked.query
        request.body, request.began = asked.body, asked.began

        def done(response: Response) -> None:
            if not self._frame:
                self._loop.call_soon(self._flush)
            self._frame.append(Answered(asked.number, response.status, response.body, response.fields, request.cost))

        self._api.begin(request, done)

    def _flush(self) -> None:
        frame, self._frame = self._frame, []
        self.link.send(Down(frame))
