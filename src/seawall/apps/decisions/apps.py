"""The Django app `decisions`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DecisionsConfig(AppConfig):
    """Label `decisions`."""

    name = "seawall.apps.decisions"
    label = "decisions"
    verbose_name = _("Decisions")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.decisions import menu  # noqa: F401 - importing registers
