"""The kit's own answers: what ⌘K found, and the chart script."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from seawall.console import assets
from seawall.console.search import find


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The palette's list for `?q=`, as a fragment."""
    return render(request, "console/parts/search.html", {"found": find(request, request.GET.get("q", ""))})


def vega_folder() -> Path | None:
    """Where the script is kept: the home's cache folder, or a folder named by SEAWALL_CACHE."""
    home = getattr(settings, "HOME", None)
    folder = getattr(settings, "SEAWALL_CACHE", None) or getattr(home, "cache", None)
    return Path(folder) if folder else None


@require_safe
def vega(request: HttpRequest, version: str) -> HttpResponse:
    """The script that draws charts; its address changes with its content, so browsers keep it."""
    if version != assets.vega_version():
        raise Http404("no such version of the chart script")
    response = HttpResponse(assets.vega_bundle(vega_folder()), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
