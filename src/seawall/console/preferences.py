"""How a person likes the console: theme, language, rail. Kept in cookies; an app may keep them with the person too."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEME_COOKIE = "seawall_theme"
RAIL_COOKIE = "seawall_rail"
THEMES = ("system", "light", "dark")
_YEAR = 365 * 24 * 3600

# Sent with request, name ("theme", "language") and value when a person switches; accounts saves it with the person.
chosen = Signal()


def choices() -> Mapping[str, tuple[str, ...]]:
    """What may be chosen, by name."""
    return {"theme": THEMES, "language": tuple(code for code, _title in settings.LANGUAGES)}


def theme(request: HttpRequest) -> str:
    """The person's theme, else the cookie's, else as the system has it."""
    for asked in (getattr(getattr(request, "user", None), "theme", ""), request.COOKIES.get(THEME_COOKIE, "")):
        if asked in THEMES and asked != "system":
            return str(asked)
    return "system"


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Set theme or language and go back to the page; unknown values change nothing."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    cookies = {"theme": THEME_COOKIE, "language": settings.LANGUAGE_COOKIE_NAME}
    for name, allowed in choices().items():
        value = request.POST.get(name, "")
        if value in allowed:
            response.set_cookie(
                cookies[name], value, max_age=_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
            )
            chosen.send(sender=None, request=request, name=name, value=value)
    return response
