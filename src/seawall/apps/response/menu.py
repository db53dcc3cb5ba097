"""Actions in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from seawall.console import links, navigation

navigation.register(
    "work",
    navigation.Item(
        "actions", _("Actions"), "response:actions", "actions.view", "bolt", keys="x", covers=("response:",), rank=40
    ),
)
links.register("action", "response:action")
