"""Serve the API on a socket until told to stop."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from seawall.server.access import Access
from seawall.server.challenge.desk import Desk
from seawall.server.http.api import Api
from seawall.server.http.hub import Hub
from seawall.server.http.limits import Limits
from seawall.server.http.listening import Tls, listen, tls_context, url_of
from seawall.server.service import Service

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SPARE_FILES = 256
_HANDSHAKE_SECONDS = 10.0


async def serve(
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
    """Serve until `stop` is set, or SIGTERM or SIGINT comes; then finish what runs. True where nothing was cut off.

    `started` is told the URL once connections are taken (port 0 chooses a free one). ListenError where they cannot be.
    """
    stop = stop or asyncio.Event()
    context = None if tls is None else tls_context(tls)
    sockets = listen(host, port)
    hub = Hub(Api(service, access, challenges), limits or Limits(), asyncio.get_running_loop())
    try:
        async with stopped_by_signals(stop), accepting(hub, sockets, context):
            if started is not None:
                started(url_of(sockets, tls))
            await stop.wait()
    finally:
        clean = await hub.drain()
    return clean


@asynccontextmanager
async def accepting(hub: Hub, sockets: Sequence[socket.socket], context: ssl.SSLContext | None) -> AsyncIterator[None]:
    """Take connections on listening sockets until the block ends; they are closed then."""
    handshake = None if context is None else _HANDSHAKE_SECONDS
    _allow_files(hub.limits.connections + _SPARE_FILES)
    servers = [
        await hub.loop.create_server(hub.connect, sock=one, ssl=context, ssl_handshake_timeout=handshake)
        for one in sockets
    ]
    try:
        yield
    finally:
        for server in servers:
            server.close()


@asynccontextmanager
async def stopped_by_signals(stop: asyncio.Event) -> AsyncIterator[None]:
    """SIGTERM and SIGINT set it, where this is the main thread."""
    loop = asyncio.get_running_loop()
    signals = _SIGNALS if threading.current_thread() is threading.main_thread() else ()
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _allow_files(wanted: int) -> None:
    """Raise this process's own bound on open files, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
