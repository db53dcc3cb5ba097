"""An import into a running decision service, over its real HTTP server and a connection that stays open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop

from seawall.apps.accounts.models import User
from seawall.apps.decisions.jobs import follow_all
from seawall.apps.lists.models import Entry, Import
from seawall.apps.lists.services import importing, imports, putting, sender, spool
from seawall.apps.lists.services.sender import Kept, Sender
from seawall.server.access import Access, KeyStore
from seawall.server.http.run import serve
from seawall.server.service import Service
from seawall.server.service import Settings as Bounds
from tests.apps.decisions.home import NOW, Live
from tests.apps.lists.test_imports import WHY, checked, counts, quiet

Make = Callable[..., User]
LIST, QUEUE = "blocked_devices", 600


class Running:
    """The service with its HTTP server, on a loop in a thread."""

    def __init__(self, live: Live) -> None:
        self.live, self.url, self.keys = live, "", list[str]()
        self.sequence = 0
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._story()))

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def end(self) -> None:
        """Stop it; again changes nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(60)

    async def _story(self) -> None:
        self._loop = asyncio.get_running_loop()
        ring, _new = self.live.home.key_ring()
        service = Service(self.live.home, ring, settings=Bounds(queue=QUEUE), clock=lambda: NOW)
        service.open()
        await service.start()
        access = Access(service.home.access)

        def started(url: str) -> None:
            self.url = url
            self._ready.set()

        await serve(service, access, port=0, started=started, stop=self._stop)
        entries = service.engine.lists.keys(LIST).values()
        self.keys = sorted(one.key for kept in entries for one in kept)
        self.sequence = service.sequence
        access.close()
        await service.stop()


@pytest.fixture
def running(live: Live, settings: Any) -> Iterator[Running]:
    with Running(live) as made:
        settings.SEAWALL_API_URL = made.url
        key = KeyStore(live.home.access).create("console", ["lists"])
        settings.HOME.console_key.write_text(key)
        yield made


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Connections that senders opened."""
    found: list[str] = []
    real = sender.tls.connection

    def connect(url: str, *more: Any) -> Any:
        found.append(url)
        return real(url, *more)

    monkeypatch.setattr(sender.tls, "connection", connect)
    return found


def test_an_import_into_a_running_service(running: Running, make_user: Make, opened: list[str]) -> None:
    maker = make_user("ada", "senior_analyst")
    lines = [f"d{n}" for n in range(2_500)] + ["d7", "d8", '"bad']
    made = checked(maker, LIST, "\n".join(lines))
    imports.confirm(maker, made.pk)
    importing.put_on_list(Import.objects.select_related("author", "checker").get(pk=made.pk), quiet)
    done = Import.objects.get(pk=made.pk)
    assert counts(done) == (2_503, 2_500, 2, 0, 1, 2_500, 0)
    assert len(opened) <= sender.THREADS
    before = dict(Entry.objects.filter(batch=made).values_list("entry_id", "sequence"))
    assert len(set(before.values())) == 2_500
    follow_all()
    rows = Entry.objects.filter(list=LIST)
    assert (rows.count(), set(rows.values_list("state", "source", "author"))) == (
        2_500, {("active", "import", maker.pk)},
    )  # fmt: skip
    assert dict(rows.values_list("entry_id", "sequence")) == before  # as the journal numbers them
    running.end()
    assert running.keys == sorted(set(lines[:2_500]))


def test_what_the_service_refuses_is_told_by_the_line(running: Running, make_user: Make) -> None:
    with Sender(f"/v1/lists/{LIST}/entries") as one:
        good = {"entry_id": "x1", "key": "d1", "reason": WHY, "owner": "ada", "valid_from": "2026-01-01T00:00:00Z"}
        bad = good | {"entry_id": "x2", "valid_until": "2025-01-01T00:00:00Z"}
        answers = list(one.begin([good, bad, good | {"entry_id": "x3"}]).answers())
    assert [type(answer).__name__ for answer in answers] == ["int", "RefusedError", "int"]
    assert "give a later end" in str(answers[1])
    with Sender("/v1/lists/nothing/entries") as other:
        (refused,) = other.begin([good]).answers()
    assert "unknown list" in str(refused)


def test_a_full_queue_is_waited_for(running: Running, make_user: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service has room for 600 records; five senders want more at once, and each entry arrives once."""
    monkeypatch.setattr(sender, "THREADS", 5)
    monkeypatch.setattr(putting, "WAITS", (0,) * 5_000)
    maker = make_user("ada", "senior_analyst")
    made = checked(maker, LIST, "\n".join(f"d{n}" for n in range(4_000)))
    imports.confirm(maker, made.pk)
    busy: list[str] = []
    real = Kept.post_many

    def post_many(self: Kept, path: str, bodies: Any) -> Any:
        try:
            return real(self, path, bodies)
        except sender.engine.DeliveryError as error:
            busy.append(str(error))
            raise

    monkeypatch.setattr(Kept, "post_many", post_many)
    importing.put_on_list(Import.objects.select_related("author", "checker").get(pk=made.pk), quiet)
    assert counts(Import.objects.get(pk=made.pk))[5:] == (4_000, 0)
    assert Entry.objects.filter(batch=made, state="active").count() == 4_000
    assert set(busy) == {"answer 429"}, "no batch found the queue full: make it smaller"
    assert list(spool.report(made.pk)) == []
