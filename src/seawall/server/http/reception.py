"""Before a request is read: its route, its key, its forms, its length. Needs no service."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter_ns

from seawall.server.access import Access
from seawall.server.http.message import Request, Response
from seawall.server.http.negotiate import check_media, language_of
from seawall.server.http.problem import ProblemError, kind_of, new_instance, refusal
from seawall.server.http.routes import JSON_TYPE, Table
from seawall.server.metrics import Meters

_log = logging.getLogger(__name__)
_PLAIN = (None, b"application/json")
_ANY = (None, b"*/*", b"application/json")
Done = Callable[[Response], None]


class Reception(ABC):
    """`open` is asked once the headers are there, `begin` once the body is. Belongs to one event loop."""

    def __init__(self, access: Access, meters: Meters, table: Table) -> None:
        self.access, self.meters, self.table = access, meters, table
        self._refused = meters.route("refused")  # what no route was found for
        self._exact = table.exact

    @abstractmethod
    def begin(self, request: Request, done: Done) -> None:
        """Answer an open request with its whole body: `done` is told once, maybe at once. Raises nothing."""

    async def answer(self, request: Request) -> Response:
        """The same for who waits."""
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.begin(request, lambda response: None if future.done() else future.set_result(response))
        return await future

    def open(self, request: Request) -> Response | None:
        """Find the route, check the key, the forms and the announced length; a refusal, or None to read the body."""
        try:
            route = self._exact.get((request.method, request.path))
            if route is None:
                route = self.table.find(request)
            request.route = route
            headers = request.headers
            if route.scope and not (route.local and _is_local(request)):
                request.key = self.access.admit(headers.get(b"authorization"), request.peer, route.scope)
            plain = headers.get(b"content-type") in _PLAIN and headers.get(b"accept") in _ANY
            if not plain or b"content-encoding" in headers or route.takes[0] != JSON_TYPE:
                check_media(request, route.takes, route.gives, route.max_body > 0)
            length = headers.get(b"content-length")
            if length is not None and not is_within(length, route.max_body):
                raise too_large(route.max_body)
        except Exception as error:  # every failure becomes an answer
            return self.refuse(request, error)
        return None

    def refuse(self, request: Request, error: Exception) -> Response:
        """The answer to a request that failed, counted; what was not foreseen is logged with its trace."""
        instance = new_instance()
        if kind_of(error).status == 500:
            _log.error("%s: %s %s failed", instance, request.method, request.path, exc_info=error)
        response = refusal(error, language_of(request), instance)
        meter = request.route.meter if request.route else self._refused
        meter.count(response.status, (perf_counter_ns() - request.began) * 1e-9 if request.began else 0.0)
        return response

    def charge(self, request: Request, cost: int) -> None:
        """Take what an answered request cost beyond one from its key's rate."""
        if cost > 1 and request.key is not None:
            self.access.charge(request.key, cost - 1)


def is_within(length: bytes, most: int) -> bool:
    """Whether a Content-Length is a number of at most `most`."""
    digits = length.strip()
    return digits.isdigit() and len(digits) < 16 and int(digits) <= most


def too_large(most: int) -> ProblemError:
    """A body beyond what its route takes."""
    if not most:
        return ProblemError("content-too-large", "此处不接受请求体", "no body is taken here")
    return ProblemError("content-too-large", f"请求体最多 {most:,} 字节", f"at most {most:,} bytes are taken here")


def _is_local(request: Request) -> bool:
    """Whether the caller is on this machine, and no proxy on it speaks for another."""
    headers = request.headers
    return b"forwarded" not in headers and b"x-forwarded-for" not in headers and _is_loopback(request.peer)


@lru_cache(maxsize=256)
def _is_loopback(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
