"""What every template may know about signing in here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def sign_in_rules(request: HttpRequest) -> dict[str, Any]:
    """`factor_relaxed`: this demo lets people work without a second factor, and its pages say so; `sign_in_with`:
    the providers that may sign people in; `passkeys`: whether they can be a second factor here."""
    options = settings.SEAWALL_OPTIONS
    return {"factor_relaxed": not options.require_mfa, "sign_in_with": options.oidc, "passkeys": options.passkeys}
