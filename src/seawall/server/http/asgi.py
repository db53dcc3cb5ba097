"""The same API as an ASGI application, for those who run an ASGI server of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter_ns
from typing import Any

from seawall.server.http.message import READ_HEADERS, Request, Response, field_pairs
from seawall.server.http.reception import Reception, too_large

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """ASGI 3, HTTP and lifespan. Deadlines and the number of connections are the server's business then."""

    def __init__(self, api: Reception) -> None:
        self._api = api

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """One request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            request = _request(scope)
            response = await self._answered(request, receive)
            if response is not None:
                await _respond(response, request.method == b"HEAD", send)

    async def _answered(self, request: Request, receive: _Receive) -> Response | None:
        """The answer; None where the client went away before its request was whole."""
        refusal = self._api.open(request)
        if refusal is not None:
            return refusal
        most, chunks, size = request.known_route().max_body, [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                return self._api.refuse(request, too_large(most))
            chunks.append(chunk)
            if not message.get("more_body", False):
                break
        request.body, request.began = b"".join(chunks), perf_counter_ns()
        return await self._api.answer(request)


def _request(scope: _Scope) -> Request:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in READ_HEADERS:
            headers[name] = headers[name] + b", " + value if name in headers else value
    target = scope.get("raw_path") or scope["path"].encode()
    client = scope.get("client")
    request = Request(scope["method"].encode(), target, headers, str(client[0]) if client else "")
    request.query = scope.get("query_string", b"")
    return request


async def _respond(response: Response, head_only: bool, send: _Send) -> None:
    status, body, fields = response
    headers = [*field_pairs(fields), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head_only else body})


async def _lifespan(receive: _Receive, send: _Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
