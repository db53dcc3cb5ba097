"""One client's connection: HTTP/1.1 parsed by httptools, one request at a time, in order, no wait without an end."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum, auto
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, cast

import httptools

from seawall.server.http.limits import DISCARDED
from seawall.server.http.message import READ_HEADERS, STATUS_LINES, Request, Response
from seawall.server.http.problem import ProblemError
from seawall.server.http.reception import too_large

if TYPE_CHECKING:
    from seawall.server.http.hub import Hub

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_VERSIONS = ("1.1", "1.0")
_CLOSE, _KEEP = b"connection: close\r\n", b"connection: keep-alive\r\n"


class Phase(Enum):
    """Where the bytes that come in belong."""

    IDLE = auto()  # between two requests
    HEAD = auto()
    BODY = auto()
    DEAF = auto()  # whatever still comes is thrown away


class _Turn:
    """A request on its way through this connection."""

    __slots__ = ("chunks", "close", "head_only", "keep_line", "most", "refusal", "request", "reserved", "size", "wire")

    def __init__(self, request: Request, close: bool, keep_line: bytes) -> None:
        self.request, self.close, self.keep_line = request, close, keep_line
        self.head_only = request.method == b"HEAD"
        self.refusal: Response | None = None
        self.chunks: list[bytes] = []
        self.size = self.wire = self.most = self.reserved = 0


class Connection(asyncio.Protocol):
    """The protocol of one connection."""

    __slots__ = (
        "_active", "_begun", "_close_at_end", "_head_size", "_head_wire", "_headers", "_hub", "_parser", "_paused",
        "_peer", "_phase", "_reading", "_tls", "_transport", "_turn", "_url", "_waiting", "closing",
        "deadline",
    )  # fmt: skip
    _headers: dict[bytes, bytes]
    _transport: asyncio.Transport

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._phase = Phase.IDLE
        self._active: _Turn | None = None  # the request being answered
        self._turn: _Turn | None = None  # the request being read, its headers complete
        self._waiting: deque[_Turn] = deque()
        self._paused = self._close_at_end = self.closing = False
        self._reading = True
        self._url, self._headers = b"", {}
        self._head_size = self._head_wire = self._begun = 0  # header bytes parsed, fed; requests begun
        self.deadline = 0.0

    # --- transport ----------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection in, or say that there are too many."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else ""
        self._tls = transport.get_extra_info("sslcontext") is not None
        self._parser = httptools.HttpRequestParser(self)
        self.deadline = self._hub.now + self._hub.limits.header_seconds
        self._hub.join(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone: a request under way is finished, since it may be durable already."""
        self.closing, self._phase = True, Phase.DEAF
        for turn in (self._turn, *self._waiting):
            if turn is not None:
                self._hub.give_back(turn.reserved)
        self._turn = None
        self._waiting.clear()
        self._hub.leave(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; its callbacks below do the work."""
        if self._phase is Phase.DEAF:
            return
        begun, turn = self._begun, self._turn
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._phase = Phase.DEAF  # the request itself is answered in HTTP/1.1, and is the last
        except httptools.HttpParserError:
            self._refuse_now(_malformed("它不是 HTTP/1.1 请求", "it is no HTTP/1.1 request"))
        if begun == self._begun:
            self._check_wire(len(data), turn)

    def _check_wire(self, size: int, turn: _Turn | None) -> None:
        """Bound what a request that does not end makes the parser keep: long headers, chunk overhead, trailers."""
        limits = self._hub.limits
        if self._phase is Phase.HEAD:
            self._head_wire += size
            if self._head_wire > limits.header_bytes:
                self._refuse_now(self._hub.headers_too_large())
        elif self._phase is Phase.BODY and turn is not None and turn is self._turn:
            turn.wire += size
            if turn.wire > 2 * max(turn.most, DISCARDED) + limits.header_bytes:
                self._refuse_now(too_large(turn.most), turn)

    def eof_received(self) -> bool:
        """The client sends no more; what it has sent whole is still answered."""
        self._phase, self._close_at_end = Phase.DEAF, True
        return self._active is not None and not self._tls  # TLS cannot be half closed

    def pause_writing(self) -> None:
        """The client reads too slowly: nothing more is answered until it has caught up."""
        self._paused = True
        self.deadline = self._hub.now + self._hub.limits.write_seconds

    def resume_writing(self) -> None:
        """It has caught up."""
        self._paused = False
        if not self.closing:
            self._settle()

    # --- parser -------------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._phase is Phase.DEAF:
            return
        self._phase = Phase.HEAD
        self._begun += 1
        self._url, self._headers, self._head_size, self._head_wire = b"", {}, 0, 0
        if self._active is None:
            self.deadline = self._hub.now + self._hub.limits.header_seconds

    def on_url(self, url: bytes) -> None:
        """The request target, or a part of it."""
        self._url = self._url + url if self._url else url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer, which nobody reads."""
        if self._phase is not Phase.HEAD:
            return
        self._head_size += len(name) + len(value) + 4
        name = name.lower()
        if name in READ_HEADERS:
            headers = self._headers
            headers[name] = headers[name] + b", " + value if name in headers else value

    def on_headers_complete(self) -> None:
        """Ask the API whether to read the body."""
        if self._phase is not Phase.HEAD:
            return
        parser, headers, hub = self._parser, self._headers, self._hub
        version = parser.get_http_version()
        old = version != "1.1"
        request = Request(parser.get_method(), self._url, headers, self._peer)
        close = not parser.should_keep_alive() or parser.should_upgrade()
        turn = self._turn = _Turn(request, close, _KEEP if old else b"")
        if self._head_size + len(self._url) > hub.limits.header_bytes:
            self._refuse_now(hub.headers_too_large(), turn)
            return
        if version not in _VERSIONS:
            self._refuse_now(_malformed("只支持 HTTP/1.1 和 HTTP/1.0", "only HTTP/1.1 and HTTP/1.0 are spoken"), turn)
            return
        if not old and b"," in headers.get(b"host", b","):
            self._refuse_now(_malformed("需要一个 Host 请求头", "it needs one Host header"), turn)
            return
        length = int(headers.get(b"content-length", b"-1"))
        has_body = length > 0 or b"transfer-encoding" in headers
        if has_body and parser.should_upgrade():  # the parser would skip the body
            self._refuse_now(_malformed("请去掉 Upgrade 请求头", "send it without an Upgrade header"), turn)
            return
        if not request.path.startswith(b"/"):
            request.path = _path_of(self._url)
        self._phase = Phase.BODY
        turn.refusal = hub.api.open(request)
        if self._active is None:
            self.deadline = hub.now + hub.limits.body_seconds
        if turn.refusal is None:
            if has_body:
                self._expect_body(turn, length)
        elif has_body and (not 0 <= length <= DISCARDED or b"expect" in headers):
            self._last(turn)

    def _expect_body(self, turn: _Turn, length: int) -> None:
        """Make room for a body, and tell a client that waits for it to go on."""
        hub, route = self._hub, turn.request.known_route()
        turn.most = route.max_body
        if turn.most > DISCARDED:
            turn.reserved = length if length >= 0 else turn.most
            if not hub.reserve(turn.reserved):
                turn.reserved = 0
                turn.refusal = hub.api.refuse(turn.request, _full())
                self._last(turn)
                return
        if self._active is None and turn.request.headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(_CONTINUE)  # among pipelined requests it would come between answers

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body."""
        turn = self._turn
        if self._phase is not Phase.BODY or turn is None or turn.refusal is not None:
            return
        turn.size += len(chunk)
        if turn.size > turn.most:
            self._refuse_now(too_large(turn.most), turn)
        else:
            turn.chunks.append(chunk)

    def on_message_complete(self) -> None:
        """The request is whole: answer it, or line it up."""
        turn = self._turn
        if self._phase is not Phase.BODY or turn is None:
            return
        self._phase, self._turn = Phase.IDLE, None
        request = turn.request
        chunks = turn.chunks
        request.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        turn.chunks = []
        request.began = perf_counter_ns()
        if self._active is None and not self._paused:
            self._begin(turn)
        else:
            self._waiting.append(turn)
            if len(self._waiting) >= self._hub.limits.pipelined and self._reading:
                self._reading = False
                self._transport.pause_reading()

    # --- answers ------------------------------------------------------------------------------------------------------

    def _begin(self, turn: _Turn) -> None:
        self._active = turn
        self.deadline = self._hub.now + self._hub.limits.answer_seconds
        if turn.refusal is not None:
            self._send(turn, turn.refusal)
        else:
            self._hub.api.begin(turn.request, partial(self._send, turn))

    def _send(self, turn: _Turn, response: Response) -> None:
        """Write one answer and go on with the next request."""
        self._active = None
        if turn.reserved:
            self._hub.give_back(turn.reserved)
            turn.reserved = 0
        if self.closing:
            return
        status, body, fields = response
        close = turn.close or self._hub.stopping or (self._close_at_end and not self._waiting)
        self._transport.write(
            b"".join(
                (
                    STATUS_LINES[status],
                    self._hub.date,
                    fields,
                    b"content-length: %d\r\n" % len(body),
                    _CLOSE if close else turn.keep_line,
                    b"\r\n",
                    b"" if turn.head_only else body,
                )
            )
        )
        if close:
            self._finish()
        else:
            self._settle()

    def _settle(self) -> None:
        """After an answer: take the next request that waits, else wait for one."""
        if self._paused or self._active is not None:
            return
        if self._waiting:
            turn = self._waiting.popleft()
            if not self._reading and not self._waiting:
                self._reading = True
                self._transport.resume_reading()
            self._begin(turn)
            return
        limits = self._hub.limits
        if self._phase is Phase.IDLE:
            self.deadline = self._hub.now + limits.idle_seconds
        elif self._phase is Phase.HEAD:
            self.deadline = self._hub.now + limits.header_seconds
        elif self._phase is Phase.BODY:
            self.deadline = self._hub.now + limits.body_seconds

    def _last(self, turn: _Turn) -> None:
        """Answer a refused request once its turn comes, unread, and nothing after it."""
        self._phase, self._turn, turn.close = Phase.DEAF, None, True
        if self._active is None and not self._paused:
            self._begin(turn)
        else:
            self._waiting.append(turn)

    def _refuse_now(self, error: ProblemError, turn: _Turn | None = None) -> None:
        """Refuse the request being read; the connection cannot go on after it."""
        if self._phase is Phase.DEAF:
            return
        if turn is None:
            turn = self._turn or _Turn(Request(b"GET", b"", {}, self._peer), True, b"")
        turn.refusal = self._hub.api.refuse(turn.request, error)
        turn.chunks = []
        self._last(turn)

    def _finish(self) -> None:
        """Close. A client that was cut short still sends: closing at once would destroy the answer on its way."""
        self.closing = True
        limits = self._hub.limits
        if self._phase is Phase.DEAF and not self._close_at_end:
            self.deadline = self._hub.now + limits.linger_seconds
            if not self._reading:
                self._transport.resume_reading()
            if self._transport.can_write_eof():
                self._transport.write_eof()
        else:
            self._phase = Phase.DEAF
            self.deadline = self._hub.now + limits.write_seconds
            self._transport.close()

    # --- the hub's wishes ------------------------------------------------------------------------------------------

    def expire(self) -> None:
        """The deadline has passed."""
        if self.closing or self._paused or self._active is not None or self._phase is Phase.DEAF:
            self._transport.abort()
        elif self._phase is Phase.IDLE:
            self._finish()
        else:
            self._refuse_now(_too_slow())

    def turn_away(self) -> None:
        """There are too many connections."""
        self._refuse_now(_crowded())

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def stop(self) -> None:
        """Close now if nothing is under way, else after the answer."""
        if self._active is None and not self._waiting and self._phase is Phase.IDLE and not self.closing:
            self._finish()


def _malformed(zh: str, en: str) -> ProblemError:
    return ProblemError("request-invalid", zh, en)


def _too_slow() -> ProblemError:
    return ProblemError("request-timeout", "请更快地发送请求", "send the whole request sooner")


def _crowded() -> ProblemError:
    return ProblemError("unavailable", "连接数已满", "there are too many connections; try again", retry_after=1)


def _full() -> ProblemError:
    return ProblemError(
        "too-many-requests", "正在处理的批量请求过多", "too many large requests are under way; try again", retry_after=1
    )


def _path_of(target: bytes) -> bytes:
    """The path of a request target in absolute form; b"" where there is none."""
    try:
        return httptools.parse_url(target).path or b""
    except httptools.HttpParserInvalidURLError:
        return b""
