"""The Django app `audit`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Label `audit`."""

    name = "seawall.apps.audit"
    label = "audit"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.audit import menu  # noqa: F401 - importing registers
