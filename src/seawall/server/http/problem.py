"""Refusals as RFC 9457 problem details, titled in both languages; every error becomes an answer here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from seawall.engine.errors import (
    ConflictError,
    EventError,
    PackError,
    PolicyError,
    Problem,
    SeawallError,
    StateError,
)
from seawall.engine.journal import JournalError
from seawall.server.access import AccessError, KeyUnknownError, ScopeError, TooManyError
from seawall.server.decided import BusyError, UnavailableError
from seawall.server.deploying import LabelTakenError, PolicyUnknownError
from seawall.server.http.message import Response, fields_for

CONTENT_TYPE = "application/problem+json"
MAX_FINDINGS = 1_000
_FIELDS = fields_for(CONTENT_TYPE)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: the last part of its type URI, its status, its title."""

    slug: str
    status: int
    zh: str
    en: str

    @property
    def type(self) -> str:
        """The relative URI that names it."""
        return f"/problems/{self.slug}"


KINDS: Mapping[str, Kind] = {
    kind.slug: kind
    for kind in (
        Kind("request-invalid", 400, "请求不合规范", "The request is malformed"),
        Kind("key-unknown", 401, "缺少有效的 API 密钥", "A valid API key is required"),
        Kind("scope-missing", 403, "API 密钥权限不足", "The API key lacks a scope"),
        Kind("not-found", 404, "没有这个资源", "There is no such resource"),
        Kind("method-not-allowed", 405, "不支持该方法", "The method is not allowed here"),
        Kind("not-acceptable", 406, "无法提供所要求的格式", "None of the accepted media types is offered"),
        Kind("request-timeout", 408, "请求未在时限内传完", "The request did not arrive in time"),
        Kind("event-conflict", 409, "事件编号已用于其他内容", "The event id was used for other content"),
        Kind("challenge-refused", 409, "不能发起或继续该挑战验证", "The challenge cannot be, or is over"),
        Kind("policy-conflict", 409, "策略版本号已用于其他内容", "The policy's version was used for other content"),
        Kind("content-too-large", 413, "请求体过大", "The body is too large"),
        Kind("media-type-unsupported", 415, "不支持该媒体类型", "The media type is not supported"),
        Kind("event-invalid", 422, "记录不符合要求", "The record is not valid"),
        Kind("policy-invalid", 422, "策略不符合要求", "The policy is not valid"),
        Kind("too-many-requests", 429, "请求过于频繁", "Too many requests"),
        Kind("headers-too-large", 431, "请求头过大", "The headers are too large"),
        Kind("internal-error", 500, "内部错误", "Internal error"),
        Kind("unavailable", 503, "服务暂不可用", "The service is not available now"),
    )
}


class ProblemError(SeawallError):
    """A refusal by the HTTP layer itself: its kind, its detail in both languages, header lines that go with it."""

    def __init__(self, slug: str, zh: str, en: str, *headers: tuple[str, str], retry_after: int = 0) -> None:
        self.kind, self.zh, self.en, self.headers, self.retry_after = KINDS[slug], zh, en, headers, retry_after
        super().__init__(en)


# The first class that fits decides. Texts of the engine are one clear English line and pass as they are.
_KINDS_OF: tuple[tuple[type[Exception], str], ...] = (
    (EventError, "event-invalid"),
    (PackError, "policy-invalid"),
    (PolicyError, "policy-invalid"),
    (PolicyUnknownError, "not-found"),
    (LabelTakenError, "policy-conflict"),
    (ConflictError, "event-conflict"),
    (BusyError, "too-many-requests"),
    (UnavailableError, "unavailable"),
    (StateError, "unavailable"),
    (JournalError, "unavailable"),
    (KeyUnknownError, "key-unknown"),
    (ScopeError, "scope-missing"),
    (TooManyError, "too-many-requests"),
    (AccessError, "unavailable"),
)
_CHALLENGE = ("www-authenticate", 'Bearer realm="seawall"')
_INTERNAL = ProblemError(
    "internal-error",
    "服务出现意外错误,已按上面的编号记入日志;请联系管理员",
    "something unexpected happened and was logged under this instance; tell the operator",
)


def kind_of(error: Exception) -> Kind:
    """The kind of problem an error is; whatever is not foreseen is an internal error."""
    if isinstance(error, ProblemError):
        return error.kind
    return next((KINDS[slug] for cls, slug in _KINDS_OF if isinstance(error, cls)), KINDS["internal-error"])


def as_object(error: Exception, language: str, instance: str = "") -> dict[str, Any]:
    """The problem object of an error. Nothing of an unforeseen error's own text leaves the house."""
    kind = kind_of(error)
    shown: Exception = error if kind.status != 500 else _INTERNAL
    if isinstance(shown, ProblemError):
        detail = shown.zh if language == "zh" else shown.en
    elif isinstance(shown, PackError):
        detail = str(next((one for one in shown.problems if one.severity == "error"), shown.problems[0]))
    else:
        detail = shown.message if isinstance(shown, EventError | PolicyError) else str(shown)
    problem: dict[str, Any] = {
        "type": kind.type,
        "title": kind.zh if language == "zh" else kind.en,
        "status": kind.status,
        "detail": detail,
        "instance": instance or new_instance(),
    }
    if isinstance(shown, EventError | PolicyError):
        problem["field"] = shown.field
    if isinstance(shown, PackError):
        problem["problems"] = findings(shown.problems)
    return problem


def findings(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """What a checker found in a pack, as JSON."""
    return [
        {
            "severity": one.severity,
            "file": one.file,
            "line": one.line,
            "column": one.column,
            "message": one.message,
            "hint": one.suggestion,
        }
        for one in list(problems)[:MAX_FINDINGS]
    ]


def new_instance() -> str:
    """An id for one refusal, as a URI; the log has the same."""
    return f"urn:uuid:{uuid.uuid4()}"


def refusal(error: Exception, language: str, instance: str = "") -> Response:
    """The answer to a request that failed with `error`."""
    problem = as_object(error, language, instance)
    more: list[tuple[str, str]] = list(error.headers) if isinstance(error, ProblemError) else []
    retry_after = int(getattr(error, "retry_after", 0))
    if retry_after:
        more.append(("retry-after", str(retry_after)))
    if problem["status"] == 401:
        more.append(_CHALLENGE)
    fields = fields_for(CONTENT_TYPE, *more) if more else _FIELDS
    return Response(problem["status"], _encode(problem), fields)
