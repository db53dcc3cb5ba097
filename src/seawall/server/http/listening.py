"""The address that callers know: sockets that listen, and the certificate they show."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seawall.engine.errors import SeawallError

_BACKLOG = 2_048
_PATIENCE_SECONDS = 1.0


class ListenError(SeawallError):
    """The address cannot be listened on, or the certificate cannot be used."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: a certificate with its chain, and its key."""

    certificate: Path
    key: Path


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address that `host` has; port 0 chooses a free one. ListenError.

    The HTTP process of a server that was killed lets go of its sockets a moment later: it is waited for.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return _bound(host, port)
        except (OSError, OverflowError) as error:
            if getattr(error, "errno", None) != errno.EADDRINUSE or time.monotonic() > deadline:
                raise _cannot_listen(error, host, port) from None
            time.sleep(0.05)


def _bound(host: str, port: int) -> list[socket.socket]:
    made: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((one[0], one[4]) for one in found):
            one = socket.socket(family, socket.SOCK_STREAM)
            made.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if not port and len(made) > 1:
                address = (address[0], made[0].getsockname()[1], *address[2:])
            one.bind(address)
            one.listen(_BACKLOG)
            one.setblocking(False)
    except BaseException:
        for one in made:
            one.close()
        raise
    return made


def url_of(sockets: Sequence[socket.socket], tls: Tls | None) -> str:
    """Where the first of them is reached."""
    bound = sockets[0].getsockname()
    shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
    return f"{'http' if tls is None else 'https'}://{shown}:{bound[1]}"


def _cannot_listen(error: Exception, host: str, port: int) -> ListenError:
    code = getattr(error, "errno", None)
    advice = {
        errno.EADDRINUSE: "another program listens there; stop it, or choose another port",
        errno.EACCES: "this user may not listen there; choose a port from 1024 on",
        errno.EADDRNOTAVAIL: "this machine has no such address; choose one of its own, like 127.0.0.1",
    }.get(code or 0, f"{getattr(error, 'strerror', None) or error}; choose another address")
    return ListenError(f"{host}:{port}: {advice}")


def tls_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 and later, with the system's choice of ciphers. ListenError."""
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
