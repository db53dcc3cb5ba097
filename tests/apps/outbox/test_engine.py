"""The decision API as a client sees it, over the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from seawall.apps.outbox import engine, sending, services
from seawall.apps.outbox.models import Delivery

Asked = list[tuple[str, str, str, bytes]]


class Api(ThreadingHTTPServer):
    """Keeps what it is asked; answers with what stands in `answers`, else with a sequence number."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Asked = []
        self.answers: list[tuple[int, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server: Any = self.server
        head = f"{self.headers['Authorization']} {self.headers.get('Content-Type', '')}".strip()
        server.asked.append((self.command, self.path, head, data))
        status, body = server.answers.pop(0) if server.answers else (200, b'{"sequence": 7}')
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def api(settings: Any, own_home: Path) -> Iterator[Api]:
    """A decision API, known to this home."""
    server = Api()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    settings.SEAWALL_API_URL = server.url
    (own_home / "console.key").write_text("sw_key\n")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_final_and_what_passes() -> None:
    assert engine.read_answer(202, b'{"sequence": 7}') == {"sequence": 7}
    for status, data in ((503, b"{}"), (401, b"{}"), (403, b"{}"), (429, b"{}"), (200, b"[]"), (200, b"x"), (302, b"")):
        with pytest.raises(engine.DeliveryError):
            engine.read_answer(status, data)
    for status in (400, 404, 409, 413, 422):
        with pytest.raises(engine.RefusedError, match=f"{status} unknown label") as told:
            engine.read_answer(status, b'{"detail": "unknown label", "field": "label"}')
        assert (told.value.status, told.value.problem["field"]) == (status, "label")


def test_settings_name_the_api(settings: Any, own_home: Path) -> None:
    assert engine.client() is None
    settings.SEAWALL_API_URL = "http://127.0.0.1:8601"
    assert engine.client() is None
    (own_home / "console.key").write_text("abc\n")
    assert engine.client(3) == engine.HttpEngine("http://127.0.0.1:8601", "abc", 3)


def test_a_certificate_that_is_gone_passes(settings: Any, tmp_path: Path) -> None:
    settings.SEAWALL_API_CERTIFICATE = str(tmp_path / "none.pem")
    with pytest.raises(engine.DeliveryError, match=r"none\.pem"):
        engine.HttpEngine("https://127.0.0.1:1", "k").get("/readyz")


def test_requests_carry_the_key_and_their_kind(api: Api) -> None:
    one = engine.client()
    assert one is not None
    assert one.post("/v1/labels", {"label": "欺诈"}) == {"sequence": 7}
    assert one.get("/v1/policies/active") == {"sequence": 7}
    assert one.post_bytes("/v1/policies/bundles", b"\x00\x01") == {"sequence": 7}
    assert api.asked == [
        ("POST", "/v1/labels", "Bearer sw_key application/json", '{"label": "欺诈"}'.encode()),
        ("GET", "/v1/policies/active", "Bearer sw_key", b""),
        ("POST", "/v1/policies/bundles", "Bearer sw_key application/octet-stream", b"\x00\x01"),
    ]


def test_nobody_listens() -> None:
    with pytest.raises(engine.DeliveryError, match="ConnectionRefusedError"):
        engine.HttpEngine("http://127.0.0.1:1", "k").post("/v1/labels", {})


@pytest.mark.django_db(transaction=True)
def test_a_record_is_sent_right_after_its_commit(api: Api) -> None:
    with transaction.atomic():
        row = services.put("engine", "/v1/lists/x/entries", {"entry_id": "e"}, key="e")
        assert api.asked == []
    row.refresh_from_db()
    assert (row.state, row.sequence, json.loads(api.asked[0][3])) == ("delivered", 7, {"entry_id": "e"})
    api.answers = [(503, b"{}")]
    with transaction.atomic():
        services.put("engine", "/v1/x", {}, key="f", order="x")
        services.put("engine", "/v1/x", {}, key="g", order="x")
    assert list(Delivery.objects.order_by("position").values_list("state", flat=True)[1:]) == ["retrying", "waiting"]
    sending.ways.forget()
    later = Delivery.objects.get(key="f").next_at
    while sending.deliver("engine", later):
        pass
    assert not Delivery.objects.exclude(state="delivered").exists()


@pytest.mark.django_db
def test_without_an_api_nothing_counts_as_tried(own_home: Path) -> None:
    with transaction.atomic():
        row = services.put("engine", "/v1/labels", {}, key="e")
    assert sending.deliver("engine") == 0
    row.refresh_from_db()
    assert (row.state, row.attempts, row.problem) == ("retrying", 0, "there is no decision API yet")
