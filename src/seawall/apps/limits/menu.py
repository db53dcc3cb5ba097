"""Limits in the navigation, the banner of switches that are on, and links."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seawall.apps.accounts.models import User
from seawall.apps.limits import queries
from seawall.apps.limits.declared import title
from seawall.console import links, navigation, notices


def banner(request: HttpRequest) -> Iterable[notices.Notice]:
    """A banner for each switch that is on, for everybody who may see limits."""
    if not isinstance(request.user, User) or not request.user.has_perm("limits.view"):
        return
    for one in queries.switches_on():
        since = (one.change.ended_at or one.change.created_at) if one.change else one.entry.begins
        yield notices.Notice(
            _("%(switch)s is on") % {"switch": title(one.name)}, one.entry.reason, since,
            str(one.change.maker) if one.change else "", reverse("limits:setting", args=[one.name]), "flame",
        )  # fmt: skip


def register() -> None:
    """Make them known."""
    navigation.register(
        "decide",
        navigation.Item(
            "limits", gettext_lazy("Limits"), "limits:index", "limits.view", "gauge", keys="i", covers=("limits:",),
            rank=60,
        ),
    )  # fmt: skip
    links.register("limit", "limits:setting")
    notices.register("limits", banner)
