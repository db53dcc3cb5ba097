"""The outbox in the navigation; a badge for what waits for a person."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from seawall.apps.outbox.queries import needs_a_person
from seawall.console import links, navigation


def _stuck(request: HttpRequest) -> int:
    return needs_a_person()[: navigation.BADGE_CAP + 1].count()


navigation.register(
    "system",
    navigation.Item(
        "outbox", _("Outbox"), "outbox:deliveries", "outbox.view", "send", keys="o", badge=_stuck, covers=("outbox:",),
        rank=25,
    ),
)  # fmt: skip
links.register("delivery", "outbox:delivery")
links.register("endpoint", "outbox:endpoint")
