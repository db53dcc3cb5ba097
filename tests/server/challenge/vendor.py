"""A provider of text messages or face matches over HTTP, which answers as told."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from seawall.messaging import Sms
from seawall.server.challenge.options import Face

HANG = 1.0  # s


class Vendor(ThreadingHTTPServer):
    """`answers`: (status, JSON or bytes) each once, then 200 and {}; status 0 hangs. `got`: (body, authorization)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, Any]] = []
        self.got: list[tuple[Any, str | None]] = []

    @property
    def face(self) -> Face:
        return Face(provider="http", url=f"http://127.0.0.1:{self.server_port}/match", token="t")  # type: ignore[arg-type]

    @property
    def sms(self) -> Sms:
        return Sms(provider="http", url=f"http://127.0.0.1:{self.server_port}/send", token="t", sender="Pay")  # type: ignore[arg-type]

    def codes(self) -> list[str]:
        """Every code that came, in order."""
        return [found[1] for body, _token in self.got if (found := re.search(r"验证码 (\d+)", body.get("text", "")))]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.got.append((body, self.headers["Authorization"]))
        status, answer = server.answers.pop(0) if server.answers else (200, {})
        if not status:
            time.sleep(HANG)
            return
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def vendor_at() -> Iterator[Vendor]:
    """One that serves until the block ends."""
    server = Vendor()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
