"""Serve the API on a socket until told to stop."""

from __future__ import annotations

import asyncio
import errno
import resource
import signal
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seawall.engine.errors import SeawallError
from seawall.server.access import Access
from seawall.server.challenge.desk import Desk
from seawall.server.http.api import Api
from seawall.server.http.hub import Hub
from seawall.server.http.limits import Limits
from seawall.server.service import Service

_BACKLOG = 2_048
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SPARE_FILES = 256
_HANDSHAKE_SECONDS = 10.0


class ListenError(SeawallError):
    """The address cannot be listened on, or the certificate cannot be used."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: a certificate with its chain, and its key."""

    certificate: Path
    key: Path


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
    loop = asyncio.get_running_loop()
    limits = limits or Limits()
    stop = stop or asyncio.Event()
    _allow_files(limits.connections + _SPARE_FILES)
    context = None if tls is None else _context(tls)
    hub = Hub(Api(service, access, challenges), limits, loop)
    handshake = None if context is None else _HANDSHAKE_SECONDS
    try:
        server = await loop.create_server(
            hub.connect, host, port, ssl=context, backlog=_BACKLOG, ssl_handshake_timeout=handshake
        )
    except (OSError, OverflowError) as error:
        await hub.drain()
        raise _cannot_listen(error, host, port) from None
    signals = _SIGNALS if threading.current_thread() is threading.main_thread() else ()
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        if started is not None:
            bound = server.sockets[0].getsockname()
            shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
            started(f"{'http' if context is None else 'https'}://{shown}:{bound[1]}")
        await stop.wait()
    finally:
        server.close()
        clean = await hub.drain()
        for number in signals:
            loop.remove_signal_handler(number)
    return clean


def _cannot_listen(error: Exception, host: str, port: int) -> ListenError:
    code = getattr(error, "errno", None)
    advice = {
        errno.EADDRINUSE: "another program listens there; stop it, or choose another port",
        errno.EACCES: "this user may not listen there; choose a port from 1024 on",
        errno.EADDRNOTAVAIL: "this machine has no such address; choose one of its own, like 127.0.0.1",
    }.get(code or 0, f"{getattr(error, 'strerror', None) or error}; choose another address")
    return ListenError(f"{host}:{port}: {advice}")


def _context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 and later, with the system's choice of ciphers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except ssl.SSLError as error:
        reason = error.reason or "they do not fit together"
        raise ListenError(
            f"certificate {tls.certificate} with key {tls.key}: {reason}; give PEM files of one pair"
        ) from None
    except OSError as error:
        raise ListenError(f"certificate {tls.certificate} or key {tls.key}: {error.strerror}") from None
    return context


def _no_password() -> str:
    raise ListenError("the TLS key is encrypted; give one without a passphrase, readable by this user only")


def _allow_files(wanted: int) -> None:
    """Raise this process's own bound on open files, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
