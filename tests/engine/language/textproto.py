"""A reader for the text form of protocol buffers, as far as the CEL conformance files use it."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(
    r"(?P<skip>\s+|#[^\n]*)"
    r"|(?P<string>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<url>\[[\w./]+\])"
    r"|(?P<word>-?[\w.+]+)"
    r"|(?P<symbol>[{}:,;])"
)
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL)
_PLAIN = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

Message = dict[str, list[Any]]


def read(text: str) -> Message:
    """Field name -> list of values (nested messages as dicts, strings as bytes, the rest as words)."""
    tokens = [(found.lastgroup, found[0]) for found in _TOKEN.finditer(text) if found.lastgroup != "skip"]
    assert "".join(found[0] for found in _TOKEN.finditer(text)) == text, "an unknown character was skipped"
    message, at = _message(tokens, 0)
    assert at == len(tokens)
    return message


def _message(tokens: list[tuple[str | None, str]], at: int) -> tuple[Message, int]:
    message: Message = {}
    while at < len(tokens) and tokens[at][1] != "}":
        if tokens[at][1] in (",", ";"):
            at += 1
            continue
        name = tokens[at][1]
        at += 1
        if tokens[at][1] == ":":
            at += 1
        if tokens[at][1] == "{":
            value, at = _message(tokens, at + 1)
            assert tokens[at][1] == "}"
            at += 1
        elif tokens[at][0] == "string":
            value = b""
            while at < len(tokens) and tokens[at][0] == "string":
                value += _unescape(tokens[at][1][1:-1].encode())
                at += 1
        else:
            value = tokens[at][1]
            at += 1
        message.setdefault(name, []).append(value)
    return message, at


def _unescape(raw: bytes) -> bytes:
    def character(found: re.Match[bytes]) -> bytes:
        hexadecimal, short, long, octal, plain = found.groups()
        if hexadecimal:
            return bytes([int(hexadecimal, 16)])
        if short or long:
            return chr(int(short or long, 16)).encode()
        return bytes([int(octal, 8)]) if octal else _PLAIN.get(plain, plain)

    return _ESCAPE.sub(character, raw)
