"""The Django app `lists`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ListsConfig(AppConfig):
    """Label `lists`; its four-eyes kinds, followers and jobs are known once the app is ready."""

    name = "seawall.apps.lists"
    label = "lists"
    verbose_name = _("Lists")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.lists import approval, erasing, follow, hits, jobs, menu  # noqa: F401 - importing registers jobs
        from seawall.apps.lists.services import delivery

        approval.register_kinds()
        follow.register()
        erasing.register()
        hits.register()
        delivery.register()
        menu.register()
