"""Too many wrong passwords: which name is counted, and the page that says how long to wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


def username(request: HttpRequest | None, credentials: Mapping[str, Any] | None = None) -> str:
    """The folded name a sign-in is counted under, so that writing it otherwise gives no new attempts."""
    given = credentials.get("username") if credentials else None
    if given is None and request is not None:
        given = request.POST.get("login", "")
    return str(given or "").strip().casefold()[:150]


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The answer 429: how long to wait, in minutes, and who can help at once."""
    left = time_left(username(request, credentials))
    context = {"minutes": max(1, ceil(left / timedelta(minutes=1)))}
    answer = render(request, "accounts/locked.html", context, status=429)
    answer.headers["Retry-After"] = str(max(1, ceil(left.total_seconds())))
    return answer


def time_left(name: str) -> timedelta:
    """Until the newest failure of that name is old enough."""
    newest = AccessAttempt.objects.filter(username=name).order_by("-attempt_time").first()
    wait: timedelta = settings.AXES_COOLOFF_TIME
    return max(newest.attempt_time + wait - timezone.now(), timedelta(0)) if newest else wait
