"""The Django app `jobs`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """Label `jobs`."""

    name = "seawall.apps.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.jobs import housekeeping, menu  # noqa: F401 - importing registers
