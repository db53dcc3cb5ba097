"""The control plane's REST API: routers of all rooms under /api/v1, by the console's session or by an API token.

An operation without `@api_requires(...)` stops the start: an API cannot forget to say who may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer, django_auth

from seawall import __version__
from seawall.apps.accounts.api import router as accounts
from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import API_PREFIX, MARK, Access, marked, sign_in, signed_in
from seawall.apps.approvals.api import router as approvals
from seawall.apps.audit.api import router as audit
from seawall.apps.cases.api import alerts_router as alerts
from seawall.apps.cases.api import cases_router as cases
from seawall.apps.decisions.api import entities_router as entities
from seawall.apps.decisions.api import router as decisions
from seawall.apps.errors import InvalidError, ServiceError, StaleError
from seawall.apps.etag import told
from seawall.apps.jobs.api import router as jobs
from seawall.apps.limits.api import router as limits
from seawall.apps.lists.api import router as lists
from seawall.apps.outbox.api import router as outbox
from seawall.apps.outbox.endpoints_api import router as endpoints
from seawall.apps.policies.api import router as policies
from seawall.apps.policies.backtesting.api import router as backtests
from seawall.apps.problem import denied, problem
from seawall.apps.response.api import router as actions
from seawall.apps.saved.api import router as views
from seawall.server.control.openapi import completed

ROUTERS: dict[str, Router] = {
    "": accounts,
    "/approvals": approvals,
    "/ledger": audit,
    "/alerts": alerts,
    "/cases": cases,
    "/decisions": decisions,
    "/jobs": jobs,
    "/outbox/endpoints": endpoints,  # before /outbox/{delivery_id}
    "/outbox": outbox,
    "/actions": actions,
    "/policies": policies,
    "/backtests": backtests,
    "/limits": limits,
    "/lists": lists,
    "/entities": entities,
    "/views": views,
}


class ApiToken(HttpBearer):
    """`Authorization: Bearer swc_…`: the middleware ApiTokens has found out whose it is."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """The token's owner."""
        return request.user if isinstance(request.user, User) and request.user.token else None


api = NinjaAPI(
    title="Seawall", version=__version__, auth=[ApiToken(), django_auth], urls_namespace="api", docs_url=None,
    openapi_url=None,
)  # fmt: skip
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
    prefix = f"{API_PREFIX}v1/"
    document = completed(api.get_openapi_schema(path_prefix=prefix), operations(), prefix)
    return api.create_response(request, document, status=200)


@api.exception_handler(ServiceError)
def refused(request: HttpRequest, error: ServiceError) -> HttpResponse:
    """A service's refusal with its own status; where a record was changed meanwhile, what changed."""
    more: dict[str, Any] = {}
    if isinstance(error, InvalidError) and error.fields:
        more["fields"] = error.fields
    if isinstance(error, StaleError):
        more["changes"] = [told(one) for one in error.changes]
    status = 412 if isinstance(error, StaleError) and "If-Match" in request.headers else error.status
    return problem(status, str(error), **more)


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    """403."""
    return denied(error)


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """422 for a body or parameter that does not fit: each place with what is wrong there."""
    places = [{"at": [str(part) for part in one["loc"]], "text": str(one["msg"])} for one in error.errors]
    return problem(422, _("The request does not fit; see the places under `errors`."), errors=places)


@api.exception_handler(HttpError)
def stopped(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja itself refuses: a body that is no JSON, a missing CSRF token."""
    return problem(error.status_code, str(error))


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """401."""
    return sign_in(request)  # type: ignore[return-value]


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    """404."""
    return problem(404, _("There is no such record."))


api_patterns = ([path("openapi.json", schema, name="openapi"), *_marked_patterns()], "api")
