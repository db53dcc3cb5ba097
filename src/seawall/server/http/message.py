"""A request as it came, an answer as it goes: what both front ends (our own server, ASGI) share with the API."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from seawall.server.access import ApiKey
    from seawall.server.http.routes import Route

# Headers that the API reads; front ends drop all others unread.
READ_HEADERS = frozenset(
    b"host authorization content-type content-length transfer-encoding accept accept-language content-encoding expect "
    b"forwarded x-forwarded-for".split()
)
_NO_STORE = b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
_MAX_PARAMETERS = 16


class Request:
    """One request. `headers` has lower-case names of READ_HEADERS only; `body` is b"" until it is whole.

    `peer` is the address of the other end, "" where there is none. `route`, `key` and `argument` (the variable part of
    the path) are set by `Reception.open`, `began` (ns, perf_counter_ns) once the body is whole, `cost` (requests
    that it counts for) by who reads it.
    """

    __slots__ = ("argument", "began", "body", "cost", "headers", "key", "method", "path", "peer", "query", "route")

    route: Route | None
    key: ApiKey | None

    def __init__(self, method: bytes, target: bytes, headers: dict[bytes, bytes], peer: str) -> None:
        self.method, self.headers, self.peer = method, headers, peer
        self.path, _, self.query = target.partition(b"?")
        self.body = b""
        self.argument = ""
        self.began, self.cost = 0, 1
        self.route = self.key = None

    def known_route(self) -> Route:
        """The route of a request that was opened."""
        assert self.route is not None, "Reception.open has found the route"
        return self.route

    def parameters(self) -> dict[str, str]:
        """The query, decoded. ValueError where it has too many parts or one of them twice."""
        if not self.query:
            return {}
        text = self.query.decode("ascii", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a parameter is given twice")
        return found


class Response(NamedTuple):
    """`fields` are header lines as they go on the wire, each ending in CRLF, without content-length."""

    status: int
    body: bytes
    fields: bytes


def fields_for(content_type: str, *more: tuple[str, str]) -> bytes:
    """Header lines of an answer with this content type."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (("content-type", content_type), *more))
    return lines.encode("latin-1") + _NO_STORE


JSON = fields_for("application/json")
NDJSON = fields_for("application/x-ndjson")
STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus if status >= 200
}


@lru_cache(maxsize=256)
def field_pairs(fields: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Header lines as ASGI wants them."""
    pairs = (line.partition(b": ") for line in fields.split(b"\r\n") if line)
    return tuple((name, value) for name, _, value in pairs)
