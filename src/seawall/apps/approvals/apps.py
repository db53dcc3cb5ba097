"""The Django app `approvals`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    """Label `approvals`."""

    name = "seawall.apps.approvals"
    label = "approvals"
    verbose_name = _("Approvals")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.approvals import jobs, menu  # noqa: F401 - importing registers
