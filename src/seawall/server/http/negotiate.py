"""What a caller sends and wants to get: media types, language, the parameters of a query."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from seawall.engine.answer import LANGUAGES
from seawall.server.http.message import Request
from seawall.server.http.problem import ProblemError

DEFAULT_LANGUAGE = LANGUAGES[0]
UNSAID = "application/x-www-form-urlencoded"  # what curl says of a body it was told nothing of
_MAX_HEADER = 1_024  # a longer list of preferences is not read


def language_of(request: Request) -> str:
    """The language asked for by `lang`, else by Accept-Language, else Chinese. Never refuses."""
    try:
        asked = request.parameters().get("lang", "")
    except ValueError:
        asked = ""
    if asked in LANGUAGES:
        return asked
    header = request.headers.get(b"accept-language")
    return DEFAULT_LANGUAGE if header is None else _preferred_language(header)


def parameters(request: Request, allowed: Sequence[str]) -> dict[str, str]:
    """The query's parameters. ProblemError names one that is not among `allowed`."""
    if not request.query:
        return {}
    try:
        found = request.parameters()
    except ValueError as error:
        raise ProblemError("request-invalid", f"查询参数有误:{error}", f"the query: {error}") from None
    for name in found:
        if name not in allowed:
            known = ", ".join(allowed) or "-"
            raise ProblemError(
                "request-invalid",
                f"未知的查询参数 {name[:64]!r};可用:{known}",
                f"unknown query parameter {name[:64]!r}; there are {known}",
            )
    return found


def one_of(name: str, value: str, choices: Sequence[str]) -> str:
    """A parameter's value, if it is one of the choices."""
    if value not in choices:
        known = ", ".join(choices)
        raise ProblemError("request-invalid", f"{name} 只能是 {known}", f"{name} is one of {known}, not {value[:64]!r}")
    return value


def whole(name: str, value: str, least: int, most: int) -> int:
    """A parameter's value as a whole number within bounds."""
    if not (value.isascii() and value.isdecimal() and len(value) <= 19 and least <= int(value) <= most):
        raise ProblemError(
            "request-invalid",
            f"{name} 应为 {least} 至 {most} 的整数",
            f"{name} is a whole number from {least} to {most}, not {value[:64]!r}",
        )
    return int(value)


def check_media(request: Request, takes: Sequence[str], gives: Sequence[str], has_body: bool) -> None:
    """415 for a body in another form, 406 where none of the forms we give is accepted."""
    headers = request.headers
    if has_body:
        sent = headers.get(b"content-type")
        if sent is not None and media_type(sent) not in (*takes, UNSAID):
            known = ", ".join(takes)
            raise ProblemError(
                "media-type-unsupported",
                f"请求体请用 {known}",
                f"send the body as {known}",
                ("accept", known),
            )
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise ProblemError(
                "media-type-unsupported", "不支持压缩的请求体", "send the body as it is: no content-encoding is taken"
            )
    accept = headers.get(b"accept")
    if accept is not None and accept != b"*/*" and not acceptable(accept, tuple(gives)):
        known = ", ".join(gives)
        raise ProblemError("not-acceptable", f"此处提供 {known}", f"this is given as {known}")


@lru_cache(maxsize=256)
def media_type(header: bytes) -> str:
    """The media type of a Content-Type header, without its parameters."""
    return header.partition(b";")[0].strip().lower().decode("latin-1")


@lru_cache(maxsize=256)
def acceptable(accept: bytes, gives: tuple[str, ...]) -> str:
    """The first of `gives` that an Accept header takes at its best quality; "" where it takes none.

    A problem may always be sent: it says what went wrong.
    """
    if len(accept) > _MAX_HEADER:
        return gives[0]
    wanted = _preferences(accept)
    best, chosen = 0.0, ""
    for given in gives:
        main = given.partition("/")[0]
        for pattern in (given, f"{main}/*", "*/*"):
            if pattern in wanted:
                if wanted[pattern] > best:
                    best, chosen = wanted[pattern], given
                break
    return chosen


@lru_cache(maxsize=256)
def _preferred_language(header: bytes) -> str:
    if len(header) > _MAX_HEADER:
        return DEFAULT_LANGUAGE
    best, chosen = 0.0, DEFAULT_LANGUAGE
    for tag, quality in _preferences(header).items():
        primary = tag.partition("-")[0]
        if primary in LANGUAGES and quality > best:
            best, chosen = quality, primary
    return chosen


def _preferences(header: bytes) -> dict[str, float]:
    """What a header like `a, b;q=0.5` names, with its qualities."""
    found: dict[str, float] = {}
    for part in header.decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if name and 0.0 <= quality <= 1.0:
            found.setdefault(name, quality)
    return found
