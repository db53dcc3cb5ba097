"""The Django app `challenges`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChallengesConfig(AppConfig):
    """Label `challenges`."""

    name = "seawall.apps.challenges"
    label = "challenges"
    verbose_name = _("Challenges")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.challenges import menu, neighbour  # noqa: F401 - importing registers

        neighbour.register()
