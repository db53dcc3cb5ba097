"""The room comes first in the navigation; the platform's settings stand with the system."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from seawall.console import navigation

navigation.register(
    "now",
    navigation.Item("situation", _("Situation room"), "situation:room", "situation.view", "gauge", keys="s", rank=10),
)
navigation.register(
    "system",
    navigation.Item(
        "settings", _("Platform settings"), "situation:settings", "settings.view", "gear", keys=",", rank=90
    ),
)
