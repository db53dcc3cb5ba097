"""Many entries of one list in one request, each answered on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seawall.server.http import batch
from seawall.server.http.message import Request, Response
from seawall.server.http.negotiate import language_of, parameters

if TYPE_CHECKING:
    from seawall.server.http.api import Api


async def list_entries(api: Api, request: Request) -> Response:
    """POST /v1/lists/{name}/entries/batch: admitted in order, each costs one request of the key's rate."""
    parameters(request, ())
    bodies, lines = batch.split(request)
    request.cost = len(bodies)
    results = await api.service.list_entries(request.argument, bodies)
    return await batch.join(results, lines, language_of(request), _written)


def _written(sequence: int) -> bytes:
    return b'{"sequence":%d}' % sequence
