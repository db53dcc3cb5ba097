"""Text to tokens: CEL's lexical grammar, less bytes and unsigned numbers."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from .problems import ExpressionError, problem_at

MAX_TEXT = 10_000

KEYWORDS = frozenset({"true", "false", "null", "in"})
RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
})  # fmt: skip

_SKIP = re.compile(r"(?:[ \t\r\n\f]+|//[^\n]*)+")
_NUMBER = re.compile(
    r"(?P<hex>0[xX][0-9a-fA-F]+)"
    r"|(?P<double>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"
    r"|(?P<int>[0-9]+)"
)
_WORD = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_SYMBOL = re.compile(r"&&|\|\||==|!=|<=|>=|[<>+\-*/%!?:()\[\],.{}]")
_QUOTE = re.compile(r"([bBrR]{0,2})('''|\"\"\"|'|\")")
_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\?\"'`])|[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2}))"
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HINTS = {
    "=": "write == to compare",
    "&": "write && for 'and'",
    "|": "write || for 'or'",
    "“": 'use straight quotes: "text"',
    "”": 'use straight quotes: "text"',
}


class Token(NamedTuple):
    """kind: int, double, string, word, symbol, end. `value` is the decoded literal, else the text itself."""

    kind: str
    value: object
    offset: int


def tokenize(text: str) -> list[Token]:
    """All tokens of `text`, ending with one of kind `end`. Raises ExpressionError."""
    if len(text) > MAX_TEXT:
        _fail(text, 0, f"the text has {len(text)} characters", f"at most {MAX_TEXT}; split it in several rules")
    tokens: list[Token] = []
    offset = _skip(text, 0)
    while offset < len(text):
        token, offset = _next(text, offset)
        tokens.append(token)
        offset = _skip(text, offset)
    tokens.append(Token("end", "", len(text)))
    return tokens


def _skip(text: str, offset: int) -> int:
    found = _SKIP.match(text, offset)
    return found.end() if found else offset


def _next(text: str, offset: int) -> tuple[Token, int]:
    if quote := _QUOTE.match(text, offset):
        return _string(text, offset, quote[1].lower(), quote[2])
    if number := _NUMBER.match(text, offset):
        return _number(text, offset, number)
    if word := _WORD.match(text, offset):
        return Token("word", word[0], offset), word.end()
    if symbol := _SYMBOL.match(text, offset):
        return Token("symbol", symbol[0], offset), symbol.end()
    _fail(text, offset, f"unexpected character {text[offset]!r}", _HINTS.get(text[offset], ""))


def _number(text: str, offset: int, found: re.Match[str]) -> tuple[Token, int]:
    end = found.end()
    if text[end : end + 1] in ("u", "U"):
        _fail(text, offset, "unsigned numbers are not part of the language", "drop the u")
    if text[end : end + 1].isalnum() or text[end : end + 1] == "_":
        _fail(text, offset, f"bad number '{found[0]}{text[end]}…'", "put a space or an operator after the number")
    if found["double"]:
        value = float(found[0])
        if value == float("inf"):
            _fail(text, offset, f"the number {found[0]} is too large for a double")
        return Token("double", value, offset), end
    if found["int"] and len(found[0].lstrip("0")) > 19:
        _fail(text, offset, "the number is too large for a 64-bit int", "write it as a double: 1e20")
    return Token("int", int(found[0], 16 if found["hex"] else 10), offset), end


def _string(text: str, offset: int, prefix: str, quote: str) -> tuple[Token, int]:
    if "b" in prefix or prefix == "rr":
        _fail(text, offset, "bytes literals are not part of the language", "drop the b")
    raw = prefix == "r"
    start = at = offset + len(prefix) + len(quote)
    parts: list[str] = []
    while not text.startswith(quote, at):
        if at >= len(text) or (len(quote) == 1 and text[at] in "\r\n"):
            _fail(text, offset, "the string is not closed", f"end it with {quote}")
        if text[at] == "\\" and not raw:
            character, at = _escape(text, at)
            parts.append(character)
        else:
            parts.append(text[at])
            at += 1
    value = text[start:at] if raw else "".join(parts)
    if any("\ud800" <= character <= "\udfff" for character in value):
        _fail(text, offset, "the string holds a lone surrogate", "use whole Unicode characters")
    return Token("string", value, offset), at + len(quote)


def _escape(text: str, at: int) -> tuple[str, int]:
    found = _ESCAPE.match(text, at)
    if not found:
        _fail(text, at, f"bad escape {text[at : at + 2]!r}", r"write \\ for a backslash, or a raw string: r'…'")
    if found["plain"]:
        return _PLAIN.get(found["plain"], found["plain"]), found.end()
    digits = found["x"] or found["u"] or found["U"]
    code = int(digits, 16) if digits else int(found["octal"], 8)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        _fail(text, at, f"U+{code:X} is not a Unicode character")
    return chr(code), found.end()


def _fail(text: str, offset: int, message: str, suggestion: str = "") -> NoReturn:
    raise ExpressionError([problem_at(text, offset, message, suggestion)])
