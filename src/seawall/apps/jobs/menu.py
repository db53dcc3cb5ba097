"""Jobs in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from seawall.console import links, navigation

navigation.register(
    "system",
    navigation.Item("jobs", _("Jobs"), "jobs:jobs", "jobs.view", "clock", keys="j", covers=("jobs:",), rank=20),
)
links.register("run", "jobs:run")
