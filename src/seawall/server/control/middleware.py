"""What every answer of the console passes: content security policy, request log, refusals of services."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from seawall.apps.errors import ServiceError
from seawall.apps.ids import uuid7
from seawall.console import errors

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
Next = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("seawall.console")


class ContentSecurityPolicy:
    """One policy for all pages: everything from this host, nothing inline. Pages with data are not kept by caches."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class RequestLog:
    """One line a request: route, status, time, reference id. No path, query or person: that may be personal data."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.reference = str(uuid7())
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = (match.view_name or match.route) if match else ""
        spent = round((time.perf_counter() - began) * 1000, 1)
        status = response.status_code
        write = log.error if status >= 500 else log.warning if status == 403 else log.info
        write("request", method=request.method, route=route, status=status, ms=spent,
              reference=request.reference)  # fmt: skip
        response.headers["X-Request-Id"] = request.reference
        return response


class ServiceErrors:
    """A service's refusal becomes the page (or fragment) of its status."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer for a ServiceError; other exceptions go on."""
        if isinstance(exception, ServiceError):
            return errors.refused(request, exception.status, str(exception))
        return None
