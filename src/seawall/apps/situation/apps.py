"""The Django app `situation`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SituationConfig(AppConfig):
    """Label `situation`."""

    name = "seawall.apps.situation"
    label = "situation"
    verbose_name = _("Situation room")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.situation import menu  # noqa: F401 - importing registers
