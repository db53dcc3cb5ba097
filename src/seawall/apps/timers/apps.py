"""The Django app `timers`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TimersConfig(AppConfig):
    """Label `timers`."""

    name = "seawall.apps.timers"
    label = "timers"
    verbose_name = _("Timers")
