"""The Django app `cases`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    """Label `cases`; its timers, four-eyes kinds and follower are known once the app is ready."""

    name = "seawall.apps.cases"
    label = "cases"
    verbose_name = _("Cases")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.cases import approval, follow, jobs, menu  # noqa: F401 - importing registers
        from seawall.apps.cases.services import labels

        follow.register()
        labels.register()
