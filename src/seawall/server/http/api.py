"""The decision API itself: a request in, an answer out, whatever server stands in front of it."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from functools import lru_cache
from time import perf_counter_ns

from seawall.server.access import Access
from seawall.server.challenge.desk import Desk
from seawall.server.challenge.routes import challenge_routes
from seawall.server.http import handlers, routes
from seawall.server.http.message import Request, Response
from seawall.server.http.negotiate import check_media, language_of
from seawall.server.http.problem import ProblemError, kind_of, new_instance, refusal
from seawall.server.metrics import Meters
from seawall.server.service import Service

_log = logging.getLogger(__name__)
_PLAIN = (None, b"application/json")
_ANY = (None, b"*/*", b"application/json")


class Api:
    """Routes, keys, limits and answers. `open` is asked once the headers are there, `answer` once the body is.

    Belongs to one event loop.
    """

    def __init__(self, service: Service, access: Access, challenges: Desk | None = None) -> None:
        self.service, self.access, self.challenges = service, access, challenges
        self.meters = Meters(self._gauges, lambda: service.counters.outcomes, lambda: service.counters.results)
        self.table = routes.make_table([*handlers.all_routes(self.meters), *challenge_routes(self.meters)])
        self.documents = handlers.Documents(service)
        self._refused = self.meters.route("refused")  # what no route was found for
        self._exact = self.table.exact

    def _gauges(self) -> Mapping[str, float]:
        more = {} if self.challenges is None else self.challenges.gauges()
        return {**self.service.gauges(), **more}

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
            if not plain or b"content-encoding" in headers or route.takes[0] != routes.JSON_TYPE:
                check_media(request, route.takes, route.gives, route.max_body > 0)
            length = headers.get(b"content-length")
            if length is not None and not is_within(length, route.max_body):
                raise too_large(route.max_body)
        except Exception as error:  # every failure becomes an answer
            return self.refuse(request, error)
        return None

    async def answer(self, request: Request) -> Response:
        """The answer to an open request with its whole body. Raises nothing."""
        route = request.known_route()
        try:
            response = await route.handler(self, request)
        except Exception as error:  # every failure becomes an answer
            return self.refuse(request, error)
        route.meter.count(response.status, (perf_counter_ns() - request.began) * 1e-9)
        return response

    def refuse(self, request: Request, error: Exception) -> Response:
        """The answer to a request that failed, counted; what was not foreseen is logged with its trace."""
        instance = new_instance()
        if kind_of(error).status == 500:
            _log.error("%s: %s %s failed", instance, request.method, request.path, exc_info=error)
        response = refusal(error, language_of(request), instance)
        meter = request.route.meter if request.route else self._refused
        meter.count(response.status, (perf_counter_ns() - request.began) * 1e-9 if request.began else 0.0)
        return response


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
