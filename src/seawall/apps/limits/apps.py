"""The Django app `limits`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LimitsConfig(AppConfig):
    """Label `limits`; its four-eyes kind, follower and banner are known once the app is ready."""

    name = "seawall.apps.limits"
    label = "limits"
    verbose_name = _("Limits")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.limits import approval, follow, menu
        from seawall.apps.limits.services import delivery

        approval.register_kind()
        follow.register()
        delivery.register()
        menu.register()
