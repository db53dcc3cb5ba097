"""Messages over the wire: an independent SMTP server, a provider of text messages; and codes through both."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from seawall.messaging import Mail, Sms, message, send_mail, send_text
from seawall.server.challenge.providers import CodeMessage, HttpCodes, SmtpCodes

from .mailbox import Box, mail_server

AT = datetime(2026, 11, 23, tzinfo=UTC)
CODE = CodeMessage("k-1", "h-1", "a@example.com", "身份验证码", "验证码 123456", 1_795_392_000_000)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[tuple[Box, Mail]]:
    with mail_server(tmp_path) as found:
        yield found


def test_a_code_by_e_mail(mail: tuple[Box, Mail]) -> None:
    box, rules = mail
    provider = SmtpCodes(rules)
    assert provider.send(CODE).kind == "delivered"
    ((sender, to, content, secured),) = box.got
    assert (sender, to, secured) == ("risk@example.com", ["a@example.com"], True)
    made = message_from_bytes(content)
    assert str(make_header(decode_header(made["Subject"]))) == "身份验证码"
    assert made["Message-ID"] == "<k-1@example.com>"
    payload = made.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().strip() == "验证码 123456"
    assert [provider.is_address(to) for to in ("a@b.cn", "a@b", "@b.cn", "a b@c.cn", "a@b.cn\n")] == [True] + 4 * [
        False
    ]


def test_what_the_mail_server_says(mail: tuple[Box, Mail]) -> None:
    box, rules = mail
    made = message("k", rules.sender, "gone@example.com", "a", "b", AT)
    box.refused = "gone@example.com"
    assert (send_mail(rules, made).kind, send_mail(rules, made).reason) == ("refused", "550 address refused")
    box.refused, box.answer = "", "451 busy"
    sent = send_mail(rules, made)
    assert (sent.kind, sent.reason, sent.closed) == ("retry", "451 busy", True)
    stranger = rules.model_copy(update={"authority": ""})
    assert send_mail(stranger, made).reason.startswith("TLS: CERTIFICATE_VERIFY_FAILED")


def test_a_header_cannot_be_smuggled_in() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        message("k", "risk@example.com", "a@example.com", "a\nBcc: x@example.com", "b", AT)


class Provider(ThreadingHTTPServer):
    """Answers as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        self.got: list[tuple[Any, str | None, str | None]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.got.append((body, self.headers["Authorization"], self.headers["Idempotency-Key"]))
        self.send_response(server.statuses.pop(0))
        self.end_headers()
        self.wfile.write(b'{"id": "m-1"}')

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_code_by_text_message(provider: Provider) -> None:
    rules = Sms(provider="http", url=f"http://127.0.0.1:{provider.server_port}/send", token="t", sender="S")  # type: ignore[arg-type]
    provider.statuses = [200, 422, 401, 503]
    code = CodeMessage("k-2", "h-1", "+8613800138000", "", "验证码 123456", 0)
    assert HttpCodes(rules).send(code).kind == "delivered"
    body = {"id": "k-2", "to": "+8613800138000", "from": "S", "text": "验证码 123456"}
    assert provider.got == [(body, "Bearer t", "k-2")]
    found = [send_text(rules, "k", "+8613800138000", "b") for _ in range(3)]
    assert [(one.kind, one.closed) for one in found] == [("refused", False), ("retry", True), ("retry", False)]
    nobody = rules.model_copy(update={"url": "http://127.0.0.1:1/"})
    assert (send_text(nobody, "k", "+8613800138000", "b").reason) == "ConnectionRefusedError"


@pytest.mark.parametrize(
    "wrong",
    [{"host": "mail.example.com", "sender": "nobody"}, {"host": "mail.example.com", "sender": "a@b.c", "tls": "none"}],
)
def test_settings_that_cannot_be(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="mail"):
        Mail.model_validate(wrong)
    with pytest.raises(ValidationError, match="https"):
        Sms(provider="http", url="http://sms.example.com/")
