"""Challenges in the navigation, links to them, and what ⌘K finds."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.permissions import person
from seawall.apps.challenges import queries
from seawall.apps.challenges.words import KINDS, STATES
from seawall.console import formatting, links, navigation, search
from seawall.console.words import word

navigation.register(
    "decide",
    navigation.Item(
        "challenges", _("Challenges"), "challenges:challenges", "decisions.view", "key", keys="v",
        covers=("challenges:",), rank=15,
    ),
)  # fmt: skip
links.register("challenge", "challenges:challenge")


@search.provider("challenges", _("Challenges"), "decisions.view")
def find_challenges(request: HttpRequest, query: str) -> Iterable[search.Hit]:
    """A challenge by its id."""
    try:
        key = UUID(query)
    except ValueError:
        return
    for one in queries.challenges(person(request)).filter(pk=key):
        title = f"{formatting.when(one.opened_at)} · {word(KINDS, one.kind).title}"
        yield search.Hit(
            title, reverse("challenges:challenge", args=[one.pk]), str(word(STATES, one.state).title), "key"
        )
