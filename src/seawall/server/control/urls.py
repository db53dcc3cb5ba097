"""Every address of the console. A view bears a mark that says who may see it; one without is refused."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from seawall.apps.accounts.permissions import public, signed_in
from seawall.apps.accounts.urls import sign_in_patterns
from seawall.console import urls as console_urls
from seawall.server.control.api import api_patterns
from seawall.server.control.start import start

handler400 = "seawall.server.control.failures.bad_request"
handler403 = "seawall.server.control.failures.permission_denied"
handler404 = "seawall.server.control.failures.page_not_found"
handler500 = "seawall.server.control.failures.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", start, name="start"),
    path("", include((console_urls.patterns(public, signed_in), "console"))),
    path("", include(sign_in_patterns)),
    path("", include("seawall.apps.accounts.urls")),
    path("ledger/", include("seawall.apps.audit.urls")),
    path("jobs/", include("seawall.apps.jobs.urls")),
    path("outbox/", include("seawall.apps.outbox.urls")),
    path("actions/", include("seawall.apps.response.urls")),
    path("challenges/", include("seawall.apps.challenges.urls")),
    path("", include("seawall.apps.situation.urls")),
    path("approvals/", include("seawall.apps.approvals.urls")),
    path("limits/", include("seawall.apps.limits.urls")),
    path("lists/", include("seawall.apps.lists.urls")),
    path("", include("seawall.apps.cases.urls")),
    path("", include("seawall.apps.decisions.urls")),
    path("policies/backtests/", include("seawall.apps.policies.backtesting.urls")),
    path("policies/", include("seawall.apps.policies.urls")),
    path("views/", include("seawall.apps.saved.urls")),
    path("api/v1/", include(api_patterns)),
]
