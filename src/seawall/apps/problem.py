"""Refusals of the REST API as RFC 9457 problems: one shape wherever a request is stopped."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import JsonResponse

from seawall.apps.errors import DeniedError, SessionRequiredError

CONTENT_TYPE = "application/problem+json"


def problem(status: int, detail: str, **more: Any) -> JsonResponse:
    """`detail` says to a person what is wrong and what to do; `more` are further members for the program."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, json_dumps_params={"ensure_ascii": False})


def denied(error: PermissionDenied) -> JsonResponse:
    """403 names the permission; `session_required` tells that no token will do."""
    more: dict[str, Any] = {"permission": error.permission} if isinstance(error, DeniedError) else {}
    if isinstance(error, SessionRequiredError):
        more["code"] = "session_required"
    return problem(403, str(error), **more)
