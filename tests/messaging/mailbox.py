"""An independent SMTP server (aiosmtpd) that takes mail after STARTTLS only, and keeps what it took."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from seawall.messaging import Mail

from . import certificates


class Box:
    """What the server took: (sender, recipients, content, whether by TLS)."""

    def __init__(self) -> None:
        self.got: list[tuple[str, list[str], bytes, bool]] = []
        self.refused = ""
        self.answer = "250 taken"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, session.ssl is not None))
        return self.answer


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[Box, Mail]]:
    """The box and the settings that lead to it; `folder` takes its certificate."""
    box, (context, authority) = Box(), certificates.make(folder)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True)
    controller.start()
    try:
        yield box, Mail(host="127.0.0.1", port=port, sender="Seawall <risk@example.com>", authority=str(authority))
    finally:
        controller.stop()
