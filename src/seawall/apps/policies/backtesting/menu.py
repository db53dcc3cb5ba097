"""Backtests in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from seawall.console import links, navigation

navigation.register(
    "decide",
    navigation.Item(
        "backtests", _("Backtests"), "backtests:backtests", "policies.view", "clock", covers=("backtests:",), rank=60
    ),
)
links.register("backtest", "backtests:backtest")
