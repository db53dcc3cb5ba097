"""E-mail against an independent SMTP server, text messages against a provider over the wire."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from seawall.apps.errors import InvalidError
from seawall.apps.outbox import contacts, sending, services
from seawall.apps.outbox.models import Contact, Delivery
from seawall.messaging import Mail, Sms
from tests.messaging import certificates

pytestmark = pytest.mark.django_db


class Box:
    """What the server took; `answers` come in the place of its own."""

    def __init__(self) -> None:
        self.got: list[tuple[str, list[str], bytes, bool]] = []
        self.answers: list[str] = []
        self.refused = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers and self.answers[0] != "250 taken":
            return self.answers.pop(0)
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, session.ssl is not None))
        return "250 taken"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[Box, dict[str, Any]]]]:
    """`serve("starttls")`: a mail server, and the settings that reach it."""
    running = []

    def start(tls: str, user: str = "") -> tuple[Box, dict[str, Any]]:
        box = Box()
        context, authority = certificates.make(tmp_path)
        more: dict[str, Any] = {}
        if tls == "tls":
            more["ssl_context"] = context
        elif tls == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        if user:

            def signed(_server: Any, _session: Any, _envelope: Any, _way: str, data: Any) -> AuthResult:
                return AuthResult(success=(data.login, data.password) == (b"risk", b"pass"), handled=False)

            more |= {"authenticator": signed, "auth_required": True, "auth_require_tls": tls == "starttls"}
        controller = Controller(box, hostname="127.0.0.1", port=free_port(), **more)
        controller.start()
        running.append(controller)
        rules = {"host": "127.0.0.1", "port": controller.port, "tls": tls, "sender": "Seawall <risk@example.com>"}
        return box, rules | ({"authority": str(authority)} if tls != "none" else {})

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def using(settings: Any) -> Callable[..., None]:
    """Settings of mail or text messages."""

    def use(**options: Any) -> None:
        settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update=options)

    return use


def put(channel: str, target: str, **body: str) -> Delivery:
    with transaction.atomic():
        return services.put(channel, target, body, key=f"k-{Delivery.objects.count()}")


def state(row: Delivery) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.problem


@pytest.mark.parametrize("tls", ["starttls", "tls", "none"])
def test_a_message_arrives(tls: str, serve: Any, using: Any) -> None:
    box, rules = serve(tls)
    using(mail=Mail(**rules))
    row = put("email", "dl@example.com", subject="案件已超时", text="请查看 C-1001")
    assert (sending.deliver("email"), state(row)) == (1, ("delivered", ""))
    ((sender, to, content, secured),) = box.got
    assert (sender, to, secured) == ("risk@example.com", ["dl@example.com"], tls == "starttls")
    message = message_from_bytes(content)
    assert str(make_header(decode_header(message["Subject"]))) == "案件已超时"
    assert message["Message-ID"] == f"<{row.pk}@example.com>"
    assert message.get_payload(decode=True).decode().strip() == "请查看 C-1001"
    assert row.content == ""


def test_signing_in(serve: Any, using: Any) -> None:
    box, rules = serve("starttls", user="risk")
    using(mail=Mail(**rules, user="risk", password="wrong"))
    row = put("email", "dl@example.com", subject="a", text="b")
    sending.deliver("email")
    assert state(row) == ("retrying", "535 the server refuses mail.user or mail.password")
    using(mail=Mail(**rules, user="risk", password="pass"))
    sending.deliver("email", timezone.now() + timedelta(hours=1))
    assert (state(row)[0], len(box.got)) == ("delivered", 1)


def test_what_the_server_says_decides(serve: Any, using: Any) -> None:
    box, rules = serve("none")
    using(mail=Mail(**rules))
    box.refused, box.answers = "gone@example.com", ["451 busy", "250 taken"]
    lost = put("email", "gone@example.com", subject="a", text="b")
    row = put("email", "dl@example.com", subject="a", text="b")
    odd = put("email", "dl@example.com", subject="a\nBcc: x@example.com", text="b")
    sending.deliver("email")
    assert state(lost) == ("refused", "550 address refused")
    assert state(row) == ("retrying", "451 busy")
    sending.deliver("email", timezone.now() + timedelta(hours=1))
    assert (state(row)[0], state(odd)[0], len(box.got)) == ("delivered", "refused", 1)
    box.answers = ["554 spam"]
    spam = put("email", "dl@example.com", subject="a", text="b")
    sending.deliver("email")
    assert state(spam) == ("refused", "554 spam")


def test_nothing_goes_in_the_clear_or_to_a_stranger(serve: Any, using: Any) -> None:
    box, rules = serve("none")  # a server without TLS
    using(mail=Mail(**rules | {"tls": "starttls"}))
    row = put("email", "dl@example.com", subject="a", text="b")
    sending.deliver("email")
    assert state(row) == ("retrying", "SMTPNotSupportedError")
    other, secure = serve("tls")
    using(mail=Mail(**secure | {"authority": ""}))  # its certificate is nobody's
    sending.deliver("email", timezone.now() + timedelta(hours=1))
    assert state(row)[1].startswith("TLS: CERTIFICATE_VERIFY_FAILED")
    assert box.got == other.got == []


def test_without_a_server_messages_wait(using: Any) -> None:
    using(mail=Mail(), sms=Sms())
    rows = [put("email", "dl@example.com", subject="a", text="b"), put("sms", "+8613800138000", text="b")]
    assert [sending.deliver("email"), sending.deliver("sms")] == [0, 0]
    assert [(one.refresh_from_db(), one.attempts)[1] for one in rows] == [0, 0]


@pytest.mark.parametrize(
    "wrong",
    [{"host": "mail.example.com", "sender": "nobody"}, {"host": "mail.example.com", "sender": "a@b.c", "tls": "none"}],
)
def test_settings_that_cannot_be(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="mail"):
        Mail(**wrong)
    with pytest.raises(ValidationError, match="https"):
        Sms(provider="http", url="http://sms.example.com/")


# --- text messages ----------------------------------------------------------------------------------------------------


class Provider(ThreadingHTTPServer):
    """Takes each message once by its idempotency key."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.sent: dict[str, dict[str, Any]] = {}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = server.answers.pop(0) if server.answers else 200
        if status in (200, 504):  # 504: taken, but the answer is lost
            server.sent.setdefault(self.headers["Idempotency-Key"], body | {"token": self.headers["Authorization"]})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'{"id": "m-1"}')

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def provider(using: Any) -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    using(sms=Sms(provider="http", url=f"http://127.0.0.1:{server.server_port}/send", token="t", sender="Seawall"))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_text_goes_out_once_whatever_is_lost(provider: Provider) -> None:
    provider.answers = [503, 504, 200]
    row, now = put("sms", "+8613800138000", text="您的验证码是 123456"), timezone.now()
    for _ in range(4):
        sending.deliver("sms", now)
        now += timedelta(hours=1)
    assert (state(row)[0], row.answer, row.content) == ("delivered", {"provider": "http", "id": "m-1"}, "")
    body = {"id": str(row.pk), "to": "+8613800138000", "from": "Seawall", "text": "您的验证码是 123456"}
    assert provider.sent == {str(row.pk): body | {"token": "Bearer t"}}


