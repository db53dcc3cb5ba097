"""What the API's OpenAPI document says beyond each operation's own answer: refusals, conditions, permissions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from seawall.apps.accounts.permissions import marked
from seawall.apps.etag import CONDITION
from seawall.apps.problem import CONTENT_TYPE

Json = dict[str, Any]
PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. `detail` says to a person what is wrong and what to do.",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "`session_required`: no API token may do this."},
        "permission": {"type": "string", "description": "403: what the person or the token lacks."},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}, "description": "A text a field."},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "422: places that do not fit."},
        "changes": {
            "type": "array",
            "description": "412 and 409: what was done to the record since, the oldest first.",
            "items": {
                "type": "object",
                "properties": {
                    "at": {"type": "string", "format": "date-time"},
                    "actor": {"type": "string"},
                    "action": {"type": "string"},
                    "changed": {"type": "object", "description": "field → [before, after]"},
                },
            },
        },
    },
}
REFUSALS: Mapping[int, str] = {
    401: "Nobody is signed in, and no valid API token came.",
    403: "The person's roles, or the token's scopes, do not include this.",
    404: "There is no such record, or this person may not know of it.",
    409: "The record is not in a state that allows this; `detail` says which.",
    412: "The record was changed after it was read: `changes` tells what. Read it again, then decide.",
    422: "What was given does not fit; see `fields` or `errors`.",
    428: "If-Match is missing: send the ETag of the record that was decided on, or `*` for any.",
}
_ETAG = {"ETag": {"description": "The version that was sent; opaque.", "schema": {"type": "string"}}}


def completed(document: Json, operations: Iterable[tuple[str, str, Callable[..., Any]]], prefix: str) -> Json:
    """The document with problems, If-Match, If-None-Match, ETag and the permission of each (method, path, function)."""
    document["components"]["schemas"]["Problem"] = PROBLEM
    document["components"]["responses"] = {f"Refused{status}": _refusal(text) for status, text in REFUSALS.items()}
    for method, path, function in operations:
        _complete(document["paths"][prefix + path.lstrip("/")][method.lower()], method, path, function)
    return document


def _complete(told: Json, method: str, path: str, function: Callable[..., Any]) -> None:
    access, condition = marked(function), getattr(function, CONDITION, None)
    tags = "response" in inspect.signature(function).parameters  # a room's operation sets the ETag by it
    reads, answers = method == "GET", told["responses"]
    statuses = [401, 403, 422]
    if "{" in path:
        statuses.append(404)
    if not reads:
        statuses.append(409)
    if condition is not None:
        statuses += [412, 428] if condition else [412]
        told.setdefault("parameters", []).append(
            _header("If-Match", "The ETag of the record as it was read.", condition)
        )
    if tags:
        for status in [one for one in answers if str(one).startswith("2")]:
            answers[status]["headers"] = _ETAG
        if reads:
            told.setdefault("parameters", []).append(_header("If-None-Match", "ETags that are at hand already.", False))
            answers[304] = {"description": "Nothing changed since.", "headers": _ETAG}
    for status in sorted(statuses):
        answers[status] = {"$ref": f"#/components/responses/Refused{status}"}
    if access is not None and access.permission:
        told["x-permission"] = access.permission


def _header(name: str, text: str, required: bool) -> Json:
    return {"in": "header", "name": name, "description": text, "required": required, "schema": {"type": "string"}}


def _refusal(text: str) -> Json:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": text, "content": content}
