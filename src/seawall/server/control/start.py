"""The address `/`: the first run, else the first page in the rail that this person may open."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from seawall.apps.accounts.permissions import public, sign_in
from seawall.apps.accounts.queries import anybody
from seawall.console import navigation


@public
def start(request: HttpRequest) -> HttpResponseBase:
    """Redirects only. People without any role land on their own settings, which say so."""
    if not request.user.is_authenticated:
        return sign_in(request) if anybody() else redirect("accounts:setup")
    for group in navigation.menu(request, badges=False):
        return redirect(group.entries[0].url)
    return redirect("accounts:settings")
