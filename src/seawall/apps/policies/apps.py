"""The Django app `policies`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    """Label `policies`."""

    name = "seawall.apps.policies"
    label = "policies"
    verbose_name = _("Policies")

    def ready(self) -> None:
        """Register what other rooms look up by name."""
        from seawall.apps.policies import approval, follow, handlers, jobs, menu  # noqa: F401 - importing registers
        from seawall.apps.policies.backtesting import jobs as backtests  # noqa: F401
        from seawall.apps.policies.backtesting import menu as backtests_menu  # noqa: F401
