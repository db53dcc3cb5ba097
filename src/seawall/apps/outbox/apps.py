"""The Django app `outbox`."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """Label `outbox`."""

    name = "seawall.apps.outbox"
    label = "outbox"
    verbose_name = _("Outbox")

    def ready(self) -> None:
        """Register the channels and what other rooms look up by name."""
        from seawall.apps.outbox import (  # noqa: F401 - importing registers
            approval,
            engine_channel,
            housekeeping,
            mail_channel,
            menu,
            sms_channel,
            webhooks,
        )

        webhooks.register()
        approval.register_kind()
