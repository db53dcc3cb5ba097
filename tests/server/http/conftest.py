"""A real service behind a real socket, served by our own server or by uvicorn, on a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn

from seawall.server.access import SCOPES, Access, KeyStore
from seawall.server.http.apart import serve_apart
from seawall.server.http.api import Api
from seawall.server.http.asgi import Application
from seawall.server.http.limits import Limits
from seawall.server.http.run import serve
from seawall.server.service import Service

from ..loops import on_a_loop
from ..world import Clock, running

NOW = 1_795_392_000_000  # 2026-11-23T00:00:00Z, after the worked example
PATIENT = Limits(header_bytes=8_192, linger_seconds=0.3, pipelined=4, drain_seconds=2.0, tick_seconds=0.05)
HASTY = replace(PATIENT, header_seconds=0.3, body_seconds=0.3, idle_seconds=0.6, write_seconds=0.4)
SERVERS = {"inline": serve, "apart": serve_apart}  # in this process, with an HTTP process of its own


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """One running server: `call` for ordinary requests, `connect` for raw bytes."""

    def __init__(self, service: Service, port: int, keys: KeyStore) -> None:
        self.service, self.port, self.keys = service, port, keys
        self.key = keys.create("everything", SCOPES)
        self.stop: Callable[[], object] = lambda: None

    def call(
        self, method: str, path: str, body: Any = None, key: str | None = "", headers: dict[str, str] | None = None
    ) -> Answer:
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {} if key is None else {"Authorization": f"Bearer {key or self.key}"}
        if sent is not None:
            named["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, sent, named | (headers or {}))
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def raw(self, *pieces: bytes) -> bytes:
        """Everything that comes back until the server closes."""
        with self.connect() as client:
            for piece in pieces:
                client.sendall(piece)
            return read_all(client)

    def post(self, path: str, body: bytes, *headers: str) -> bytes:
        """A whole POST as bytes."""
        return self.head("POST", path, f"Content-Length: {len(body)}", *headers) + body

    def head(self, method: str, path: str, *headers: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {self.key}", *headers]
        return "\r\n".join([*lines, "", ""]).encode()


def read_all(client: socket.socket) -> bytes:
    parts = []
    try:
        while part := client.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        parts.append(b"<reset>")
    return b"".join(parts)


def read_answer(client: socket.socket) -> bytes:
    """One answer with its whole body."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(65_536)
        assert part, f"closed after {data!r}"
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    (length,) = [int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"content-length: ")]
    while len(body) < length:
        body += client.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(
    folder: Path, front: str = "inline", limits: Limits = PATIENT, pack: bytes | None = None, **more: Any
) -> Iterator[Served]:
    """A pack (the worked example's unless told), served until the block ends."""

    async def story(ready: Callable[[Served], None], stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        async with running(folder, clock=Clock(NOW), pack=pack) as service:
            access = Access(service.home.access)

            def started(url: str) -> None:
                served = Served(service, int(url.rpartition(":")[2]), KeyStore(service.home.access))
                served.stop = lambda: loop.call_soon_threadsafe(stop.set)
                ready(served)

            if front in SERVERS:
                ends: dict[str, Any] = {"started": started, "stop": stop}
                await SERVERS[front](service, access, port=0, limits=limits, **ends, **more)
            else:
                await _under_uvicorn(Application(Api(service, access)), started, stop)
            access.close()

    with on_a_loop(story) as served:
        yield served


async def _under_uvicorn(app: Application, started: Any, stop: asyncio.Event) -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", access_log=False))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    started(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    await stop.wait()
    server.should_exit = True
    await task


@pytest.fixture(scope="session")
def inline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("inline")) as served:
        yield served


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("apart"), "apart") as served:
        yield served


@pytest.fixture(scope="session")
def uvicorned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("asgi"), "uvicorn") as served:
        yield served


@pytest.fixture(params=["inline", "apart"])
def own(request: pytest.FixtureRequest) -> Any:
    """The API behind our own HTTP server, in the engine's process and in one of its own."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With deadlines so short that a test can wait for them."""
    with serving(tmp_path_factory.mktemp("hasty"), limits=HASTY) as served:
        yield served


@pytest.fixture(params=["inline", "apart", "uvicorned"])
def served(request: pytest.FixtureRequest) -> Any:
    """The API behind each front end; for what must be the same behind all."""
    return request.getfixturevalue(request.param)
