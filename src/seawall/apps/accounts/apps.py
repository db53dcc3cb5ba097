"""The Django app `accounts`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Label `accounts`; its kinds of four-eyes request are known once the app is ready."""

    name = "seawall.apps.accounts"
    label = "accounts"
    verbose_name = _("Users and roles")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.accounts import jobs, menu, signals  # noqa: F401 - importing registers
