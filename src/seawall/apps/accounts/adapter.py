"""How allauth behaves here: nobody signs up, people are made by administrators; no mail is sent."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from seawall.apps.accounts.session import STARTED


class Adapter(DefaultAccountAdapter):
    """Accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Signing in is proof enough for a few minutes: whoever has just done it sets up a second factor at once."""
        since = time.time() - context.request.session.get(STARTED, 0)
        return since >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT and super().is_reauthentication_required(app=app)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """No mail leaves the host; what would be mailed stands in the ledger and on the settings page."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The same for notices of security changes."""


class SecondFactors(DefaultMFAAdapter):
    """Second factors."""

    def get_totp_label(self, user: Any) -> str:
        """What an authenticator app shows under the issuer."""
        return str(user.get_username())

    def encrypt(self, text: str) -> str:
        """TOTP secrets and recovery seeds are sealed at rest under a key derived from the home's secret."""
        from seawall.apps.accounts.sealed import seal

        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The inverse of encrypt."""
        from seawall.apps.accounts.sealed import unseal

        return unseal(encrypted_text)
