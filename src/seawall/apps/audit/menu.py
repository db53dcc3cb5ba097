"""The ledger in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from seawall.console import links, navigation

navigation.register(
    "system",
    navigation.Item("ledger", _("Ledger"), "audit:entries", "ledger.view", "book", keys="l", covers=("audit:",)),
)
links.register("ledger", "audit:entry")
