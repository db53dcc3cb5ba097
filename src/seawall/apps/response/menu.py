"""Actions in the navigation."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from seawall.console import links, navigation

navigation.register(
    "work",
    navigation.Item(
        "actions",
        pgettext_lazy("action", "Actions"),
        "response:actions",
        "actions.view",
        "bolt",
        keys="x",
        covers=("response:",),
        rank=40,
    ),
)
links.register("action", "response:action")
