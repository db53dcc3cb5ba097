"""What Django refuses before or beside a view: the console's page, or under /api/ an RFC 9457 problem."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from seawall.apps.accounts.permissions import API_PREFIX
from seawall.apps.problem import problem
from seawall.console import errors


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    if _api(request):
        return problem(400, _("The request could not be read."))
    return errors.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    if _api(request):
        return problem(403, str(exception or _("You may not do this")))
    return errors.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    if _api(request):
        return problem(404, _("There is no such address; /api/v1/openapi.json lists all of them."))
    return errors.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: what the log has of it is found by the reference id."""
    if _api(request):
        words = _("Something failed on our side; report the reference id if it fails again.")
        return problem(500, words, reference=errors.reference(request))
    return errors.server_error(request)


def _api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX)
