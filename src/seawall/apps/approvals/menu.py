"""The approvals inbox in the navigation, with the number that waits for this person."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.models import User
from seawall.apps.approvals.queries import waiting_for
from seawall.console import links, navigation


def _waiting(request: HttpRequest) -> int:
    user = request.user
    return waiting_for(user)[: navigation.BADGE_CAP + 1].count() if isinstance(user, User) else 0


navigation.register(
    "now",
    navigation.Item(
        "approvals", _("Approvals"), "approvals:inbox", "approvals.view", "check-circle", keys="a", badge=_waiting,
        covers=("approvals:",), rank=80,
    ),
)  # fmt: skip
links.register("approval", "approvals:request")
