"""A receiver of webhooks that is written without Seawall, and can be told to misbehave."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Mode = Callable[["Receiver", BaseHTTPRequestHandler], None]


def hmac_sha256(key: bytes, message: bytes) -> str:
    """RFC 2104, from its text."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in key) + message).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in key) + inner).hexdigest()


def verified(header: str, body: bytes, secrets: dict[str, str], now: float | None = None) -> bool:
    """As docs/how-to/webhooks.md tells a receiver to do it."""
    parts = dict(one.split("=", 1) for one in header.split(","))
    if abs((time.time() if now is None else now) - int(parts["t"])) > 300:
        return False
    signed = parts["t"].encode() + b"." + body
    return any(parts.get(key_id) == hmac_sha256(secret.encode(), signed) for key_id, secret in secrets.items())


class Receiver(ThreadingHTTPServer):
    """Takes each delivery once, whatever comes how often; `modes` say how to behave, request by request."""

    daemon_threads = True

    def __init__(self, secrets: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secrets, self.modes = secrets, list[Mode]()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.taken: dict[str, dict[str, Any]] = {}
        self.forged = 0
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?a=1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the sender gave up


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        self.data = self.rfile.read(int(self.headers["Content-Length"]))
        if not verified(self.headers["Seawall-Signature"], self.data, server.secrets):
            server.forged += 1
            return answer(self, 401)
        server.requests.append((self.headers["Seawall-Delivery"], json.loads(self.data)))
        (server.modes.pop(0) if server.modes else take)(server, self)
        return None

    def log_message(self, *args: Any) -> None:
        pass


def answer(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def take(server: Receiver, handler: Any) -> None:
    server.taken.setdefault(handler.headers["Seawall-Delivery"], json.loads(handler.data))
    answer(handler, 200)


def take_and_hang(server: Receiver, handler: Any) -> None:
    server.taken.setdefault(handler.headers["Seawall-Delivery"], json.loads(handler.data))
    server.over.wait(5)


def take_and_drip(server: Receiver, handler: Any) -> None:
    """Bytes come, one by one, and never an end."""
    server.taken.setdefault(handler.headers["Seawall-Delivery"], json.loads(handler.data))
    for letter in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200:
        handler.wfile.write(bytes([letter]))
        handler.wfile.flush()
        if server.over.wait(0.05):
            return


def fail(server: Receiver, handler: Any) -> None:
    answer(handler, 500)


def busy(server: Receiver, handler: Any) -> None:
    answer(handler, 503, Retry_After="600")


def redirect(server: Receiver, handler: Any) -> None:
    answer(handler, 302, Location=server.url)


def gone(server: Receiver, handler: Any) -> None:
    answer(handler, 410)


def cut(server: Receiver, handler: Any) -> None:
    handler.connection.close()


@contextmanager
def receiving(secrets: dict[str, str]) -> Iterator[Receiver]:
    """A receiver that listens on this machine."""
    server = Receiver(secrets)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
