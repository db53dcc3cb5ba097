"""Addresses of a room whose author forgot to say who may see a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from seawall.apps.accounts.permissions import public
from seawall.server.control import urls


def forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


urlpatterns = [
    path("forgotten/", forgotten),
    path("remembered/", public(lambda request: HttpResponse())),
    *urls.urlpatterns,
]
handler403 = urls.handler403
