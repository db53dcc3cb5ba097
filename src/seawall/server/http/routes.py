"""Which path does what: one table, looked up by method and path, without patterns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from seawall.server.http.message import Request, Response
from seawall.server.http.problem import ProblemError
from seawall.server.metrics import RouteMeter

if TYPE_CHECKING:
    from seawall.server.http.api import Api

Handler = Callable[["Api", Request], Awaitable[Response]]
JSON_TYPE, NDJSON_TYPES = "application/json", ("application/x-ndjson", "application/ndjson", "application/jsonl")
BUNDLE_TYPE = "application/octet-stream"
MAX_BATCH_BODY = 8 * 1024 * 1024
MAX_BUNDLE_BODY = 32 * 1024 * 1024
_MAX_ARGUMENT = 256


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `path` may hold one variable part as {name}; `scope` "" is open to everyone."""

    name: str
    method: str
    path: str
    scope: str
    handler: Handler | None  # None: the API begins it itself
    meter: RouteMeter
    max_body: int = 0  # bytes; 0: it takes no body
    takes: tuple[str, ...] = (JSON_TYPE,)
    gives: tuple[str, ...] = (JSON_TYPE,)
    summary: tuple[str, str] = ("", "")  # zh, en
    parameters: tuple[str, ...] = ()  # of the query
    local: bool = False  # open to callers on this machine without a key
    done: tuple[int, ...] = (200,)  # statuses of an answer that is no refusal


@dataclass(frozen=True, slots=True)
class Table:
    """Every route, by exact (method, path) and, for paths with a variable part, by what stands around it."""

    exact: dict[tuple[bytes, bytes], Route]
    variable: tuple[tuple[bytes, bytes, Route], ...]  # prefix, suffix

    @property
    def routes(self) -> list[Route]:
        """In the order of the table, each once."""
        found: dict[str, Route] = {route.name: route for route in self.exact.values()}
        return list((found | {route.name: route for _, _, route in self.variable}).values())

    def find(self, request: Request) -> Route:
        """The route of a request; sets its `argument`. ProblemError: 404, or 405 with the methods there are."""
        path, method = request.path, b"GET" if request.method == b"HEAD" else request.method
        route = self.exact.get((method, path))
        if route is not None:
            return route
        allowed = {route.method for (_, known), route in self.exact.items() if known == path}
        for prefix, suffix, route in self.variable:
            argument = path[len(prefix) : len(path) - len(suffix)]
            if path.startswith(prefix) and path.endswith(suffix) and argument and b"/" not in argument:
                if route.method.encode() == method:
                    request.argument = _argument(argument)
                    return route
                allowed.add(route.method)
        if not allowed:
            raise ProblemError("not-found", "没有这个路径;接口清单见 /v1/openapi.json", _NO_PATH)
        names = ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
        raise ProblemError("method-not-allowed", f"此路径支持 {names}", f"this path takes {names}", ("allow", names))


_NO_PATH = "there is no such path; /v1/openapi.json lists those there are"


def make_table(routes: Iterable[Route]) -> Table:
    """The table of these routes."""
    exact: dict[tuple[bytes, bytes], Route] = {}
    variable: list[tuple[bytes, bytes, Route]] = []
    for route in routes:
        prefix, brace, rest = route.path.encode().partition(b"{")
        if brace:
            variable.append((prefix, rest.partition(b"}")[2], route))
        else:
            exact[route.method.encode(), prefix] = route
    return Table(exact, tuple(variable))


def _argument(raw: bytes) -> str:
    """The variable part of a path, decoded."""
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or len(text) > _MAX_ARGUMENT or not text.isprintable():
        raise ProblemError("not-found", "路径中的名称不合规范", "the name in the path is no name")
    return text
