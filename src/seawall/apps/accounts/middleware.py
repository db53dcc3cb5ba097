"""What every request passes on its way to a view: language, session limits, second factor, default deny."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import API_PREFIX, marked, sign_in
from seawall.apps.accounts.session import SEEN, STARTED
from seawall.apps.errors import DeniedError

Next = Callable[[HttpRequest], HttpResponseBase]
POLL_HEADER = "Seawall-Poll"  # set by pages that refresh themselves: watching a screen is not working at it
_EVERY = 60  # seconds between two notes of activity
_FACTOR_PAGES = frozenset(
    {"mfa_activate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_generate_recovery_codes",
     "mfa_reauthenticate", "account_reauthenticate", "account_logout", "console:switch", "console:vega"}
)  # fmt: skip


class Language:
    """A person's language, else the cookie's, else the browser's, else the platform's."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = getattr(request.user, "language", "") or translation.get_language_from_request(request)
        with translation.override(chosen):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class SessionLimits:
    """A session ends after some minutes without activity, and after some hours in any case."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        options = settings.SEAWALL_OPTIONS
        self.idle, self.longest = options.idle_minutes * 60, options.session_hours * 3600

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            now = int(time.time())
            seen, started = request.session.get(SEEN, now), request.session.get(STARTED, now)
            if now - seen > self.idle or now - started > self.longest:
                logout(request)
                messages.info(request, _("Your session has ended; sign in again."))
                return sign_in(request)
            if request.headers.get(POLL_HEADER) is None and now - request.session.get(SEEN, 0) >= _EVERY:
                request.session[SEEN] = now
                request.session.setdefault(STARTED, now)
                UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now())
        return self.get_response(request)


class SecondFactor:
    """Whoever holds a role that demands it sets up a second factor before anything else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """The way to the set-up page, or None where nothing is missing."""
        user = request.user
        if not isinstance(user, User) or not must_add_factor(user):
            return None
        match = request.resolver_match
        if match and match.view_name in _FACTOR_PAGES:
            return None
        if request.path.startswith(API_PREFIX):
            return JsonResponse({"detail": _("Set up a second factor in the console first.")}, status=403)
        return redirect("mfa_activate_totp")


def must_add_factor(user: User) -> bool:
    """Whether this person still owes a second factor."""
    if not settings.SEAWALL_OPTIONS.require_mfa or not any(grant.role.second_factor for grant in user.grants):
        return False
    return not is_mfa_enabled(user)


class DefaultDeny:
    """A view without a mark is refused, whoever asks: forgetting to say who may see a page shows it to nobody."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """DeniedError for an unmarked view."""
        if marked(view) is None:
            raise DeniedError("", _("This page does not say who may see it, so nobody may. Report it."))
