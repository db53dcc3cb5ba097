"""The kit's own addresses. The kit knows no permissions, so whoever mounts them says how a view is marked:

path("", include((console_urls.patterns(public, signed_in), "console")))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from seawall.console import preferences, views

Mark = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(public: Mark, signed_in: Mark) -> list[URLPattern]:
    """Search needs a person; the switch and Vega serve the sign-in page too."""
    return [
        path("console/search", signed_in(views.search), name="search"),
        path("console/switch", public(preferences.switch), name="switch"),
        path("console/vega-<str:version>.js", public(views.vega), name="vega"),
    ]
