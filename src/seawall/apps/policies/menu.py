"""Policies in the navigation, links to them, and what ⌘K finds."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from seawall.apps.policies import queries
from seawall.apps.policies.states import STATES
from seawall.console import links, navigation, search

navigation.register(
    "decide",
    navigation.Item(
        "policies", _("Policies"), "policies:versions", "policies.view", "scale", keys="p", covers=("policies:",),
        rank=20,
    ),
)  # fmt: skip
links.register("policy_version", "policies:version")
links.register("policy_draft", "policies:draft")


@search.provider("policies", _("Policies"), "policies.view")
def find_versions(request: HttpRequest, query: str) -> Iterable[search.Hit]:
    """Versions whose policy's name begins so."""
    name, _at, number = query.partition("@")
    rows = queries.versions().filter(policy__name__startswith=name).order_by("-id")
    if number.isdecimal():
        rows = rows.filter(number=int(number[:9]))
    for one in rows[: search.HITS_A_PROVIDER]:
        state = STATES[one.state]
        yield search.Hit(one.label, reverse("policies:version", args=[one.pk]), str(state.title), state.icon)
