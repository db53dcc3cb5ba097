"""The Django app `saved`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SavedConfig(AppConfig):
    """Label `saved`; list pages find their tabs here once the app is ready."""

    name = "seawall.apps.saved"
    label = "saved"
    verbose_name = _("Saved views")

    def ready(self) -> None:
        """Register what the kit looks up."""
        from seawall.apps.saved.console import kept
        from seawall.console import saved

        saved.register(kept)
