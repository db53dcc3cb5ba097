"""The decision API itself: a request in, an answer out, whatever server stands in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter_ns

from seawall.engine.errors import SeawallError
from seawall.server.access import Access
from seawall.server.challenge.desk import Desk
from seawall.server.challenge.routes import challenge_routes
from seawall.server.decided import Decided
from seawall.server.http import handlers
from seawall.server.http.message import Request, Response
from seawall.server.http.reception import Done, Reception
from seawall.server.http.routes import Handler, Table, make_table
from seawall.server.metrics import Meters
from seawall.server.service import Service


def table_of(meters: Meters) -> Table:
    """Every route there is, in the same order everywhere, counted by these meters."""
    return make_table([*handlers.all_routes(meters), *challenge_routes(meters)])


class Api(Reception):
    """Routes, keys, limits and answers."""

    def __init__(self, service: Service, access: Access, challenges: Desk | None = None) -> None:
        self.service, self.challenges = service, challenges
        meters = Meters(self._gauges, lambda: service.counters.outcomes, lambda: service.counters.results)
        super().__init__(access, meters, table_of(meters))
        self.documents = handlers.Documents(service)
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself holds tasks but weakly

    def _gauges(self) -> Mapping[str, float]:
        more = {} if self.challenges is None else self.challenges.gauges()
        return {**self.service.gauges(), **more}

    def begin(self, request: Request, done: Done) -> None:
        """See Reception. Decisions go without a task of their own."""
        handler = request.known_route().handler
        if handler is None:
            self._decide(request, done)
            return
        task = asyncio.get_running_loop().create_task(self._handle(handler, request, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, handler: Handler, request: Request, done: Done) -> None:
        try:
            response = self._counted(request, await handler(self, request))
        except Exception as error:  # every failure becomes an answer
            response = self.refuse(request, error)
        self.charge(request, request.cost)
        done(response)

    def _decide(self, request: Request, done: Done) -> None:
        def durable(result: Decided | SeawallError) -> None:
            try:
                response = self._counted(request, write(result))
            except Exception as error:
                response = self.refuse(request, error)
            done(response)

        try:
            write = handlers.decision_writer(self, request)
            self.service.submit(request.body, durable)
        except Exception as error:
            done(self.refuse(request, error))

    def _counted(self, request: Request, response: Response) -> Response:
        request.known_route().meter.count(response.status, (perf_counter_ns() - request.began) * 1e-9)
        return response
