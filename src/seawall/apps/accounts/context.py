"""What every template may know about signing in here."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def sign_in_rules(request: HttpRequest) -> dict[str, bool]:
    """`factor_relaxed`: this demo lets people work without a second factor, and its pages say so."""
    return {"factor_relaxed": not settings.SEAWALL_OPTIONS.require_mfa}
