"""The Django app `response`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class ResponseConfig(AppConfig):
    """Label `response`; its adapters, handlers, timers and follower are known once the app is ready."""

    name = "seawall.apps.response"
    label = "response"
    verbose_name = pgettext_lazy("action", "Actions")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.response import adapters, approval, follow, jobs, menu  # noqa: F401 - importing registers

        follow.register()
        jobs.register()
