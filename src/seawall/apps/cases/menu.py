"""Entries in the navigation, links to alerts and cases, and what ⌘K finds of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.models import User
from seawall.apps.cases import queries
from seawall.apps.cases.console.cases import found
from seawall.apps.cases.models import Alert
from seawall.console import links, navigation, search


def _unread(request: HttpRequest) -> int:
    return queries.unread(request.user) if isinstance(request.user, User) else 0


def _new_alerts(request: HttpRequest) -> int:
    user = request.user
    if not isinstance(user, User) or not user.has_perm("alerts.work"):
        return 0
    return queries.alerts(user).filter(state=Alert.State.NEW)[: navigation.BADGE_CAP + 1].count()


navigation.register(
    "now",
    navigation.Item("work", _("My work"), "cases:mine", "cases.view", "check-list", keys="m", badge=_unread, rank=60),
)
navigation.register(
    "work",
    navigation.Item(
        "alerts", _("Alerts"), "cases:alerts", "alerts.view", "bell", keys="b", badge=_new_alerts,
        covers=("cases:alert", "cases:suppressions"), rank=10,
    ),
    navigation.Item(
        "cases", _("Cases"), "cases:cases", "cases.view", "folder", keys="c",
        covers=("cases:case", "cases:queues", "cases:transitions"), rank=20,
    ),
)  # fmt: skip
links.register("case", "cases:case")
links.register("alert", "cases:alert")


@search.provider("cases", _("Cases"), "cases.view")
def find_cases(request: HttpRequest, query: str) -> Iterable[search.Hit]:
    """Cases by number, entity or the beginning of their title."""
    if not isinstance(request.user, User):
        return
    rows = queries.cases(request.user).filter(found(query)).order_by("-opened_at")
    for case in rows[: search.HITS_A_PROVIDER]:
        yield search.Hit(str(case), reverse("cases:case", args=[case.pk]), str(case.get_state_display()), "folder")
