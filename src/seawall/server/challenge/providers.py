"""Who sends codes and who matches faces, each behind one protocol; the sandbox stands in and says so."""

from __future__ import annotations

import http.client
import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from seawall.messaging import NUMBER, Mail, Sent, Sms, message, post_json, send_mail, send_text
from seawall.messaging.sent import ARRIVED, NEVER
from seawall.server.challenge.options import ChallengeOptions, Face

SANDBOX = "sandbox"
TIMEOUT = 10.0  # s; a person waits for the code
MAX_SANDBOX = 16 << 20  # bytes; an older file is kept as messages.jsonl.1


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """One code on its way. `key` is new for each sending; `challenge_id` may be written down, the text may not."""

    key: str
    challenge_id: str
    to: str
    subject: str
    text: str
    at_ms: int


class CodeProvider(Protocol):
    """Sends codes. `send` may block for TIMEOUT seconds, and raises nothing for what goes wrong on the way."""

    name: str

    def is_address(self, to: str) -> bool:
        """Whether it could be sent there."""

    def send(self, code: CodeMessage) -> Sent:
        """Hand it over."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What a face-match provider says: `trouble` where it says nothing, so that the try does not count."""

    passed: bool
    trouble: str = ""


class FaceMatch(Protocol):
    """Judges the proof that the provider's own app or page gave to the subject."""

    name: str

    def match(self, challenge_id: str, proof: str) -> Matched:
        """Whether the face is the subject's. May block for TIMEOUT seconds."""


class Sandbox:
    """Sends to nobody: each message becomes a line of HOME/sandbox/messages.jsonl (mode 0600)."""

    name = SANDBOX

    def __init__(self, folder: Path, channel: str) -> None:
        self._path, self._channel, self._lock = folder / "sandbox" / "messages.jsonl", channel, threading.Lock()

    def is_address(self, to: str) -> bool:
        """As the real one of its channel would say."""
        return _is_mail(to) if self._channel == "email" else bool(NUMBER.fullmatch(to))

    def send(self, code: CodeMessage) -> Sent:
        """Write it down."""
        line = {
            "provider": SANDBOX, "channel": self._channel, "at": _instant(code.at_ms).isoformat(),
            "challenge_id": code.challenge_id, "to": code.to, "text": code.text,
        }  # fmt: skip
        try:
            with self._lock:
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                if self._path.exists() and self._path.stat().st_size > MAX_SANDBOX:
                    self._path.replace(self._path.with_suffix(".jsonl.1"))
                file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    os.write(file, json.dumps(line, ensure_ascii=False).encode() + b"\n")
                finally:
                    os.close(file)
        except OSError as error:
            return Sent("retry", f"sandbox: {error.strerror}")
        return Sent(ARRIVED)


class SmtpCodes:
    """Codes by the SMTP server of the settings."""

    name = "smtp"

    def __init__(self, rules: Mail) -> None:
        self._rules = rules

    def is_address(self, to: str) -> bool:
        """An e-mail address."""
        return _is_mail(to)

    def send(self, code: CodeMessage) -> Sent:
        """As an e-mail."""
        try:
            made = message(code.key, self._rules.sender, code.to, code.subject, code.text, _instant(code.at_ms))
        except ValueError:
            return Sent(NEVER, "no message can be made of it")
        return send_mail(self._rules, made, TIMEOUT)


class HttpCodes:
    """Codes as text messages by the provider of the settings."""

    name = "http"

    def __init__(self, rules: Sms) -> None:
        self._rules = rules

    def is_address(self, to: str) -> bool:
        """A number like +8613800138000."""
        return bool(NUMBER.fullmatch(to))

    def send(self, code: CodeMessage) -> Sent:
        """As a text message."""
        return send_text(self._rules, code.key, code.to, code.text, TIMEOUT)


class SandboxFace:
    """Matches no face: the proof `pass` passes, every other one fails."""

    name = SANDBOX

    def match(self, challenge_id: str, proof: str) -> Matched:
        """By the word alone."""
        return Matched(proof == "pass")


class HttpFace:
    """POST {id, proof} with the token; the answer's `passed` decides. Untested against a real vendor."""

    name = "http"

    def __init__(self, rules: Face) -> None:
        self._rules = rules

    def match(self, challenge_id: str, proof: str) -> Matched:
        """Ask the provider; whatever is no clear answer is trouble, never a pass."""
        rules = self._rules
        try:
            status, answer = post_json(
                rules.url, {"id": challenge_id, "proof": proof}, challenge_id, rules.token.get_secret_value(),
                rules.authority, TIMEOUT,
            )  # fmt: skip
        except (OSError, http.client.HTTPException) as error:
            return Matched(False, type(error).__name__)
        passed = answer.get("passed")
        if status != 200 or not isinstance(passed, bool) or answer.get("id", challenge_id) != challenge_id:
            return Matched(False, f"answer {status} of the provider")
        return Matched(passed)


@dataclass(frozen=True, slots=True)
class Providers:
    """What is set: `codes` by channel, and who matches faces."""

    codes: dict[str, CodeProvider]
    face: FaceMatch | None


def providers_of(options: ChallengeOptions, folder: Path) -> Providers:
    """As the settings of the home say."""
    named = options.providers()
    made: dict[str, Any] = {
        "http": lambda channel: HttpCodes(options.sms),
        "smtp": lambda channel: SmtpCodes(options.mail),
        SANDBOX: lambda channel: Sandbox(folder, channel),
    }
    codes = {channel: made[named[channel]](channel) for channel in ("sms", "email") if named[channel] in made}
    faces: dict[str, FaceMatch] = {SANDBOX: SandboxFace(), "http": HttpFace(options.challenges.face)}
    return Providers(codes, faces.get(named["face_match"]))


def _is_mail(to: str) -> bool:
    local, _, host = to.rpartition("@")
    return bool(local and "." in host) and to.isprintable() and len(to) <= 254 and " " not in to


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC)
