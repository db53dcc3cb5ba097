"""The control plane's REST API: routers of all rooms under /api/v1, with the session of the console.

An operation without `@api_requires(...)` stops the start: an API cannot forget to say who may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from ninja import NinjaAPI, Router
from ninja.security import django_auth

from seawall import __version__
from seawall.apps.accounts.api import router as accounts
from seawall.apps.accounts.permissions import API_PREFIX, MARK, Access, marked, signed_in
from seawall.apps.approvals.api import router as approvals
from seawall.apps.audit.api import router as audit
from seawall.apps.cases.api import alerts_router as alerts
from seawall.apps.cases.api import cases_router as cases
from seawall.apps.decisions.api import entities_router as entities
from seawall.apps.decisions.api import router as decisions
from seawall.apps.errors import DeniedError, InvalidError, ServiceError
from seawall.apps.jobs.api import router as jobs

ROUTERS: dict[str, Router] = {
    "": accounts,
    "/approvals": approvals,
    "/ledger": audit,
    "/alerts": alerts,
    "/cases": cases,
    "/decisions": decisions,
    "/jobs": jobs,
    "/entities": entities,
}

api = NinjaAPI(
    title="Seawall", version=__version__, auth=django_auth, urls_namespace="api", docs_url=None, openapi_url=None
)
for prefix, router in ROUTERS.items():
    api.add_router(prefix, router)


def operations() -> Iterator[tuple[str, str, Any]]:
    """(method, path, function) of every operation."""
    for prefix, one in api._routers:
        for route, view in one.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, f"{prefix.rstrip('/')}{route}", operation.view_func


def _marked_patterns() -> Iterator[URLPattern]:
    unmarked = [f"{method} {route}" for method, route, function in operations() if marked(function) is None]
    if unmarked:
        raise ImproperlyConfigured(f"API operations without api_requires: {', '.join(unmarked)}")
    for pattern in api.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            setattr(pattern.callback, MARK, Access(public=True))  # each operation asks for its own permission
            yield pattern


@signed_in
def schema(request: HttpRequest) -> HttpResponse:
    """OpenAPI."""
    return api.create_response(request, api.get_openapi_schema(path_prefix=f"{API_PREFIX}v1/"), status=200)


@api.exception_handler(ServiceError)
def refused(request: HttpRequest, error: ServiceError) -> HttpResponse:
    """A service's refusal with its own status."""
    body: dict[str, Any] = {"detail": str(error)}
    if isinstance(error, InvalidError) and error.fields:
        body["fields"] = error.fields
    return api.create_response(request, body, status=error.status)


@api.exception_handler(PermissionDenied)
def denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    """403 names the permission."""
    body = {"detail": str(error)} | ({"permission": error.permission} if isinstance(error, DeniedError) else {})
    return api.create_response(request, body, status=403)


api_patterns = ([path("openapi.json", schema, name="openapi"), *_marked_patterns()], "api")
