"""What every request passes on its way to a view: API token, language, session limits, second factor, default deny."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from seawall.apps.accounts import tokens
from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import API_PREFIX, marked, sign_in
from seawall.apps.accounts.session import SEEN, STARTED
from seawall.apps.errors import DeniedError
from seawall.apps.problem import problem

Next = Callable[[HttpRequest], HttpResponseBase]
POLL_HEADER = "Seawall-Poll"  # set by pages that refresh themselves: watching a screen is not working at it
_EVERY = 60  # seconds between two notes of activity
_WRONG_TOKENS, _WRONG_SECONDS = 30, 60  # wrong API tokens from one address in a stretch of seconds
_FACTOR_PAGES = frozenset(
    {"mfa_activate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_generate_recovery_codes",
     "mfa_reauthenticate", "account_reauthenticate", "account_logout", "console:switch", "console:vega",
     "mfa_add_webauthn", "mfa_list_webauthn", "mfa_reauthenticate_webauthn"}
)  # fmt: skip


class ApiTokens:
    """A request to the API with `Authorization: Bearer …` is its token's owner, whatever cookies it has.

    Browsers never add that header by themselves, so such a request needs no CSRF token.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        if kind.casefold() != "bearer" or not request.path.startswith(API_PREFIX):
            return self.get_response(request)
        owner = tokens.holder(text.strip())
        if owner is None:
            with translation.override(translation.get_language_from_request(request)):
                return self._refused(request)
        request.user = owner
        request._dont_enforce_csrf_checks = True
        return self.get_response(request)

    def _refused(self, request: HttpRequest) -> HttpResponseBase:
        """401, and 429 for an address that keeps trying; a right token works from there all the same."""
        key = f"api-token:{get_adapter().get_client_ip(request)}"
        cache.add(key, 0, _WRONG_SECONDS)
        if cache.incr(key) > _WRONG_TOKENS:
            answer = problem(429, _("Too many requests without a valid token from this address; wait a minute."))
            answer.headers["Retry-After"] = str(_WRONG_SECONDS)
            return answer
        answer = problem(401, _("This token is unknown, revoked or expired; make a new one in your settings."))
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Seawall", error="invalid_token"'
        return answer


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
        if request.user.is_authenticated and getattr(request.user, "token", None) is None:
            now = int(time.time())
            seen, started = request.session.get(SEEN, now), request.session.get(STARTED, now)
            if now - seen > self.idle or now - started > self.longest:
                logout(request)
                return sign_in(request, ended=True)
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
            return problem(403, _("Set up a second factor in the console first."))
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