def test_what_the_provider_refuses_is_final(provider: Provider) -> None:
    provider.answers = [422, 401]
    refused, waits = put("sms", "+8613800138000", text="a"), put("sms", "+8613800138000", text="b")
    odd = put("sms", "13800138000", text="a")
    sending.deliver("sms")
    assert state(refused) == ("refused", "answer 422 of the provider")
    assert state(waits) == ("retrying", "answer 401 of the provider")
    sending.deliver("sms", timezone.now() + timedelta(hours=1))
    assert (state(waits)[0], state(odd)[0]) == ("delivered", "refused")


def test_the_sandbox_sends_nothing_and_shows_it(using: Any) -> None:
    using(sms=Sms(provider="sandbox"))
    row = put("sms", "+8613800138000", text="code 1")
    sending.deliver("sms")
    assert (state(row)[0], row.answer) == ("delivered", {"provider": "sandbox", "text": "code 1"})


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_a_group_is_told_by_its_members_ways(make_user: Any, using: Any) -> None:
    ann, ada = make_user("ann", "admin"), make_user("ada", "analyst")
    contacts.add(ann, "on_call", "Duty", "email", "duty@example.com")
    phone = contacts.add(ann, "on_call", "Duty phone", "sms", "+8613800138000")
    contacts.add(ann, "others", "Else", "email", "else@example.com")
    assert ("800" in phone.sealed, phone.address, phone.shown) == (False, "+8613800138000", "+86***8000")
    with transaction.atomic():
        told = contacts.tell("on_call", "Gateway\nslow", "for 3 minutes", key="n-1", about=("", ""))
        assert contacts.tell("nobody", "a", "b", key="n-1", about=("", "")) == []
    assert [(one.channel, one.body) for one in told] == [
        ("email", {"subject": "Gateway slow", "text": "for 3 minutes"}),
        ("sms", {"text": "Gateway slow: for 3 minutes"}),
    ]
    contacts.remove(ann, phone.pk)
    assert Contact.objects.filter(group="on_call").count() == 1
    with pytest.raises(PermissionDenied):
        contacts.add(ada, "on_call", "Eve", "email", "eve@example.com")
    for wrong in (("On call!", "a", "email", "a@b.cn"), ("a", "", "email", "a@b.cn"), ("a", "a", "fax", "1"),
                  ("a", "a", "email", "a@b.cn\nBcc: x@y.cn"), ("a", "a", "sms", "110")):  # fmt: skip
        with pytest.raises(InvalidError):
            contacts.add(ann, *wrong)
